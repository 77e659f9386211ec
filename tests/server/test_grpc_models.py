"""What TF Serving's gRPC services promise beside `Predict`."""

import pytest

pytest.importorskip("tensorflow_serving", reason="gRPC is an extra")

from grpc_health.v1 import health_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    regression_pb2,
)

from .grpc_calls import Code, assert_refused, predicting, serving, spec


@pytest.fixture(scope="module")
def predictor(tiny_folder, factors):
    with predicting(tiny_folder, factors) as running:
        yield running


@pytest.fixture(scope="module")
def client(predictor):
    with serving(predictor) as connected:
        yield connected


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\xff", b"\x0a\x03\x0a\x01\xff", b"\x13" * 200, bytes(100)])
@pytest.mark.parametrize("method", ["PredictionService/Predict", "ModelService/GetModelStatus"])
def test_bytes_that_are_no_message_are_refused(client, caplog, method, data):
    call = client.channel.unary_unary(f"/tensorflow.serving.{method}")
    assert_refused(call, data, Code.INVALID_ARGUMENT, f"the {len(data)} bytes received are not a tensorflow.serving.")
    assert not caplog.records


def status_request(**choice):
    return get_model_status_pb2.GetModelStatusRequest(model_spec=spec(**choice))


@pytest.mark.parametrize(
    ("choice", "versions"),
    [({}, [2, 1]), ({"version": 1}, [1]), ({"label": "stable"}, [1]), ({"label": "canary"}, [2])],
)
def test_status_names_the_versions(client, choice, versions):
    status = client.model.GetModelStatus(status_request(**choice), timeout=30).model_version_status
    assert [one.version for one in status] == versions
    available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
    assert all(one.state == available and one.HasField("status") for one in status)
    assert all(not one.status.error_code and not one.status.error_message for one in status)


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        (get_model_status_pb2.GetModelStatusRequest(), Code.INVALID_ARGUMENT, "Missing ModelSpec"),
        (status_request(name="whole"), Code.NOT_FOUND, "Could not find any versions of model whole"),
        (status_request(version=9), Code.NOT_FOUND, "Could not find version 9 of model factor"),
        (status_request(label="beta"), Code.INVALID_ARGUMENT, "Unrecognized servable version label: beta"),
    ],
)
def test_status_is_refused(client, request_, code, message):
    assert_refused(client.model.GetModelStatus, request_, code, message)


def metadata_request(*fields, **choice):
    return get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec(**choice), metadata_field=fields)


@pytest.mark.parametrize(("choice", "version"), [({}, 2), ({"version": 1}, 1), ({"label": "stable"}, 1)])
def test_metadata_holds_the_signatures(client, choice, version):
    response = client.prediction.GetModelMetadata(metadata_request("signature_def", **choice), timeout=30)
    assert response.model_spec == spec(version=version)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    signature = signatures.signature_def["serving_default"]
    assert set(signature.inputs) == {"x"}
    assert set(signature.outputs) == {"y"}
    assert signature.method_name == "tensorflow/serving/predict"


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        (get_model_metadata_pb2.GetModelMetadataRequest(), Code.INVALID_ARGUMENT, "Missing ModelSpec"),
        (metadata_request(), Code.INVALID_ARGUMENT, "must specify at least one metadata_field"),
        (metadata_request("signature_def", "x"), Code.INVALID_ARGUMENT, "Metadata field x is not supported"),
        (metadata_request("signature_def", name="whole"), Code.NOT_FOUND, "Servable not found for request"),
    ],
)
def test_metadata_is_refused(client, request_, code, message):
    assert_refused(client.prediction.GetModelMetadata, request_, code, message)


def multi_inference(method, **choice):
    task = inference_pb2.InferenceTask(model_spec=spec(**choice), method_name=method)
    return inference_pb2.MultiInferenceRequest(tasks=[task])


PREDICTS = "Was: tensorflow/serving/predict"


@pytest.mark.parametrize(
    ("method", "request_", "code", "message"),
    [
        ("Classify", classification_pb2.ClassificationRequest(model_spec=spec()), Code.INVALID_ARGUMENT, PREDICTS),
        ("Regress", regression_pb2.RegressionRequest(model_spec=spec()), Code.INVALID_ARGUMENT, PREDICTS),
        (
            "Classify",
            classification_pb2.ClassificationRequest(model_spec=spec(signature="score")),
            Code.INVALID_ARGUMENT,
            "No signature was found with the name: score",
        ),
        ("Regress", regression_pb2.RegressionRequest(model_spec=spec("whole")), Code.NOT_FOUND, "Latest(whole)"),
        ("MultiInference", multi_inference("tensorflow/serving/classify"), Code.INVALID_ARGUMENT, PREDICTS),
        ("MultiInference", multi_inference("x"), Code.UNIMPLEMENTED, "Unsupported signature method_name: x"),
        ("MultiInference", inference_pb2.MultiInferenceRequest(), Code.INVALID_ARGUMENT, "no name specified"),
    ],
)
def test_a_model_that_predicts_does_nothing_else(client, method, request_, code, message):
    assert_refused(getattr(client.prediction, method), request_, code, message)


def test_the_list_of_models_is_fixed(client):
    request = model_management_pb2.ReloadConfigRequest()
    assert_refused(client.model.HandleReloadConfigRequest, request, Code.UNIMPLEMENTED, "changes only with a restart")


def test_an_unknown_method_is_unimplemented(client):
    call = client.channel.unary_unary("/tensorflow.serving.PredictionService/Guess")
    assert_refused(call, b"", Code.UNIMPLEMENTED, "")


@pytest.mark.parametrize("service", ["", "PredictionService", "tensorflow.serving.ModelService"])
def test_health_is_told(client, service):
    answer = client.health.Check(health_pb2.HealthCheckRequest(service=service), timeout=30)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
