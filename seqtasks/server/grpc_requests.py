"""What the requests of both gRPC services have in common: which model they are for."""

from google.protobuf.message import Message
from tensorflow_serving.apis import model_pb2

from seqtasks.server.status import invalid


def model_spec(request: Message) -> model_pb2.ModelSpec:
    """Returns which model a request is for.

    Raises:
        ServingError: INVALID_ARGUMENT if it does not say.
    """
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    if not request.model_spec.name:
        raise invalid("ModelSpec has no name specified.")
    return request.model_spec


def model_choice(spec: model_pb2.ModelSpec) -> tuple[str, int | None, str | None]:
    """Returns a model's name, and the version or the label that was asked for, if one was."""
    choice = spec.WhichOneof("version_choice")
    return (
        spec.name,
        spec.version.value if choice == "version" else None,
        spec.version_label if choice == "version_label" else None,
    )
