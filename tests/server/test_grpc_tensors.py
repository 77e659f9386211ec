import math
import tracemalloc

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2

from seqtasks.server.grpc_tensors import MAX_DIMENSIONS, STRING_BYTES, ReceivedTensors, to_array, to_proto
from seqtasks.server.status import ServingError

LIMIT = 1 << 20
NUMBERS = [
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
    "uint64", "bool", "complex64", "complex128",
]  # fmt: skip
SHAPES = st.lists(st.integers(0, 3), max_size=4).map(tuple)
FIELDS = ["float_val", "double_val", "half_val", "int_val", "int64_val", "uint32_val", "uint64_val", "bool_val",
          "scomplex_val", "dcomplex_val", "string_val"]  # fmt: skip


@st.composite
def number_arrays(draw, name):
    dtype, shape = np.dtype(tf.as_dtype(name).as_numpy_dtype), draw(SHAPES)
    if name == "bool":
        items = draw(st.lists(st.booleans(), min_size=math.prod(shape), max_size=math.prod(shape)))
        return np.array(items, bool).reshape(shape)
    size = dtype.itemsize * math.prod(shape)  # any bits: denormals, infinities and NaNs among them
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), dtype).reshape(shape)


@st.composite
def string_arrays(draw):
    shape = draw(SHAPES)
    items = draw(st.lists(st.binary(max_size=200), min_size=math.prod(shape), max_size=math.prod(shape)))
    array = np.empty(len(items), object)
    array[:] = items
    return array.reshape(shape)


def message(dtype, shape, **fields):
    proto = tensor_pb2.TensorProto(dtype=dtype, **fields)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


def received_by_tensorflow(proto):
    return tf.io.parse_tensor(proto.SerializeToString(), tf.as_dtype(proto.dtype)).numpy()


def assert_same(array, expected):
    assert array.dtype == expected.dtype
    assert array.shape == expected.shape
    if array.dtype == object:
        assert array.tolist() == expected.tolist()
    else:
        with np.errstate(invalid="ignore"):  # comparing a signalling NaN
            # NumPy does not know that 16 bits may hold a NaN too.
            assert ((array == expected) | ((array != array) & (expected != expected))).all()


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_come_back_and_tensorflow_reads_them_the_same(name):
    @settings(max_examples=25, deadline=None)
    @given(number_arrays(name))
    def check(array):
        proto = to_proto(array)
        assert not proto.tensor_content
        assert_same(to_array(proto, "x", LIMIT), array)
        assert_same(tf.make_ndarray(proto), array)
        assert_same(np.asarray(received_by_tensorflow(proto)), array)
        assert_same(to_array(tf.make_tensor_proto(array), "x", LIMIT), array)
        packed = message(proto.dtype, array.shape, tensor_content=array.tobytes())
        assert_same(to_array(packed, "x", LIMIT), array)

    check()


@settings(max_examples=50, deadline=None)
@given(string_arrays())
def test_strings_come_back_and_tensorflow_reads_them_the_same(array):
    proto = to_proto(array)
    assert_same(to_array(proto, "x", LIMIT), array)
    assert np.asarray(received_by_tensorflow(proto), object).tolist() == array.tolist()
    assert_same(to_array(tf.make_tensor_proto(array), "x", LIMIT), array)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5))
def test_strings_packed_by_a_cpp_client_are_read(strings):
    proto = message(types_pb2.DT_STRING, [len(strings)])
    lengths = b""
    for text in strings:
        length = len(text)
        while length > 127:
            lengths += bytes([length & 127 | 128])
            length >>= 7
        lengths += bytes([length])
    proto.tensor_content = lengths + b"".join(strings)
    assert received_by_tensorflow(proto).tolist() == strings
    assert to_array(proto, "x", LIMIT).tolist() == strings


def test_texts_are_sent_as_utf8_and_zero_bytes_are_kept():
    assert to_proto(np.array(["Zürich", "a"])).string_val == ["Zürich".encode(), b"a"]
    ends_in_zero = np.array([b"a\0\0"], object)
    assert to_proto(ends_in_zero).string_val == [b"a\0\0"]
    filled = to_array(message(types_pb2.DT_STRING, [2], string_val=[b"a\0\0"]), "x", LIMIT)
    assert filled.tolist() == [b"a\0\0", b"a\0\0"]


def test_a_single_value_fills_a_shape_and_can_be_written_to():
    array = to_array(message(types_pb2.DT_INT32, [2, 3], int_val=[7]), "x", LIMIT)
    assert array.tolist() == [[7, 7, 7], [7, 7, 7]]
    array[0, 0] = 1
    assert array.sum() == 36


@st.composite
def hostile_messages(draw):
    proto = tensor_pb2.TensorProto(dtype=draw(st.sampled_from([*types_pb2.DataType.values(), 77, -1, 2**31 - 1])))
    sizes = st.one_of(st.integers(-1, 4), st.sampled_from([2**31, 2**62, 2**63 - 1, -(2**63)]))
    for size in draw(st.lists(sizes, max_size=4)):
        proto.tensor_shape.dim.add(size=size)
    numbers = {"float_val": st.floats(width=32), "double_val": st.floats(), "string_val": st.binary(max_size=9),
               "bool_val": st.booleans(), "scomplex_val": st.floats(width=32), "dcomplex_val": st.floats(),
               "uint32_val": st.integers(0, 2**32 - 1), "uint64_val": st.integers(0, 2**64 - 1),
               "int64_val": st.integers(-(2**63), 2**63 - 1)}  # fmt: skip
    whole = st.one_of(st.integers(0, 255), st.integers(-(2**31), 2**31 - 1))
    for field in draw(st.sets(st.sampled_from(FIELDS), max_size=11)):
        getattr(proto, field).extend(draw(st.lists(numbers.get(field, whole), max_size=5)))
    proto.tensor_content = draw(st.one_of(st.just(b""), st.binary(max_size=33)))
    proto.tensor_shape.unknown_rank = draw(st.integers(0, 9)) == 0
    return proto


@settings(max_examples=250, deadline=None)
@given(hostile_messages())
def test_a_hostile_message_is_refused_or_read_as_tensorflow_reads_it(proto):
    try:
        array = to_array(proto, "x", LIMIT)
    except ServingError as error:
        refusal = error
    else:
        refusal = None
    if refusal is not None:
        assert refusal.code == "INVALID_ARGUMENT"
        assert str(refusal).startswith("tensor parsing error: x: ")
        return
    expected = np.asarray(received_by_tensorflow(proto))
    assert_same(array, expected.astype(object) if array.dtype == object else expected)


REFUSED = {
    "no dtype": (message(0, [1], float_val=[1]), "dtype DT_INVALID cannot be sent"),
    "unknown dtype": (message(999, [1], float_val=[1]), "dtype 999 cannot be sent"),
    "resource": (message(types_pb2.DT_RESOURCE, [1]), "dtype DT_RESOURCE cannot be sent"),
    "reference": (message(types_pb2.DT_FLOAT_REF, [1], float_val=[1]), "dtype DT_FLOAT_REF cannot be sent"),
    "quantized": (message(types_pb2.DT_QINT8, [1], int_val=[1]), "dtype DT_QINT8 cannot be sent"),
    "negative": (message(types_pb2.DT_FLOAT, [-1], float_val=[1]), "a dimension is negative in the shape [-1]"),
    "no values": (message(types_pb2.DT_FLOAT, [3]), "the shape [3] of dtype DT_FLOAT needs 3 values, received 0 in"),
    "another field": (message(types_pb2.DT_INT64, [1], float_val=[1]), "needs 1 values, received 0 in int64_val"),
    "too few": (message(types_pb2.DT_FLOAT, [3], float_val=[1, 2]), "needs 3 values, received 2 in float_val"),
    "too many": (message(types_pb2.DT_FLOAT, [], float_val=[1, 2]), "needs 1 values, received 2 in float_val"),
    "values of an empty": (message(types_pb2.DT_FLOAT, [0], float_val=[1]), "needs 0 values, received 1"),
    "strings": (message(types_pb2.DT_STRING, [3], string_val=[b"a", b"b"]), "needs 3 values, received 2 in string_val"),
    "content cut off": (message(types_pb2.DT_FLOAT, [1], tensor_content=b"123"), "3 bytes, not a multiple of"),
    "content short": (message(types_pb2.DT_FLOAT, [2], tensor_content=b"1234"), "received 1 in tensor_content"),
    "content long": (message(types_pb2.DT_INT8, [2], tensor_content=b"1234"), "received 4 in tensor_content"),
    "not a truth value": (message(types_pb2.DT_BOOL, [2], tensor_content=b"\1\2"), "the byte 2, expected 0 or 1"),
    "int8": (message(types_pb2.DT_INT8, [1], int_val=[300]), "300 is out of range for dtype DT_INT8"),
    "uint16": (message(types_pb2.DT_UINT16, [1], int_val=[-1]), "-1 is out of range for dtype DT_UINT16"),
    "half": (message(types_pb2.DT_HALF, [1], half_val=[70000]), "70000 is out of range for dtype DT_HALF"),
    "half a complex": (message(types_pb2.DT_COMPLEX64, [1], scomplex_val=[1]), "pairs of numbers, received 1"),
    "packed strings": (message(types_pb2.DT_STRING, [2], tensor_content=b"\1\1a"), "does not hold 2 strings"),
    "packed lengths": (message(types_pb2.DT_STRING, [1], tensor_content=b"\xff" * 9), "does not hold 1 strings"),
    "many dimensions": (message(types_pb2.DT_FLOAT, [1] * 65, float_val=[1]), f"at most {MAX_DIMENSIONS} dimensions"),
    "overflow": (message(types_pb2.DT_FLOAT, [2**62, 2**62], float_val=[1]), "too large to be filled"),
    "overflow of packed": (message(types_pb2.DT_STRING, [2**62, 4], tensor_content=b"\0"), "does not hold"),
    "wide but empty": (message(types_pb2.DT_STRING, [0, 2**40]), "is empty and may not have dimensions this large"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_malformed_message_is_refused(case):
    proto, reason = REFUSED[case]
    with pytest.raises(ServingError) as raised:
        to_array(proto, "x", LIMIT)
    assert raised.value.code == "INVALID_ARGUMENT"
    assert reason in str(raised.value)


def test_an_unknown_rank_is_refused():
    proto = message(types_pb2.DT_FLOAT, [], float_val=[1])
    proto.tensor_shape.unknown_rank = True
    with pytest.raises(ServingError, match="needs a shape"):
        to_array(proto, "x", LIMIT)


def test_a_small_message_takes_little_memory_whatever_it_claims():
    text = bytes(100_000)
    protos = {
        "floats": message(types_pb2.DT_DOUBLE, [LIMIT // 8 + 1], double_val=[1]),
        "strings": message(types_pb2.DT_STRING, [12], string_val=[text]),
        "packed": message(types_pb2.DT_STRING, [2**31], tensor_content=b"\0" * 100),
        "empty": message(types_pb2.DT_FLOAT, [0, LIMIT // 4 + 1]),
    }
    tracemalloc.start()
    try:
        for name, proto in protos.items():
            with pytest.raises(ServingError, match=name):
                to_array(proto, name, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < LIMIT
    finally:
        tracemalloc.stop()
    assert to_array(message(types_pb2.DT_DOUBLE, [LIMIT // 8], double_val=[1]), "x", LIMIT).nbytes == LIMIT
    assert to_array(message(types_pb2.DT_FLOAT, [0, LIMIT // 4]), "x", LIMIT).shape == (0, LIMIT // 4)
    assert len(to_array(message(types_pb2.DT_STRING, [LIMIT // STRING_BYTES], string_val=[b""]), "x", LIMIT)) > 40_000


def test_all_inputs_together_may_claim_no_more_than_one():
    fits = message(types_pb2.DT_DOUBLE, [LIMIT // 8], double_val=[1])
    assert ReceivedTensors({"a": fits}, LIMIT)["a"].nbytes == LIMIT
    with pytest.raises(ServingError, match=r"b: .* too large to be filled"):
        ReceivedTensors({"a": fits, "b": fits}, LIMIT)["b"]


def test_only_the_inputs_looked_up_are_read():
    tensors = ReceivedTensors({"good": message(types_pb2.DT_FLOAT, [], float_val=[1]), "bad": message(0, [])}, LIMIT)
    assert set(tensors) == tensors.keys() == {"good", "bad"}
    assert len(tensors) == 2
    assert "bad" in tensors
    assert tensors["good"] == 1
    with pytest.raises(ServingError, match="parsing error: bad"):
        tensors["bad"]
    assert len(ReceivedTensors({}, LIMIT)) == 0


def test_looking_an_input_up_does_not_make_it():
    tensors = ReceivedTensors(meta_graph_pb2.SignatureDef().defaults, LIMIT)  # a protobuf map of tensors
    assert "x" not in tensors
    with pytest.raises(KeyError):
        tensors["x"]
    assert len(tensors) == 0


def test_a_long_name_leaves_room_for_the_reason():
    with pytest.raises(ServingError) as raised:
        to_array(message(0, []), "n" * 100_000, LIMIT)
    assert len(str(raised.value)) < 200


def test_what_cannot_be_sent_is_a_type_error():
    with pytest.raises(TypeError, match="DT_INT4"):
        to_proto(np.zeros(2, tf.dtypes.experimental.int4.as_numpy_dtype))
