"""Whatever comes in as JSON is read exactly, or refused."""

import base64
import json
import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.server.json_mismatch import explain, first_shape
from seqtasks.server.json_parsing import parse_json
from seqtasks.server.json_tensors import _even, read_predict_request, to_array
from seqtasks.server.servable import Signature, TensorInfo
from seqtasks.server.status import ServingError

from .json_values import json_values

KEYS = ["instances", "inputs", "signature_name"]
DTYPES = [tf.float32, tf.float64, tf.int32, tf.int64, tf.uint8, tf.bool, tf.string, tf.float16]
shapes = st.lists(st.integers(0, 3), max_size=3)


def signatures(**inputs):
    infos = {name: TensorInfo(dtype, None, f"{name}:0") for name, dtype in sorted(inputs.items())}
    return {"serving_default": Signature(infos, {}, "tensorflow/serving/predict")}


def read(request, **inputs):
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return read_predict_request(parse_json(body), signatures(**inputs))


def refused(body: bytes, **inputs) -> str:
    with pytest.raises(ServingError) as raised:
        read(body, **inputs)
    return raised.value.message


def nested(draw, shape, leaves):
    if not shape:
        return draw(leaves)
    return [nested(draw, shape[1:], leaves) for _ in range(shape[0])]


@settings(deadline=None)
@given(st.data(), shapes, st.sampled_from([np.float32, np.float64]))
def test_numbers_in_columns_are_read_exactly(data, shape, kind):
    width = 32 if kind == np.float32 else 64
    value = nested(data.draw, shape, st.floats(width=width))
    found = read({"inputs": value}, x=tf.as_dtype(kind)).arrays["x"]
    assert found.dtype == kind
    first = first_shape(value)
    np.testing.assert_array_equal(found, np.array(value, kind).reshape(first))


@settings(deadline=None)
@given(st.data(), st.lists(st.integers(1, 3), max_size=2), st.integers(1, 4))
def test_rows_are_the_columns_turned_round(data, shape, rows):
    numbers = [nested(data.draw, shape, st.integers(-(2**63), 2**63 - 1)) for _ in range(rows)]
    texts = [nested(data.draw, shape, st.text()) for _ in range(rows)]
    types = {"n": tf.int64, "t": tf.string}
    by_rows = read({"instances": [{"t": t, "n": n} for t, n in zip(texts, numbers, strict=True)]}, **types)
    by_columns = read({"inputs": {"n": numbers, "t": texts}}, **types)
    assert by_rows.row_format
    assert not by_columns.row_format
    for name in types:
        assert by_rows.arrays[name].shape == (rows, *shape)
        assert by_rows.arrays[name].tolist() == by_columns.arrays[name].tolist()


@settings(deadline=None)
@given(st.lists(st.binary(), min_size=1))
def test_bytes_come_in_as_base64(values):
    rows = [{"b64": base64.b64encode(value).decode()} for value in values]
    assert read({"instances": rows}, x=tf.string).arrays["x"].tolist() == values
    assert read({"inputs": rows}, x=tf.string).arrays["x"].tolist() == values


@pytest.mark.parametrize(
    ("text", "expected"), [("QQ==", b"A"), ("QQ", b"A"), (" Q\nQ = = ", b"A"), ("", b""), ("QUJD", b"ABC")]
)
def test_base64_may_lack_padding_and_hold_spaces(text, expected):
    assert read({"inputs": {"b64": text}}, x=tf.string).arrays["x"] == expected


@pytest.mark.parametrize("text", ["Q", "QQ=", "Q===", "QUJD=", "Q*==", "Qé==", "QQ==QQ=="])
def test_what_is_no_base64_is_refused(text):
    assert refused(json.dumps({"inputs": [{"b64": text}]}).encode(), x=tf.string) == "Unable to base64 decode"


@settings(deadline=None)
@given(json_values, st.sampled_from(DTYPES[:-1]))
def test_the_fast_way_and_the_explaining_way_agree(value, dtype):
    try:
        explain(value, first_shape(value), dtype)
        wrong = False
    except ServingError:
        wrong = True
    try:
        array = _even(value, dtype)
    except ServingError:  # no number, or no text, whatever the type
        return
    assert (array is None) == wrong
    if array is not None:
        assert list(array.shape) == first_shape(value)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["instances", "inputs", "signature_name"]), json_values), st.sampled_from(DTYPES)
)
def test_any_request_is_read_or_refused(request, dtype):
    body = json.dumps(request).encode()
    for types in ({"x": dtype}, {"x": dtype, "y": tf.string}):
        try:
            found = read(body, **types)
        except ServingError as error:
            assert error.code in ("INVALID_ARGUMENT", "UNIMPLEMENTED")  # noqa: PT017
        else:
            assert found.arrays.keys() == types.keys()


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"1" + b"0" * 400])
def test_numbers_too_big_for_a_double_are_refused(number):
    body = b'{"inputs": [%s]}' % number
    assert refused(body, x=tf.float32) == "JSON Parse error: Number too big to be stored in double."


def test_infinities_and_numbers_too_big_for_32_bits():
    found = read(b'{"inputs": [NaN, Infinity, -Infinity, 1e39, 16777217]}', x=tf.float32).arrays["x"]
    assert np.isnan(found[0])
    assert found[1:].tolist() == [math.inf, -math.inf, math.inf, 16777216]


def test_half_a_surrogate_pair_is_refused_and_a_whole_one_read():
    message = "JSON Parse error: The surrogate pair in string is invalid."
    assert refused(b'{"inputs": ["\\ud800"]}', x=tf.string) == message
    assert refused(b'{"inputs": ["\\udc80a"]}', x=tf.string) == message
    assert read(b'{"inputs": ["\\ud83d\\ude00"]}', x=tf.string).arrays["x"].tolist() == ["😀".encode()]


def test_lists_may_be_nested_as_deep_as_a_tensor_can_be():
    assert read(b'{"inputs": %s1%s}' % (b"[" * 64, b"]" * 64), x=tf.int32).arrays["x"].ndim == 64
    assert "deeper than 64" in refused(b'{"inputs": %s1%s}' % (b"[" * 65, b"]" * 65), x=tf.int32)
    assert "deeper than 64" in refused(b'{"inputs": [%s1%s, 2]}' % (b"[" * 300, b"]" * 300), x=tf.int32)


def test_a_tensor_of_another_type_is_named():
    with pytest.raises(ServingError, match="to type: half") as raised:
        to_array([1.0], tf.float16)
    assert raised.value.code == "UNIMPLEMENTED"
