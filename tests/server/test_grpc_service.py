"""How the gRPC server starts, keeps time and stops."""

import sys
import threading
import time

import numpy as np
import pytest

pytest.importorskip("tensorflow_serving", reason="gRPC is an extra")

from tensorflow_serving.apis import prediction_service_pb2_grpc

from seqtasks.errors import SeqtasksError
from seqtasks.server.grpc_service import start_grpc
from seqtasks.server.predictor import Prediction, Predictor
from seqtasks.server.status import ServingError

from .grpc_calls import REQUEST_BYTES, Code, assert_refused, floats, grpc, predict, predicting, serving, tiny


@pytest.fixture(scope="module")
def predictor(tiny_folder, factors):
    with predicting(tiny_folder, factors) as running:
        yield running


@pytest.fixture(scope="module")
def client(predictor):
    with serving(predictor) as connected:
        yield connected


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
    assert 0 < patient.timeouts[0] < 6  # gRPC rounds up a little
    assert patient.timeouts[1] is None


def test_a_model_that_runs_too_long_is_given_up(predictor):
    impatient = Predictor(predictor.manager, timeout=0.05)
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
