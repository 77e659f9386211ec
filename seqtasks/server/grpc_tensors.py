"""Tensors on the wire: TensorFlow's `TensorProto` to NumPy arrays and back.

A message is not trusted: what it claims is checked against what it holds before anything is allocated. TensorFlow is
lenient where this is strict: it fills up too few values, cuts off too many, and makes the int8 44 of 300. Such messages
are clients' mistakes. The one convention kept is the one that `tensor.proto` documents: a single value fills the shape.
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from seqtasks.server.status import invalid

MAX_DIMENSIONS = 64  # NumPy's own limit
STRING_BYTES = 24  # what TensorFlow takes for a string beside its characters
_NAME_LENGTH = 100  # of a name within an error message, which gRPC cuts off at about 1,000 characters


class _Field(NamedTuple):
    """Where a dtype's values stand in a TensorProto.

    Attributes:
        name: The repeated field.
        wire: The NumPy type of that field's items, None for strings.
        bits: The unsigned type whose bits the items are, where they are not the values themselves (half floats).
        width: Items per value: 2 for complex numbers.
    """

    name: str
    wire: type | None
    bits: type | None = None
    width: int = 1


_FIELDS = {
    types_pb2.DT_FLOAT: _Field("float_val", np.float32),
    types_pb2.DT_DOUBLE: _Field("double_val", np.float64),
    types_pb2.DT_HALF: _Field("half_val", np.int32, bits=np.uint16),
    types_pb2.DT_BFLOAT16: _Field("half_val", np.int32, bits=np.uint16),
    types_pb2.DT_INT8: _Field("int_val", np.int32),
    types_pb2.DT_INT16: _Field("int_val", np.int32),
    types_pb2.DT_INT32: _Field("int_val", np.int32),
    types_pb2.DT_INT64: _Field("int64_val", np.int64),
    types_pb2.DT_UINT8: _Field("int_val", np.int32),
    types_pb2.DT_UINT16: _Field("int_val", np.int32),
    types_pb2.DT_UINT32: _Field("uint32_val", np.uint32),
    types_pb2.DT_UINT64: _Field("uint64_val", np.uint64),
    types_pb2.DT_BOOL: _Field("bool_val", np.bool_),
    types_pb2.DT_COMPLEX64: _Field("scomplex_val", np.float32, width=2),
    types_pb2.DT_COMPLEX128: _Field("dcomplex_val", np.float64, width=2),
    types_pb2.DT_STRING: _Field("string_val", None),
}


class ReceivedTensors(Mapping):
    """A request's inputs as arrays by name, each read when it is looked up: what a signature does not want never is.

    Args:
        protos: The messages by input name.
        max_bytes: What all of them together may claim beyond what they hold; each may claim its share, see `to_array`.
    """

    def __init__(self, protos: Mapping[str, tensor_pb2.TensorProto], max_bytes: int):
        self._protos, self._share = protos, max_bytes // max(1, len(protos))

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._protos:  # looking it up would put it there
            raise KeyError(name)
        return to_array(self._protos[name], name, self._share)

    def __contains__(self, name) -> bool:
        return name in self._protos

    def __iter__(self) -> Iterator[str]:
        return iter(self._protos)

    def __len__(self) -> int:
        return len(self._protos)


def to_array(proto: tensor_pb2.TensorProto, name: str, max_bytes: int) -> np.ndarray:
    """Returns the array that a message holds; strings are `bytes` in an array of objects.

    Args:
        proto: The message, as it was received.
        name: The input's name, for the error.
        max_bytes: The size up to which a single value may fill a shape, or the other dimensions of an empty tensor may
            reach. Tensors that hold all their values are bounded by the message itself.

    Raises:
        ServingError: INVALID_ARGUMENT if the dtype cannot be sent, if the shape is not one, or if the values do not
            fill it.
    """
    where = f"tensor parsing error: {_short(name)}"
    field = _FIELDS.get(proto.dtype)
    if field is None:
        raise invalid(f"{where}: a tensor of dtype {_dtype_name(proto.dtype)} cannot be sent")
    shape = _shape(proto.tensor_shape, where)
    values = _contents(proto, shape, where) if proto.tensor_content else _items(proto, field, where)
    size = math.prod(shape)
    described = f"{where}: the shape {list(shape)} of dtype {_dtype_name(proto.dtype)}"
    if len(values) == size:
        if not size and _claimed_bytes(shape, values) > max_bytes:
            raise invalid(f"{described} is empty and may not have dimensions this large")
        return values.reshape(shape)
    if len(values) != 1 or not size or proto.tensor_content:
        source = "tensor_content" if proto.tensor_content else field.name
        raise invalid(f"{described} needs {size} values, received {len(values)} in {source}")
    if _claimed_bytes(shape, values) > max_bytes:
        raise invalid(f"{described} is too large to be filled from a single value, send all {size} of them")
    return np.broadcast_to(values, shape).copy()


def to_proto(array: np.ndarray) -> tensor_pb2.TensorProto:
    """Returns the message that holds an array, its values in the dtype's own field as TensorFlow Serving answers.

    Args:
        array: Numbers, truth values, or strings as `bytes` or `str`.

    Raises:
        TypeError: If the dtype has no place in a message.
    """
    array = np.asarray(array)
    dtype = types_pb2.DT_STRING if array.dtype.kind in "OSU" else tf.as_dtype(array.dtype).as_datatype_enum
    field = _FIELDS.get(dtype)
    if field is None:
        raise TypeError(f"A tensor of dtype {_dtype_name(dtype)} cannot be sent.")
    proto = tensor_pb2.TensorProto(dtype=dtype)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    values = array.ravel()
    if field.wire is None:
        items = [item if isinstance(item, bytes) else str(item).encode() for item in values.tolist()]
    elif field.bits is not None:
        items = values.view(field.bits).tolist()
    elif field.width == 2:
        items = values.view(field.wire).tolist()
    else:
        items = values.tolist()
    getattr(proto, field.name).extend(items)
    return proto


def _shape(proto, where: str) -> tuple[int, ...]:
    if proto.unknown_rank:
        raise invalid(f"{where}: a tensor that is sent needs a shape, received unknown_rank")
    if len(proto.dim) > MAX_DIMENSIONS:
        raise invalid(f"{where}: at most {MAX_DIMENSIONS} dimensions are read, received {len(proto.dim)}")
    shape = tuple(dimension.size for dimension in proto.dim)
    if any(size < 0 for size in shape):
        raise invalid(f"{where}: a dimension is negative in the shape {list(shape)}")
    return shape


def _items(proto, field: _Field, where: str) -> np.ndarray:
    """Returns the values of a message's typed field, as a vector."""
    items = getattr(proto, field.name)
    if field.wire is None:
        return _strings(list(items))
    values = np.asarray(items, field.wire)
    dtype = tf.as_dtype(proto.dtype).as_numpy_dtype
    if field.width == 2:
        if len(values) % 2:
            raise invalid(f"{where}: {field.name} holds pairs of numbers, received {len(values)} numbers")
        return values.view(dtype)
    narrow = field.bits or dtype
    if narrow == field.wire:
        return values
    narrowed = values.astype(narrow)
    outside = np.flatnonzero(narrowed != values)
    if len(outside):
        raise invalid(f"{where}: {values[outside[0]]} is out of range for dtype {_dtype_name(proto.dtype)}")
    return narrowed.view(dtype)


def _contents(proto, shape, where: str) -> np.ndarray:
    """Returns the values of a message's `tensor_content`, little-endian, as a vector."""
    content = proto.tensor_content
    if proto.dtype == types_pb2.DT_STRING:
        return _strings(_packed_strings(content, math.prod(shape), where))
    dtype = np.dtype(tf.as_dtype(proto.dtype).as_numpy_dtype)
    if len(content) % dtype.itemsize:
        name = _dtype_name(proto.dtype)
        raise invalid(f"{where}: tensor_content has {len(content)} bytes, not a multiple of {name}'s {dtype.itemsize}")
    if dtype == np.bool_ and max(content) > 1:
        raise invalid(f"{where}: tensor_content of dtype DT_BOOL has the byte {max(content)}, expected 0 or 1")
    return np.frombuffer(content, dtype)


def _packed_strings(content: bytes, count: int, where: str) -> list[bytes]:
    """Returns strings packed as TensorFlow does it: all lengths as varints, then all characters."""
    wrong = invalid(f"{where}: tensor_content does not hold {count} strings (lengths, then characters)")
    if count > len(content):
        raise wrong
    lengths, position = [], 0
    for _ in range(count):
        length = shift = 0
        while True:
            if position == len(content) or shift > 28:
                raise wrong
            byte = content[position]
            position += 1
            length |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
        lengths.append(length)
    if position + sum(lengths) != len(content):
        raise wrong
    strings = []
    for length in lengths:
        strings.append(content[position : position + length])
        position += length
    return strings


def _strings(items: list[bytes]) -> np.ndarray:
    # Assigned, because np.array(items) would cut off trailing zero bytes before making objects of them.
    values = np.empty(len(items), object)
    values[:] = items
    return values


def _claimed_bytes(shape, values: np.ndarray) -> int:
    """Returns the size of a tensor whose every value is as large as the first, a dimension of 0 counted as 1."""
    texts = values.dtype == object
    item = STRING_BYTES + sum(map(len, values[:1])) if texts else values.dtype.itemsize
    return item * math.prod(size for size in shape if size)


def _dtype_name(dtype: int) -> str:
    return types_pb2.DataType.Name(dtype) if dtype in types_pb2.DataType.values() else str(dtype)


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else name[:_NAME_LENGTH] + "..."
