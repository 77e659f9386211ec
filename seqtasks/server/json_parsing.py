"""Reads the JSON of a request, and describes values of it in errors as TF Serving does."""

import json
import re
from itertools import islice
from typing import Any

from seqtasks.server.status import ServingError, invalid

INFINITIES = (float("inf"), float("-inf"))  # these very objects, so that 1e999 is told from Infinity
_CONSTANTS = {"NaN": float("nan"), "Infinity": INFINITIES[0], "-Infinity": INFINITIES[1]}
_SHOWN = 256  # characters of a value that an error shows

# What TF Serving's parser calls an error, by how Python's begins.
_WORDING = {
    "Expecting value": "Invalid value.",
    "Expecting property name": "Missing a name for object member.",
    "Illegal trailing comma": "Missing a name for object member.",
    "Expecting ':' delimiter": "Missing a colon after a name of object member.",
    "Expecting ',' delimiter": "Missing a comma after an element.",
    "Unterminated string": "Missing a closing quotation mark in string.",
    "Invalid \\escape": "Invalid escape character in string.",
    "Invalid \\uXXXX": "Incorrect hex digit after \\u escape in string.",
    "Invalid control character": "Invalid encoding in string.",
}


def parse_json(body: bytes) -> dict[str, Any]:
    """Returns the object at the beginning of a request's body.

    As in TF Serving, NaN and infinities are read, and what follows the object is not.

    Args:
        body: The body.

    Raises:
        ServingError: INVALID_ARGUMENT if there is no object there.
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    try:
        text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        raise _parse_error("Invalid encoding in string.", error.start) from error
    start = re.match(r"[ \t\n\r]*", text).end()
    if start == len(text):
        raise _parse_error("The document is empty.", start)
    try:
        value, _ = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        wording = next((wording for begin, wording in _WORDING.items() if error.msg.startswith(begin)), error.msg)
        raise _parse_error(wording, len(text[: error.pos].encode("utf-8"))) from error
    except RecursionError as error:
        raise invalid("JSON Parse error: nested too deeply") from error
    except ValueError as error:  # an integer of more digits than Python converts
        raise invalid("JSON Parse error: Number too big to be stored in double.") from error
    if not isinstance(value, dict):
        raise invalid(f"JSON Value: {shown(value)} Is not object")
    return value


def shown(value: Any) -> str:
    """Returns the beginning of a value's JSON, for an error."""
    text = ""
    for chunk in islice(_ENCODER.iterencode(value), _SHOWN):
        text += chunk[:_SHOWN]
        if len(text) >= _SHOWN:
            break
    return text[:_SHOWN]


def type_name(value: Any) -> str:
    """Returns the name of a value's JSON type, as TF Serving writes it."""
    if isinstance(value, bool):
        return str(value)
    return {dict: "Object", list: "Array", str: "String", type(None): "Null"}.get(type(value), "Number")


def _parse_error(what: str, offset: int) -> ServingError:
    return invalid(f"JSON Parse error: {what} at offset: {offset}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise invalid(f"JSON Parse error: an object has the name {shown(twice)} twice")
    return members


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_CONSTANTS.__getitem__)
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False)
