"""TF Serving's `ModelService`."""

import grpc
from tensorflow.core.protobuf import error_codes_pb2
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2

from seqtasks.server.grpc_requests import model_choice
from seqtasks.server.models import ModelManager
from seqtasks.server.status import ServingError, invalid


class ModelService:
    """Answers which versions of a model are served.

    Each method takes the request and the call's context, and returns the response or raises `ServingError`.

    Args:
        manager: Knows the models.
    """

    # ruff: noqa: N802 (the methods' names are the published service's)

    def __init__(self, manager: ModelManager):
        self._manager = manager

    def GetModelStatus(
        self, request: get_model_status_pb2.GetModelStatusRequest, context: grpc.ServicerContext
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """Returns the state of a model's versions, or of the one asked for."""
        if not request.HasField("model_spec"):
            raise invalid("Missing ModelSpec")
        response = get_model_status_pb2.GetModelStatusResponse()
        for version in self._manager.statuses(*model_choice(request.model_spec)):
            entry = response.model_version_status.add(version=version.version, state=version.state)
            entry.status.error_code = error_codes_pb2.Code.Value(version.error_code)
            entry.status.error_message = version.error_message
        return response

    def HandleReloadConfigRequest(
        self, request: model_management_pb2.ReloadConfigRequest, context: grpc.ServicerContext
    ) -> model_management_pb2.ReloadConfigResponse:
        """Refuses: the list of models is fixed."""
        raise ServingError(
            "UNIMPLEMENTED",
            "HandleReloadConfigRequest: this server follows its models' folders, and its list of models changes only "
            "with a restart",
        )
