"""From the JSON of a predict request to arrays, as TF Serving's `json_tensor.cc` reads it."""

from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.server.json_mismatch import (
    FLOATS,
    INTEGERS,
    check_rank,
    decode_base64,
    explain,
    explain_rows,
    first_shape,
    is_object,
    refuse,
)
from seqtasks.server.json_parsing import INFINITIES
from seqtasks.server.servable import DEFAULT_SIGNATURE, Signature, TensorInfo, dtype_name
from seqtasks.server.status import ServingError, invalid


class PredictRequest(NamedTuple):
    """What a predict request asks.

    Args:
        signature: The signature's name.
        row_format: Whether it came as `instances`, and so is answered as `predictions`.
        arrays: Arguments by input name.
    """

    signature: str
    row_format: bool
    arrays: dict[str, np.ndarray]


def read_predict_request(document: dict[str, Any], signatures: Mapping[str, Signature]) -> PredictRequest:
    """Returns the arrays in a request's JSON.

    Args:
        document: The request.
        signatures: The model's signatures.

    Raises:
        ServingError: If the request is not as its signature needs it.
    """
    name = signature_name(document)
    if name not in signatures:
        raise invalid(f'Serving signature name: "{name}" not found in signature def')
    inputs = signatures[name].inputs
    if not inputs:
        raise invalid(f"Failed to get input map for signature: {document.get('signature_name') or 'DEFAULT'}")
    if "instances" in document:
        if "inputs" in document:
            refuse(document, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ")
        if not isinstance(document["instances"], list):
            refuse(document, "Expecting 'instances' to be an list/array")
        if not document["instances"]:
            refuse(document, "No values in 'instances' array")
        return PredictRequest(name, True, _read_rows(document["instances"], inputs))
    if "inputs" in document:
        return PredictRequest(name, False, _read_columns(document["inputs"], inputs))
    raise invalid("Missing 'inputs' or 'instances' key")


def signature_name(document: dict[str, Any]) -> str:
    """Returns the name of the signature that a request is for."""
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        refuse(document, "not formatted correctly. 'signature_name' key must be a string value.")
    return name or DEFAULT_SIGNATURE


def to_array(value: Any, dtype: tf.DType) -> np.ndarray:
    """Returns the array that nested lists hold.

    Args:
        value: A value, or lists of values, nested as deeply everywhere.
        dtype: The array's type.

    Raises:
        ServingError: Naming what does not fit.
    """
    array = _even(value, dtype)
    if array is None:
        explain(value, first_shape(value), dtype)
        refuse(value, f"is no tensor of type: {dtype_name(dtype)}")
    return array


def _read_columns(value: Any, inputs: dict[str, TensorInfo]) -> dict[str, np.ndarray]:
    if not is_object(value):
        if len(inputs) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        value = {next(iter(inputs)): value}
    arrays = {}
    for name, info in inputs.items():
        if name not in value:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
        arrays[name] = to_array(value[name], info.dtype)
    return arrays


def _read_rows(rows: list, inputs: dict[str, TensorInfo]) -> dict[str, np.ndarray]:
    if not isinstance(rows[0], dict) and len(inputs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    as_objects = is_object(rows[0])
    arrays = {}
    if all(is_object(row) == as_objects and (not as_objects or row.keys() == inputs.keys()) for row in rows):
        for name, info in inputs.items():
            arrays[name] = _even([row[name] for row in rows] if as_objects else rows, info.dtype)
    if not arrays or any(array is None for array in arrays.values()):
        explain_rows(rows, inputs, as_objects)
        refuse(rows, "is no batch of the signature's inputs")
    return arrays


def _even(value: Any, dtype: tf.DType) -> np.ndarray | None:
    """Returns nested lists as an array; `None` if they are not nested evenly, or hold another type."""
    shape, leaves = _flatten(value)
    array = None if leaves is None else _convert(leaves, dtype)
    return None if array is None else array.reshape(shape)


def _flatten(value: Any) -> tuple[list[int], list | None]:
    """Returns the shape of nested lists and their values in order; no values where they are not nested evenly."""
    shape, level = [], [value]
    while True:
        kinds = set(map(type, level))
        if list not in kinds:
            return shape, level
        sizes = set(map(len, level)) if len(kinds) == 1 else ()
        if len(sizes) != 1:
            return shape, None
        shape.append(sizes.pop())
        check_rank(len(shape))
        level = list(chain.from_iterable(level))


def _convert(leaves: list, dtype: tf.DType) -> np.ndarray | None:
    """Returns values as an array; `None` if one of them is of another type."""
    kinds = set(map(type, leaves))
    if dtype == tf.string and kinds <= {str, dict}:
        array = np.empty(len(leaves), object)
        array[:] = [_encode(leaf) for leaf in leaves]
        return array
    if dtype == tf.bool and kinds <= {bool}:
        return np.array(leaves, np.bool_)
    if dtype in INTEGERS and kinds <= {int}:
        fits = not leaves or (dtype.min <= min(leaves) and max(leaves) <= dtype.max)
        return np.array(leaves, dtype.as_numpy_dtype) if fits else None
    if dtype in FLOATS and kinds <= {int, float}:
        return _convert_floats(leaves, dtype)
    return None


def _convert_floats(leaves: list, dtype: tf.DType) -> np.ndarray:
    try:
        array = np.array(leaves, np.float64)
    except OverflowError as error:
        raise _too_big() from error
    for place in np.flatnonzero(np.isinf(array)):
        if not any(leaves[place] is infinity for infinity in INFINITIES):
            raise _too_big()
    with np.errstate(over="ignore"):  # what is too large for 32 bits becomes infinite, as in TF Serving
        return array.astype(dtype.as_numpy_dtype)


def _too_big() -> ServingError:
    return invalid("JSON Parse error: Number too big to be stored in double.")


def _encode(leaf: str | dict) -> bytes:
    if isinstance(leaf, dict):
        return decode_base64(leaf)
    try:
        return leaf.encode("utf-8")
    except UnicodeEncodeError as error:
        raise invalid("JSON Parse error: The surrogate pair in string is invalid.") from error
