"""Errors under the names and statuses of TF Serving."""

import pytest
import tensorflow as tf

from seqtasks.errors import SeqtasksError
from seqtasks.server.status import HTTP_STATUS, ServingError, as_serving_error, invalid


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("INVALID_ARGUMENT", 400),
        ("FAILED_PRECONDITION", 400),
        ("OUT_OF_RANGE", 400),
        ("NOT_FOUND", 404),
        ("ALREADY_EXISTS", 409),
        ("RESOURCE_EXHAUSTED", 429),
        ("INTERNAL", 500),
        ("UNKNOWN", 500),
        ("UNIMPLEMENTED", 501),
        ("UNAVAILABLE", 503),
        ("DEADLINE_EXCEEDED", 504),
        ("SOMETHING_NEW", 500),
    ],
)
def test_every_code_has_a_status(code, status):
    assert ServingError(code, "why").http_status == status


def test_a_serving_error_is_one_of_ours():
    error = invalid("why")
    assert isinstance(error, SeqtasksError)
    assert (str(error), error.code, error.message) == ("why", "INVALID_ARGUMENT", "why")
    assert as_serving_error(error) is error


def test_all_of_tensorflows_errors_keep_their_codes():
    from tensorflow.core.protobuf import error_codes_pb2

    codes = {name for name, number in error_codes_pb2.Code.items() if name != "OK" and "DO_NOT_USE" not in name}
    assert codes == set(HTTP_STATUS)
    for name in codes:
        found = as_serving_error(tf.errors.OpError(None, None, "what\n\t went wrong", error_codes_pb2.Code.Value(name)))
        assert (found.code, found.message) == (name, "what went wrong")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ValueError("bad\nvalue"), "INVALID_ARGUMENT", "ValueError: bad value"),
        (TypeError("bad type"), "INVALID_ARGUMENT", "TypeError: bad type"),
        (MemoryError(), "RESOURCE_EXHAUSTED", "not enough memory to answer the request"),
        (KeyError("x"), "INTERNAL", "KeyError: 'x'"),
    ],
)
def test_other_errors(error, code, message):
    found = as_serving_error(error)
    assert (found.code, found.message) == (code, message)
