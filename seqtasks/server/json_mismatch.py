"""Why a value in a request's JSON is no tensor, in the words of TF Serving's `json_tensor.cc`.

Values are read as a whole, fast; only where that fails are they gone through one by one, for the first that is wrong.
"""

import base64
import binascii
import re
from typing import Any, NoReturn

import numpy as np
import tensorflow as tf

from seqtasks.server.json_parsing import shown, type_name
from seqtasks.server.servable import TensorInfo, dtype_name
from seqtasks.server.status import ServingError, invalid

INTEGERS = {tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint32, tf.uint64}
FLOATS = {tf.float32, tf.float64}
_READ = {tf.string, tf.bool, *INTEGERS, *FLOATS}
_MAX_RANK = 64  # of a NumPy array


def refuse(value: Any, why: str) -> NoReturn:
    """Raises the error that a value is wrong."""
    raise invalid(f"JSON Value: {shown(value)} {why}")


def is_base64(value: Any) -> bool:
    """Returns whether a value stands for bytes: `{"b64": "..."}`."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def is_object(value: Any) -> bool:
    """Returns whether a value is an object that does not stand for bytes."""
    return isinstance(value, dict) and not is_base64(value)


def decode_base64(value: dict) -> bytes:
    """Returns the bytes that an object stands for; as in TF Serving, padding may be missing and spaces be there.

    Raises:
        ServingError: If it stands for none.
    """
    if not is_base64(value):
        refuse(value, "not formatted correctly for base64 data")
    text = re.sub(r"\s", "", value["b64"], flags=re.ASCII)
    digits = text.rstrip("=")
    padding = -len(digits) % 4
    if len(text) - len(digits) not in (0, padding):
        raise invalid("Unable to base64 decode")
    try:
        return base64.b64decode(digits + "=" * padding, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("Unable to base64 decode") from error


def check_rank(rank: int) -> None:
    """Raises an error for lists that are nested deeper than a tensor can be."""
    if rank > _MAX_RANK:
        raise invalid(f"lists are nested deeper than {_MAX_RANK}, the most dimensions that a tensor can have")


def first_shape(value: Any) -> list[int]:
    """Returns the sizes of a list, of the first in it, and so on: the shape of a tensor, if it is one."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        check_rank(len(shape))
        value = value[0] if value else None
    return shape


def explain(value: Any, shape: list[int], dtype: tf.DType, level: int = 0) -> None:
    """Raises the error of the first value that keeps nested lists from being a tensor; returns if there is none.

    Args:
        value: The lists.
        shape: The shape of the tensor.
        dtype: Its type.
        level: How deep in it `value` is.
    """
    rank = len(shape)
    if isinstance(value, list):
        if level >= rank:
            raise invalid(f"Encountered list at unexpected level: {level} expected < {rank}")
        if len(value) != shape[level]:
            raise invalid(
                f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
            )
        for item in value:
            explain(item, shape, dtype, level + 1)
        return
    if level != rank:
        refuse(value, f"found at incorrect level: {level + 1} in the JSON DOM. Expected at level: {rank}")
    if dtype not in _READ and not isinstance(value, dict):
        raise ServingError("UNIMPLEMENTED", f"Conversion of JSON Value: {shown(value)} to type: {dtype_name(dtype)}")
    if dtype == tf.string and isinstance(value, dict):
        decode_base64(value)
    elif not _is_of(value, dtype):
        refuse(value, f"Type: {type_name(value)} is not of expected type: {dtype_name(dtype)}")


def explain_rows(rows: list, inputs: dict[str, TensorInfo], as_objects: bool) -> None:
    """Raises the error of the first row that keeps rows from being a batch; returns if there is none.

    Args:
        rows: The value of `instances`.
        inputs: The signature's inputs.
        as_objects: Whether the first row names its inputs.
    """
    shapes: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if as_objects != is_object(row):
            what = "object but got list" if as_objects else "value/list but got object"
            raise invalid(f"Expecting {what} at item {place} of input list")
        for name, value in row.items() if as_objects else ((next(iter(inputs)), row),):
            try:
                _explain_row(name, value, inputs, shapes)
            except ServingError as error:
                key = f" key: {name}" if as_objects else ""
                raise invalid(
                    f"Failed to process element: {place}{key} of 'instances' list. Error: {error.code}: {error.message}"
                ) from error
        if as_objects and row.keys() != inputs.keys():
            raise invalid(
                f"Failed to process element: {place} of 'instances' list. JSON object: {shown(row)} keys must be "
                f"equal to: {','.join(inputs)}"
            )


def _explain_row(name: str, value: Any, inputs: dict[str, TensorInfo], shapes: dict[str, list[int]]) -> None:
    if name not in inputs:
        raise invalid(f"JSON object: does not have named input: {name}")
    shape = first_shape(value)
    explain(value, shape, inputs[name].dtype)
    expected = shapes.setdefault(name, shape)
    if np.prod(expected) != np.prod(shape):
        raise invalid(f"Expecting tensor size: {int(np.prod(expected))} but got: {int(np.prod(shape))}")
    if expected != shape:
        sizes = [",".join(map(str, sizes)) for sizes in (expected, shape)]
        raise invalid(f"Expecting shape [{sizes[0]}] but got: [{sizes[1]}]")


def _is_of(value: Any, dtype: tf.DType) -> bool:
    if dtype == tf.string:
        return isinstance(value, str)
    if dtype == tf.bool or isinstance(value, bool):
        return dtype == tf.bool and isinstance(value, bool)
    if dtype in FLOATS:
        return isinstance(value, (int, float))
    return isinstance(value, int) and dtype.min <= value <= dtype.max
