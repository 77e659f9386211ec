"""The errors a request can meet, under the names and HTTP statuses that TF Serving gives them."""

from seqtasks.errors import SeqtasksError

HTTP_STATUS = {
    "CANCELLED": 499,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "UNKNOWN": 500,
    "INTERNAL": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


class ServingError(SeqtasksError):
    """A request that cannot be answered.

    Args:
        code: A canonical name of `HTTP_STATUS`, such as `"INVALID_ARGUMENT"`.
        message: What is wrong.
    """

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code, self.message = code, message

    @property
    def http_status(self) -> int:
        """The HTTP status of the error."""
        return HTTP_STATUS.get(self.code, 500)


def invalid(message: str) -> ServingError:
    """Returns the error for a request that is wrong in itself."""
    return ServingError("INVALID_ARGUMENT", message)


def as_serving_error(error: BaseException) -> ServingError:
    """Returns what a request is told about an error that was raised while it was answered.

    Args:
        error: A `ServingError`, which stays as it is, an error of TensorFlow, which keeps its code, a `TypeError` or
            `ValueError`, which the request's values brought about, or anything else, which is the server's own fault.
    """
    import tensorflow as tf
    from tensorflow.core.protobuf import error_codes_pb2

    if isinstance(error, ServingError):
        return error
    if isinstance(error, tf.errors.OpError):
        # Behind it stand the graph's nodes, which nobody who asks knows.
        message, _, _ = error.message.partition("\n\t [[")
        return ServingError(error_codes_pb2.Code.Name(error.error_code), _one_line(message))
    if isinstance(error, MemoryError):
        return ServingError("RESOURCE_EXHAUSTED", "not enough memory to answer the request")
    code = "INVALID_ARGUMENT" if isinstance(error, (TypeError, ValueError)) else "INTERNAL"
    return ServingError(code, f"{type(error).__name__}: {_one_line(str(error))}")


def _one_line(message: str) -> str:
    return " ".join(message.split())
