"""Requests by name, with filters, limits and counts."""

import numpy as np
import pytest

from seqtasks.server.batching import BatchingOptions
from seqtasks.server.models import ModelManager, ModelSpec
from seqtasks.server.predictor import Predictor
from seqtasks.server.status import ServingError


@pytest.fixture(scope="module")
def manager(tiny_folder):
    manager = ModelManager([ModelSpec("tiny", tiny_folder, labels={"stable": 1})], timeout_seconds=2.0)
    manager.start()
    yield manager
    manager.close()


@pytest.fixture
def predictor(manager):
    predictor = Predictor(manager, BatchingOptions(num_batch_threads=1), timeout=20.0)
    yield predictor
    predictor.close()


TWO = {"a": np.array([1, 2], np.float32), "b": np.array([3, 4], np.int32)}


def refused(predictor, *arguments, **keywords):
    with pytest.raises(ServingError) as raised:
        predictor.predict(*arguments, **keywords)
    return raised.value


@pytest.mark.parametrize(("version", "label"), [(None, None), (1, None), (None, "stable")])
def test_the_answer_says_who_answered(predictor, version, label):
    answer = predictor.predict("tiny", version, label, "two", TWO)
    assert answer[:3] == ("tiny", 1, "two")
    assert {name: array.tolist() for name, array in answer.outputs.items()} == {"product": [3, 8], "sum": [4, 6]}
    text = {"text": np.array([b"a"], object)}
    assert predictor.predict("tiny", version, label, "", text).signature == "serving_default"


def test_a_filter_names_the_outputs(predictor):
    assert list(predictor.predict("tiny", None, None, "two", TWO, ["sum"]).outputs) == ["sum"]
    assert list(predictor.predict("tiny", None, None, "two", TWO, []).outputs) == ["product", "sum"]
    error = refused(predictor, "tiny", None, None, "two", TWO, ["total"])
    assert (error.code, error.message) == (
        "INVALID_ARGUMENT",
        "output tensor alias not found in signature: total Outputs expected to be in the set {product,sum}.",
    )


def test_a_request_may_have_less_time_than_the_server_gives(predictor):
    rounds = {"rounds": np.array([2**31 - 1], np.int32)}
    error = refused(predictor, "tiny", None, None, "slow", rounds, timeout=0.1)
    assert (error.code, error.message) == ("DEADLINE_EXCEEDED", "the request was not answered within 0.1 seconds")


def test_everything_is_counted(predictor):
    predictor.predict("tiny", None, None, "two", TWO)
    refused(predictor, "tiny", 7, None, "two", TWO)
    refused(predictor, "other", None, None, "two", TWO)
    refused(predictor, "tiny", None, None, "two", {})
    refused(predictor, "tiny", None, None, "none", {})
    page = predictor.monitoring.page().decode()
    counts = {("tiny", "OK"): 1, ("tiny", "NOT_FOUND"): 1, ("", "NOT_FOUND"): 1}
    counts |= {("tiny", "INVALID_ARGUMENT"): 1, ("tiny", "FAILED_PRECONDITION"): 1}
    for (model, code), count in counts.items():
        assert f':tensorflow:serving:request_count{{model_name="{model}",status="{code}"}} {count}.0\n' in page
    series = 'API="Predict",entrypoint="GRPC",model_name="tiny"'
    assert f":tensorflow:serving:request_latency_count{{{series}}} 1.0" in page
    assert ':tensorflow:serving:batching_session:processed_batch_size_sum{model_name="tiny"} 2.0' in page


def test_a_closed_predictor_refuses(manager):
    predictor = Predictor(manager)
    predictor.close()
    assert refused(predictor, "tiny", None, None, "two", TWO).code == "UNAVAILABLE"
