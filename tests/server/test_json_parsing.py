"""The JSON of a request is read as TF Serving reads it, or refused with one line."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.server.json_parsing import parse_json, shown
from seqtasks.server.status import ServingError

from .json_values import json_values


@settings(deadline=None)
@given(st.binary(max_size=40) | st.text('{}[]":,\\u0123456789eE.-+ntrflsINaiy', max_size=40).map(str.encode))
def test_any_body_is_read_or_refused(body):
    try:
        assert isinstance(parse_json(body), dict)
    except ServingError as error:
        assert error.code == "INVALID_ARGUMENT"  # noqa: PT017


@settings(deadline=None)
@given(st.text(max_size=20))
def test_a_cut_off_body_is_refused(tail):
    whole = json.dumps({"instances": [{"a": "é\n", "b": [1.5, None, True]}]}, ensure_ascii=False).encode()
    for end in range(len(whole)):
        with pytest.raises(ServingError):
            parse_json(whole[:end])
    assert parse_json(whole + tail.encode()) == json.loads(whole)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b" \n ", "JSON Parse error: The document is empty. at offset: 3"),
        (b"{", "JSON Parse error: Missing a name for object member. at offset: 1"),
        ('{"é": x}'.encode(), "JSON Parse error: Invalid value. at offset: 7"),
        (b'{"a" 1}', "JSON Parse error: Missing a colon after a name of object member. at offset: 5"),
        (b'{"a": [1 2]}', "JSON Parse error: Missing a comma after an element. at offset: 9"),
        (b'{"a": "b', "JSON Parse error: Missing a closing quotation mark in string. at offset: 6"),
        (b'{"a": "\xff"}', "JSON Parse error: Invalid encoding in string. at offset: 7"),
        (b'{"a": "\\x"}', "JSON Parse error: Invalid escape character in string. at offset: 7"),
        (b'{"a": 1, "a": 2}', 'JSON Parse error: an object has the name "a" twice'),
        (b'{"a": ' + b"[" * 100_000, "JSON Parse error: nested too deeply"),
        (b'{"a": ' * 100_000, "JSON Parse error: nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "JSON Parse error: Number too big to be stored in double."),
        (b"[1]", "JSON Value: [1] Is not object"),
    ],
)
def test_what_is_no_json_is_said_where(body, message):
    with pytest.raises(ServingError) as raised:
        parse_json(body)
    assert raised.value.message == message


@settings(deadline=None)
@given(json_values)
def test_a_value_in_an_error_is_short(value):
    text = shown(value)
    assert len(text) <= 256
    assert json.dumps(value, ensure_ascii=False).startswith(text)


def test_a_large_value_in_an_error_is_cut_off_at_once():
    assert shown([["a" * 10**6] * 1000] * 1000) == '[["' + "a" * 253
