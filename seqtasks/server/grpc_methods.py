"""From a published protobuf service to gRPC handlers that never let an exception out."""

import logging
from collections.abc import Callable

import grpc
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from seqtasks.server.status import ServingError, as_serving_error, invalid

MESSAGE_LIMIT = 1024  # bytes of an error's message, as in TF Serving: it travels in a header, whose size is limited
_NO_DEADLINE = 1e8  # seconds; a call without a deadline has one in the far future

_logger = logging.getLogger(__name__)


def service_handler(descriptor, service) -> grpc.GenericRpcHandler:
    """Returns the handlers of a service, one for each method that its protobuf file declares.

    gRPC's generated code is passed by for one reason: it answers bytes that are no message with INTERNAL, and a
    traceback in the log. Here they are the client's fault, INVALID_ARGUMENT.

    Args:
        descriptor: The service's protobuf descriptor; all its methods take and give one message.
        service: An object with a method of each of those names, which takes the request and the call's
            `grpc.ServicerContext` and returns the response or raises `ServingError`.
    """
    handlers = {}
    for method in descriptor.methods:
        answer = _answerer(GetMessageClass(method.input_type), getattr(service, method.name))
        handlers[method.name] = grpc.unary_unary_rpc_method_handler(answer)
    return grpc.method_handlers_generic_handler(descriptor.full_name, handlers)


def seconds_left(context: grpc.ServicerContext) -> float | None:
    """Returns the seconds until the client's deadline, `None` if it set none.

    Raises:
        ServingError: DEADLINE_EXCEEDED if it has passed, CANCELLED if the client waits no longer.
    """
    left = context.time_remaining()
    if left is None or left > _NO_DEADLINE:
        left = None
    elif left <= 0:
        raise ServingError("DEADLINE_EXCEEDED", "Deadline Exceeded")
    if not context.is_active():
        raise ServingError("CANCELLED", "the client has cancelled the call")
    return left


def _answerer(request_class: type[Message], method: Callable) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    def answer(data: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            seconds_left(context)
            return method(_parse(request_class, data), context).SerializeToString()
        except (ServingError, MemoryError) as error:
            failure = as_serving_error(error)
        except Exception as error:
            _logger.exception("%s failed", method.__name__)
            failure = ServingError("INTERNAL", f"{type(error).__name__}: {error}")
        context.abort(getattr(grpc.StatusCode, failure.code), _cut(failure.message))

    return answer


def _parse(request_class: type[Message], data: bytes) -> Message:
    try:
        return request_class.FromString(data)
    except DecodeError as error:
        raise invalid(f"the {len(data)} bytes received are not a {request_class.DESCRIPTOR.full_name}") from error


def _cut(message: str) -> str:
    encoded = message.encode("utf-8", "replace")
    if len(encoded) <= MESSAGE_LIMIT:
        return message
    return encoded[:MESSAGE_LIMIT].decode("utf-8", "ignore") + "...TRUNCATED"
