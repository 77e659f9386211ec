"""What TF Serving's gRPC interface promises, asked for over a real connection."""

import contextlib
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

grpc = pytest.importorskip("grpc", reason="gRPC is an extra")
pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is an extra")
pytest.importorskip("grpc_health", reason="grpcio-health-checking is an extra")

from google.protobuf.wrappers_pb2 import Int64Value  # noqa: E402
from grpc_health.v1 import health_pb2, health_pb2_grpc  # noqa: E402
from tensorflow_serving.apis import (  # noqa: E402
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from seqtasks.errors import SeqtasksError  # noqa: E402
from seqtasks.server.grpc_service import start_grpc  # noqa: E402
from seqtasks.server.grpc_tensors import to_proto  # noqa: E402
from seqtasks.server.predictor import Prediction, Predictor  # noqa: E402
from seqtasks.server.status import ServingError  # noqa: E402

REQUEST_BYTES = 1 << 20
Code = grpc.StatusCode


@pytest.fixture(scope="module")
def manager(tiny_folder, factors):
    """The models `tiny`, and `factor` with versions 1 and 2."""
    from seqtasks.server.models import ModelManager, ModelSpec

    labels = {"stable": 1, "canary": 2, "gone": 9}
    served = ModelManager([ModelSpec("tiny", tiny_folder), ModelSpec("factor", factors, (1, 2), labels=labels)])
    served.start()
    yield served
    served.close()


@pytest.fixture(scope="module")
def predictor(manager):
    running = Predictor(manager)
    yield running
    running.close()


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


@pytest.fixture(scope="module")
def client(predictor):
    with serving(predictor) as connected:
        yield connected


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


WORDS = texts(b"Ada lived", "Zürich".encode(), b"")
TWO = {"a": floats(1, 2), "b": np.array([3, 4], np.int32)}
INTEGERS = {"byte": np.uint8([0, 255]), "short": np.int32([-(2**31), 7]), "long": np.int64([2**63 - 1, -(2**63)])}
ANSWERED = {
    "default signature, newest version": (predict(x=floats(1, 2)), 2, {"y": [2, 4]}),
    "signature by name": (predict(spec(signature="serving_default"), x=floats(1)), 2, {"y": [2]}),
    "version": (predict(spec(version=1), x=floats(1)), 1, {"y": [1]}),
    "label": (predict(spec(label="stable"), x=floats(1)), 1, {"y": [1]}),
    "another label": (predict(spec(label="canary"), x=floats(1)), 2, {"y": [2]}),
    "no row": (predict(x=floats()), 2, {"y": []}),
    "infinity": (predict(x=floats(np.inf, -np.inf)), 2, {"y": [np.inf, -np.inf]}),
    "strings": (tiny("", text=WORDS), 1, {"echoed": WORDS.tolist()}),
    "zero bytes": (tiny("binary", data=texts(b"\0a\0\xff")), 1, {"data_bytes": [b"\0a\0\xff"], "size": [4]}),
    "padded": (tiny("words", text=WORDS), 1, {"words": [[b"Ada", b"lived"], ["Zürich".encode(), b""], [b"", b""]]}),
    "two inputs": (tiny("two", **TWO), 1, {"sum": [4, 6], "product": [3, 8]}),
    "output filter": (tiny("two", ["product"], **TWO), 1, {"product": [3, 8]}),
    "two outputs filtered": (tiny("two", ["sum", "product"], **TWO), 1, {"sum": [4, 6], "product": [3, 8]}),
    "a matrix": (tiny("matrix", x=floats([1, 2], [3, 4])), 1, {"doubled": [[2, 4], [6, 8]]}),
    "a scalar output": (tiny("scalar", x=floats(1, 2)), 1, {"total": 3}),
    "integers": (tiny("integers", **INTEGERS), 1, {name: array.tolist() for name, array in INTEGERS.items()}),
    "truth values, doubles": (
        tiny("others", flag=np.array([True, False]), wide=np.array([1e300, -0.5])),
        1,
        {"flag": [False, True], "wide": [1e300, -0.5]},
    ),
    "half floats": (tiny("half", x=floats(1.5, -2)), 1, {"y": [1.5, -2]}),
    "no input": (tiny("constant"), 1, {"y": [1]}),
}


@pytest.mark.parametrize("case", ANSWERED)
def test_a_request_is_answered(client, case):
    import tensorflow as tf

    request, version, expected = ANSWERED[case]
    response = client.prediction.Predict(request, timeout=30)
    asked = request.model_spec
    assert response.model_spec == spec(asked.name, asked.signature_name or "serving_default", version)
    assert {name: tf.make_ndarray(value).tolist() for name, value in response.outputs.items()} == expected
    for value in response.outputs.values():
        assert not value.tensor_content  # clients read float_val and its kin


def broken(**fields):
    request = predict()
    request.inputs["x"].CopyFrom(to_proto(floats(1, 2)))
    for name, value in fields.items():
        setattr(request.inputs["x"], name, value)
    return request


REFUSED = {
    "no model spec": (
        predict_pb2.PredictRequest(),
        Code.INVALID_ARGUMENT,
        "Missing ModelSpec",
    ),
    "no model name": (
        predict(spec(name=""), x=floats(1)),
        Code.INVALID_ARGUMENT,
        "ModelSpec has no name specified.",
    ),
    "unknown model": (
        predict(spec("whole"), x=floats(1)),
        Code.NOT_FOUND,
        "Servable not found for request: Latest(whole)",
    ),
    "unknown version": (
        predict(spec(version=3), x=floats(1)),
        Code.NOT_FOUND,
        "Servable not found for request: Specific(factor, 3)",
    ),
    "negative version": (
        predict(spec(version=-1), x=floats(1)),
        Code.NOT_FOUND,
        "Servable not found for request: Specific(factor, -1)",
    ),
    "unknown label": (
        predict(spec(label="beta"), x=floats(1)),
        Code.INVALID_ARGUMENT,
        "Unrecognized servable version label: beta",
    ),
    "label of a version that is not there": (
        predict(spec(label="gone"), x=floats(1)),
        Code.NOT_FOUND,
        "Servable not found for request: Specific(factor, 9)",
    ),
    "unknown signature": (
        predict(spec(signature="score"), x=floats(1)),
        Code.FAILED_PRECONDITION,
        'Serving signature key "score" not found.',
    ),
    "no input": (
        predict(),
        Code.INVALID_ARGUMENT,
        "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}.",
    ),
    "one input too many": (
        predict(x=floats(1), z=floats(1)),
        Code.INVALID_ARGUMENT,
        "input size does not match signature: 2!=1 len({x,z}) != len({x}). Sent extra: {z}. Missing but required: {}.",
    ),
    "another name": (
        predict(z=floats(1)),
        Code.INVALID_ARGUMENT,
        "Sent extra: {z}. Missing but required: {x}.",
    ),
    "another dtype": (
        predict(x=np.array([1], np.int64)),
        Code.INVALID_ARGUMENT,
        "to be float but int64 is provided",
    ),
    "strings for numbers": (
        predict(x=texts(b"1")),
        Code.INVALID_ARGUMENT,
        "to be float but string is provided",
    ),
    "another rank": (
        predict(x=floats([1])),
        Code.INVALID_ARGUMENT,
        "has shape [1,1], and the signature wants [?]",
    ),
    "unequal lengths": (
        tiny("two", a=floats(1, 2, 3), b=np.array([1, 2], np.int32)),
        Code.INVALID_ARGUMENT,
        "Incompatible shapes: ",
    ),
    "fails while it runs": (
        tiny("small", x=floats(7)),
        Code.INVALID_ARGUMENT,
        "x is not small",
    ),
    "unknown output": (
        predict(output_filter=["z"], x=floats(1)),
        Code.INVALID_ARGUMENT,
        "output tensor alias not found in signature: z Outputs expected to be in the set {y}.",
    ),
    "output twice": (
        predict(output_filter=["y", "y"], x=floats(1)),
        Code.INVALID_ARGUMENT,
        "duplicate output tensor alias: y",
    ),
    "tensor without dtype": (
        broken(dtype=0),
        Code.INVALID_ARGUMENT,
        "tensor parsing error: x: a tensor of dtype DT_INVALID cannot be sent",
    ),
    "tensor cut off": (
        broken(tensor_content=b"12345"),
        Code.INVALID_ARGUMENT,
        "tensor parsing error: x: tensor_content has 5 bytes",
    ),
    "long name": (
        predict(spec(name="n" * 50_000), x=floats(1)),
        Code.NOT_FOUND,
        "n...TRUNCATED",
    ),
    "long name of many bytes a character": (
        predict(spec(name="東" * 50_000), x=floats(1)),
        Code.NOT_FOUND,
        "東...TRUNCATED",
    ),
    "larger than allowed": (
        predict(x=np.zeros(REQUEST_BYTES // 4, np.float32)),
        Code.RESOURCE_EXHAUSTED,
        "larger than max",
    ),
}


def assert_refused(call, request, code, message, **options):
    with pytest.raises(grpc.RpcError) as raised:
        call(request, timeout=30, **options)
    assert raised.value.code() is code, raised.value.details()
    assert message in raised.value.details()


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_is_refused(client, case):
    assert_refused(client.prediction.Predict, *REFUSED[case])


def test_a_request_that_unpacks_to_more_than_allowed_is_refused(client):
    zeros = predict(x=np.zeros(REQUEST_BYTES // 4, np.float32))
    assert_refused(
        client.prediction.Predict, zeros, Code.RESOURCE_EXHAUSTED, "larger than max", compression=grpc.Compression.Gzip
    )
    small = predict(x=np.zeros(1000, np.float32))
    assert client.prediction.Predict(small, timeout=30, compression=grpc.Compression.Gzip).outputs["y"].float_val


def test_a_tensor_that_cannot_be_read_is_counted(client, predictor):
    def refused():
        page = predictor.monitoring.page().decode()
        return sum(float(line.split()[-1]) for line in page.splitlines() if 'status="INVALID_ARGUMENT"' in line)

    before = refused()
    assert_refused(client.prediction.Predict, broken(dtype=0), Code.INVALID_ARGUMENT, "cannot be sent")
    assert refused() == before + 1


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


class Patient:
    """A predictor whose answers wait until they are let go, or until their time is up."""

    manager = None

    def __init__(self):
        self.started, self.go, self.timeouts = threading.Semaphore(0), threading.Event(), []

    def predict(self, name, version, label, signature, arrays, output_filter=None, timeout=None):
        self.timeouts.append(timeout)
        self.started.release()
        if not self.go.wait(timeout):
            raise ServingError("DEADLINE_EXCEEDED", "time is up")
        return Prediction(name, 1, "serving_default", {})


def test_a_deadline_reaches_the_predictor_and_a_late_request_is_not_begun():
    patient = Patient()
    with serving(patient, workers=1) as client:
        first = client.prediction.Predict.future(predict(), timeout=5)
        assert patient.started.acquire(timeout=5)
        late = client.prediction.Predict.future(predict(), timeout=0.05)
        assert late.code() is Code.DEADLINE_EXCEEDED  # while it waits for the only thread
        patient.go.set()
        assert first.result().model_spec.name == "factor"
        client.prediction.Predict(predict())  # the thread has come by the late one
    assert len(patient.timeouts) == 2
    assert 0 < patient.timeouts[0] <= 5
    assert patient.timeouts[1] is None


def test_a_model_that_runs_too_long_is_given_up(manager):
    impatient = Predictor(manager, timeout=0.05)
    request = tiny("slow", rounds=np.array([100_000], np.int32))
    try:
        with serving(impatient) as client:
            assert_refused(client.prediction.Predict, request, Code.DEADLINE_EXCEEDED, "within 0.05 seconds")
    finally:
        impatient.close()


def test_running_calls_end_and_new_ones_are_turned_away_when_the_server_stops():
    patient = Patient()
    with serving(patient) as client:
        running = client.prediction.Predict.future(predict(), timeout=20)
        assert patient.started.acquire(timeout=5)
        stopped = client.server.stop(10)
        refused = client.prediction.Predict.future(predict(), timeout=5)
        assert refused.code() in (Code.UNAVAILABLE, Code.CANCELLED)  # the latter if it was under way just then
        assert not stopped.is_set()
        patient.go.set()
        assert running.result().model_spec.name == "factor"
        assert stopped.wait(5)


def test_a_flood_of_calls_is_turned_away():
    patient = Patient()
    with serving(patient, workers=1) as client:
        calls = [client.prediction.Predict.future(predict(), timeout=20) for _ in range(40)]
        deadline = time.monotonic() + 10
        while not any(call.done() for call in calls) and time.monotonic() < deadline:
            time.sleep(0.01)
        patient.go.set()
        codes = [call.code() for call in calls]
    assert set(codes) == {Code.OK, Code.RESOURCE_EXHAUSTED}
    assert codes.count(Code.OK) >= 17


def test_a_fault_of_the_server_is_internal_and_logged(caplog):
    class Faulty:
        manager = None

        def predict(self, *arguments, **options):
            raise ValueError("a fault")

    with serving(Faulty()) as client:
        assert_refused(client.prediction.Predict, predict(), Code.INTERNAL, "ValueError: a fault")
    assert "Predict failed" in caplog.text


def test_the_embedded_server_answers_grpc_too(factors):
    pytest.importorskip("uvicorn", reason="an ASGI server is an extra")
    from seqtasks.server.embedded import EmbeddedServer
    from seqtasks.server.models import ModelSpec

    with (
        EmbeddedServer([ModelSpec("factor", factors)], rest_port=0, grpc_port=0, request_bytes=1000) as running,
        grpc.insecure_channel(f"127.0.0.1:{running.grpc_port}") as channel,
    ):
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        assert stub.Predict(predict(x=floats(1)), timeout=30).outputs["y"].float_val == [3]
        assert_refused(stub.Predict, predict(x=np.zeros(1000)), Code.RESOURCE_EXHAUSTED, "larger than max")


def test_a_port_in_use_is_an_error(client, predictor):
    with pytest.raises(SeqtasksError, match=f"127.0.0.1:{client.port}: gRPC cannot listen here"):
        start_grpc(predictor, "127.0.0.1", client.port, max_message_bytes=REQUEST_BYTES)


def test_missing_packages_name_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    with pytest.raises(SeqtasksError, match=r'pip install "seqtasks\[grpc\]"'):
        start_grpc(None, "127.0.0.1", 0, max_message_bytes=REQUEST_BYTES)
