"""TF Serving's `PredictionService`."""

import grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)

from seqtasks.server import examples
from seqtasks.server.grpc_methods import seconds_left
from seqtasks.server.grpc_requests import model_choice, model_spec
from seqtasks.server.grpc_tensors import ReceivedTensors, to_proto
from seqtasks.server.predictor import Predictor
from seqtasks.server.servable import DEFAULT_SIGNATURE
from seqtasks.server.status import invalid

_METADATA_FIELD = "signature_def"


class PredictionService:
    """Answers `Predict` and `GetModelMetadata`, and the rest as TF Serving does where a model only predicts.

    Each method takes the request and the call's context, and returns the response or raises `ServingError`.

    Args:
        predictor: Runs the requests.
        request_bytes: Size of the largest request, and so the most that one may claim in fewer bytes.
    """

    # ruff: noqa: N802 (the methods' names are the published service's)

    def __init__(self, predictor: Predictor, request_bytes: int):
        self._predictor, self._request_bytes = predictor, request_bytes

    def Predict(
        self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> predict_pb2.PredictResponse:
        """Runs a signature."""
        spec = model_spec(request)
        prediction = self._predictor.predict(
            *model_choice(spec),
            spec.signature_name,
            ReceivedTensors(request.inputs, self._request_bytes),
            output_filter=_filter(request.output_filter),
            timeout=seconds_left(context),
        )
        response = predict_pb2.PredictResponse()
        _name_version(response.model_spec, prediction)
        response.model_spec.signature_name = prediction.signature
        for name, array in prediction.outputs.items():
            response.outputs[name].CopyFrom(to_proto(array))
        return response

    def GetModelMetadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, context: grpc.ServicerContext
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Returns the signatures of a version."""
        spec = model_spec(request)
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != _METADATA_FIELD:
                raise invalid(f"Metadata field {field} is not supported")
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        signatures = get_model_metadata_pb2.SignatureDefMap()
        with self._predictor.manager.use(*model_choice(spec)) as servable:
            _name_version(response.model_spec, servable)
            for name, signature in servable.signature_defs.items():
                signatures.signature_def[name].CopyFrom(signature)
        response.metadata[_METADATA_FIELD].Pack(signatures)
        return response

    def Classify(
        self, request: classification_pb2.ClassificationRequest, context: grpc.ServicerContext
    ) -> classification_pb2.ClassificationResponse:
        """Refuses, in the words that say what the signature is for."""
        self._refuse(model_spec(request), examples.CLASSIFY)

    def Regress(
        self, request: regression_pb2.RegressionRequest, context: grpc.ServicerContext
    ) -> regression_pb2.RegressionResponse:
        """Refuses, in the words that say what the signature is for."""
        self._refuse(model_spec(request), examples.REGRESS)

    def MultiInference(
        self, request: inference_pb2.MultiInferenceRequest, context: grpc.ServicerContext
    ) -> inference_pb2.MultiInferenceResponse:
        """Refuses, in the words that say what the first task's signature is for."""
        if not request.tasks:
            raise invalid("ModelSpec has no name specified.")
        self._refuse(model_spec(request.tasks[0]), request.tasks[0].method_name)

    def _refuse(self, spec: model_pb2.ModelSpec, method: str) -> None:
        with self._predictor.manager.use(*model_choice(spec)) as servable:
            examples.refuse(servable, spec.signature_name or DEFAULT_SIGNATURE, method)


def _filter(names) -> list[str]:
    """Returns the names of the outputs wanted, each of which may be given once."""
    seen = set()
    for name in names:
        if name in seen:
            raise invalid(f"duplicate output tensor alias: {name}")
        seen.add(name)
    return list(names)


def _name_version(spec: model_pb2.ModelSpec, answering) -> None:
    spec.name = answering.name
    spec.version.value = answering.version
