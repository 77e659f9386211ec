"""Cases, turns and statistics, with libraries made up for the purpose."""

import io
import json
import sys

import pytest
from seqtasks.benchmarks import layers, memory, worker, workers
from seqtasks.benchmarks.cases import Case

from seqtasks.errors import SeqtasksError, UsageError


def test_a_cases_operations_are_those_of_its_products():
    # Batch 1, 100 steps, 64 features, 128 units: [1, 192] @ [192, 512] a step, twice that again for the gradients.
    assert Case("LSTM", "S0").operations == 3 * 100 * 2 * 192 * 512
    assert Case("SimpleRNN", "S0", "inference").operations == 100 * 2 * 192 * 128
    both = Case("LSTM", "S0", "inference", bidirectional=True)
    assert both.operations == 2 * 100 * 2 * 192 * 512
    upper = 2 * 100 * 2 * (256 + 128) * 512
    assert Case("LSTM", "S0", "inference", bidirectional=True, layers=2).operations == both.operations + upper


def test_a_cases_numbers_are_the_same_each_time():
    case = Case("GRU", "S1", mask=True)
    (inputs, upstream, lengths), (again, _, _) = case.numbers(), case.numbers()
    assert (inputs == again).all()
    assert inputs.shape == (32, 50, 64)
    assert upstream.shape == (32, 50, 64)
    assert lengths.max() == lengths[0] == 50
    assert lengths.min() >= 25


class Library:
    """Two variants, of which one cannot be built."""

    def __init__(self):
        self.called = 0

    def variants(self, case):
        def build():
            return self.call

        def fail():
            raise ValueError("not\nhere")

        return {"quick": build, "broken": fail}

    def call(self):
        self.called += 1


def test_a_worker_answers_every_request_with_a_line():
    library, answers = Library(), io.StringIO()
    requests = [
        {"do": "prepare", "case": {"layer": "LSTM", "shape": "S0"}},
        {"do": "run", "variant": "quick", "seconds": 0, "least": 4},
        {"do": "run", "variant": "slow", "seconds": 0},
    ]
    worker.serve(worker.Server(library), [json.dumps(request) for request in requests], answers)
    prepared, ran, refused = map(json.loads, answers.getvalue().splitlines())
    assert prepared["answer"] == {"ready": ["quick"], "failed": {"broken": "ValueError: not here"}}
    assert len(ran["answer"]) == 4
    # Twice to get ready, once more before the four that are timed.
    assert library.called == 7
    assert refused["error"].startswith("KeyError")


SECONDS = {"seqtasks": 0.001, "seqtasks jit": 0.004, "keras": 0.003, "torch": 0.002}


class Process:
    """A worker whose calls take known times."""

    made = ()

    def __init__(self, library, environment, threads, device, show):
        self.names = {"tensorflow": ["seqtasks", "seqtasks jit", "keras"], "torch": ["torch"], "flax": []}[library]
        self.versions, self.open, self.failed = {library: "1"}, True, {}
        Process.made = (*Process.made, self)

    def ask(self, do, **request):
        if do == "prepare":
            return {"ready": self.names, "failed": self.failed}
        return {"peak": 1e9, "memory": 5.0, "run": [SECONDS.get(request.get("variant"))] * 3}[do]

    def close(self):
        self.open = False


@pytest.fixture
def processes(monkeypatch):
    monkeypatch.setattr(layers, "Worker", Process)
    monkeypatch.setattr(layers, "missing", lambda peer: [])
    monkeypatch.setattr(Process, "made", ())


def test_every_variant_has_its_turns(processes):
    results = layers.measure([Case("LSTM", "S1")], rounds=2, processes=2, tell=lambda line: None)
    (row,) = results["rows"]
    # torch-tuned is PyTorch in another environment.
    assert set(row["variants"]) == {"seqtasks", "seqtasks jit", "keras", "torch", "torch-tuned"}
    assert row["variants"]["keras"] == {"median": 3.0, "p20": 3.0, "p80": 3.0, "calls": 12, "memory_mib": 5.0}
    assert layers.best(row["variants"], "seqtasks") == 1.0
    assert layers.best(row["variants"], "torch") == 2.0
    assert layers.best(row["variants"], "flax") is None
    assert not any(process.open for process in Process.made)


def test_without_keras_only_ours_is_run_beside_the_peers(processes):
    results = layers.measure([Case("LSTM", "S1")], peers=["torch"], rounds=1, tell=lambda line: None)
    assert set(results["rows"][0]["variants"]) == {"seqtasks", "seqtasks jit", "torch"}


def test_what_is_not_installed_or_known_is_said(processes, monkeypatch):
    told = []
    monkeypatch.setattr(layers, "missing", lambda peer: ["torch"] if peer == "torch" else [])
    layers.measure([Case("LSTM", "S1")], peers=["keras", "torch"], rounds=1, tell=told.append)
    assert told[0] == "torch is not compared: torch not installed (pip install 'seqtasks[bench]')."
    with pytest.raises(UsageError, match="no peer 'theano'"):
        layers.measure([], peers=["theano"])


def test_numbers_that_differ_end_the_measurement(processes, monkeypatch):
    failed = {"seqtasks": "AssertionError: seqtasks and Keras differ by 1.0e+00"}
    monkeypatch.setattr(Process, "ask", lambda self, do, **request: {"ready": [], "failed": failed})
    with pytest.raises(SeqtasksError, match="differ by"):
        layers.measure([Case("LSTM", "S1")], rounds=1, tell=lambda line: None)


def test_a_process_that_ends_is_reported(monkeypatch):
    monkeypatch.setattr(sys, "executable", "false")
    with pytest.raises(SeqtasksError, match="the process that measures torch ended with code 1 at 'start'"):
        workers.Worker("torch", {}, 1, "cpu")


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
def test_memory_is_what_a_call_needs_on_top():
    growth = memory.growth(lambda: bytearray(64 << 20))
    if growth is None:
        pytest.skip("this system does not let a process reset its peak")
    assert 60 < growth < 80
