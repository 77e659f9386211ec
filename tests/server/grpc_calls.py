"""Calls of the gRPC services, over a real connection."""

# ruff: noqa: E402 (imports stand behind the question whether there is something to import)

import contextlib
from types import SimpleNamespace

import numpy as np
import pytest

grpc = pytest.importorskip("grpc", reason="gRPC is an extra")
pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is an extra")
pytest.importorskip("grpc_health", reason="grpcio-health-checking is an extra")

from google.protobuf.wrappers_pb2 import Int64Value
from grpc_health.v1 import health_pb2_grpc
from tensorflow_serving.apis import (
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from seqtasks.server.grpc_service import start_grpc
from seqtasks.server.grpc_tensors import to_proto
from seqtasks.server.models import ModelManager, ModelSpec
from seqtasks.server.predictor import Predictor

REQUEST_BYTES = 1 << 20
Code = grpc.StatusCode


@contextlib.contextmanager
def predicting(tiny_folder, factors):
    """Gives a predictor for `tiny`, and for `factor` with versions 1 and 2."""
    labels = {"stable": 1, "canary": 2, "gone": 9}
    manager = ModelManager([ModelSpec("tiny", tiny_folder), ModelSpec("factor", factors, (1, 2), labels=labels)])
    manager.start()
    predictor = Predictor(manager)
    try:
        yield predictor
    finally:
        predictor.close()
        manager.close()


@contextlib.contextmanager
def serving(predictor, **options):
    """Gives the stubs of a server's services, connected."""
    server, port = start_grpc(predictor, "127.0.0.1", 0, max_message_bytes=REQUEST_BYTES, **options)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield SimpleNamespace(
                channel=channel,
                port=port,
                prediction=prediction_service_pb2_grpc.PredictionServiceStub(channel),
                model=model_service_pb2_grpc.ModelServiceStub(channel),
                health=health_pb2_grpc.HealthStub(channel),
                server=server,
            )
    finally:
        server.stop(None).wait()


def spec(name="factor", signature="", version=None, label=None):
    made = model_pb2.ModelSpec(name=name, signature_name=signature)
    if version is not None:
        made.version.CopyFrom(Int64Value(value=version))
    if label is not None:
        made.version_label = label
    return made


def predict(model=None, output_filter=(), **inputs):
    request = predict_pb2.PredictRequest(model_spec=spec() if model is None else model, output_filter=output_filter)
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(to_proto(value))
    return request


def floats(*values):
    return np.array(values, np.float32)


def texts(*values):
    return np.array(values, object)


def tiny(signature, output_filter=(), **inputs):
    return predict(spec("tiny", signature), output_filter, **inputs)


def assert_refused(call, request, code, message, **options):
    with pytest.raises(grpc.RpcError) as raised:
        call(request, timeout=30, **options)
    assert raised.value.code() is code, raised.value.details()
    assert message in raised.value.details()
