"""From a model's outputs to the JSON of an answer, as TF Serving's `json_tensor.cc` writes it."""

import base64
import math
from json.encoder import encode_basestring

import numpy as np

from seqtasks.server.servable import dtype_name
from seqtasks.server.status import invalid

_DIGITS = {np.dtype(np.float32): 9, np.dtype(np.float64): 17}  # what tells every number from its neighbours
_INTEGERS = {np.dtype(kind) for kind in ("int8", "int16", "int32", "int64", "uint8", "uint32", "uint64")}


def write_predictions(outputs: dict[str, np.ndarray], row_format: bool) -> bytes:
    """Returns the JSON that answers a predict request.

    A single output goes without its name. Outputs of strings whose name ends in `_bytes` are written in base64; in
    others, bytes that are no UTF-8 become U+FFFD, so that the answer is always JSON.

    Args:
        outputs: The outputs by name.
        row_format: Whether to write an object for each row, under `predictions`, or an array for each output, under
            `outputs`.

    Raises:
        ServingError: If the outputs cannot be written that way.
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    if row_format:
        return f'{{"predictions": {_rows(outputs)}}}'.encode()
    written = {name: _nested(_values(name, array), array.shape) for name, array in outputs.items()}
    if len(written) == 1:
        return f'{{"outputs": {next(iter(written.values()))}}}'.encode()
    return f'{{"outputs": {_object(written)}}}'.encode()


def _rows(outputs: dict[str, np.ndarray]) -> str:
    size = None
    for name, array in outputs.items():
        if array.ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information ")
        if size is not None and len(array) != size:
            raise invalid(f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {size}")
        size = len(array)
    columns = [_parts(_values(name, array), array.shape) for name, array in outputs.items()]
    if len(columns) == 1:
        return _list(columns[0])
    return _list([_object(dict(zip(outputs, row, strict=True))) for row in zip(*columns, strict=True)])


def _values(name: str, array: np.ndarray) -> list[str]:
    """Returns the JSON of every value of an array, in order."""
    if array.dtype in _DIGITS:
        return _decimals(array)
    if array.dtype in _INTEGERS:
        return list(map(str, array.ravel().tolist()))
    if array.dtype == np.bool_:
        return ["true" if value else "false" for value in array.ravel().tolist()]
    if array.dtype.kind == "O":
        return list(map(_bytes if name.endswith("_bytes") else _text, array.ravel().tolist()))
    raise invalid(f"Failed to write JSON value for tensor type: {dtype_name(np.dtype(array.dtype))}")


def _decimals(array: np.ndarray) -> list[str]:
    """Writes numbers with six digits where those tell them from all others, and with all digits elsewhere."""
    values = array.ravel().tolist()
    short = [f"{value:g}" for value in values]
    with np.errstate(over="ignore"):
        same = np.array(short, np.float64).astype(array.dtype) == array.ravel()
    digits = _DIGITS[array.dtype]
    return [
        _decimal(text if exact else f"{value:.{digits}g}", value)
        for text, exact, value in zip(short, same.tolist(), values, strict=True)
    ]


def _decimal(text: str, value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return text if "." in text or "e" in text else text + ".0"


def _text(value: bytes) -> str:
    return encode_basestring(value.decode("utf-8", "replace"))


def _bytes(value: bytes) -> str:
    return '{"b64": "' + base64.b64encode(value).decode("ascii") + '"}'


def _nested(values: list[str], shape: tuple[int, ...]) -> str:
    """Returns values as lists in lists; a single value where there is no axis."""
    return _list(_parts(values, shape)) if shape else values[0]


def _parts(values: list[str], shape: tuple[int, ...]) -> list[str]:
    """Returns each item of the list that values make."""
    for axis in range(len(shape) - 1, 0, -1):
        size, count = shape[axis], math.prod(shape[:axis])
        values = [_list(values[place * size : (place + 1) * size]) for place in range(count)]
    return values


def _list(items: list[str]) -> str:
    return "[" + ", ".join(items) + "]"


def _object(members: dict[str, str]) -> str:
    return "{" + ", ".join(f"{encode_basestring(name)}: {value}" for name, value in members.items()) + "}"
