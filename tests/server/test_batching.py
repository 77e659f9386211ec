"""Joined requests are answered as each would be by itself."""

import threading
from concurrent.futures import CancelledError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.errors import UsageError
from seqtasks.server.batching import UNBATCHED, Batcher, BatchingOptions
from seqtasks.server.status import ServingError


class Held:
    """A servable whose first run waits until it is let go, so that what comes meanwhile must be joined."""

    def __init__(self, servable):
        self._servable = servable
        self.signatures = servable.signatures
        self.unbatchable = servable.unbatchable
        self.runs = []
        self.started, self.let_go = threading.Event(), threading.Event()

    def prepare(self, signature, arrays):
        return self._servable.prepare(signature, arrays)

    def run_prepared(self, signature, arrays):
        if not self.started.is_set():
            self.started.set()
            assert self.let_go.wait(30)
        self.runs.append(max((len(array) for array in arrays.values() if array.ndim), default=0))
        return self._servable.run_prepared(signature, arrays)


@pytest.fixture
def held(tiny):
    tiny.unbatchable.clear()
    return Held(tiny)


def floats(*values):
    return np.array(values, np.float32)


def texts(*values):
    return np.array([*values, None], object)[:-1]


def joined(held, signature, requests, **options):
    """Returns the answers of requests that all waited while another one ran, and the rows of the runs."""
    batcher = Batcher(BatchingOptions(num_batch_threads=1, **options))
    try:
        first = batcher.submit(held, "scalar", held.prepare("scalar", {"x": floats(0)}))
        assert held.started.wait(30)
        futures = [batcher.submit(held, signature, held.prepare(signature, request)) for request in requests]
        held.let_go.set()
        first.result(30)
        return [answer(future) for future in futures], held.runs[1:]
    finally:
        held.let_go.set()
        batcher.close()


def answer(future):
    try:
        return {name: array.tolist() for name, array in future.result(30).items()}
    except ServingError as error:
        return error


def alone(tiny, signature, request):
    return {name: array.tolist() for name, array in tiny.run(signature, request).items()}


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.lists(st.tuples(st.floats(-9, 9, width=32), st.integers(-9, 9)), max_size=4), min_size=1, max_size=6)
)
def test_joined_answers_are_those_of_each_alone(tiny, requests):
    requests = [
        {"a": np.array([a for a, _ in rows], np.float32), "b": np.array([b for _, b in rows], np.int32)}
        for rows in requests
    ]
    answers, runs = joined(Held(tiny), "two", requests)
    assert answers == [alone(tiny, "two", request) for request in requests]
    assert sum(runs) == sum(len(request["a"]) for request in requests)
    full = [request for request in requests if len(request["a"])]
    assert len(runs) == (len(requests) - len(full)) + bool(full)


def test_texts_are_joined_too(held, tiny):
    requests = [{"text": texts("é".encode(), b"\0")}, {"text": texts(b"")}, {"text": texts(b"c" * 1000)}]
    answers, runs = joined(held, "serving_default", requests)
    assert answers == [alone(tiny, "", request) for request in requests]
    assert runs == [4]


def test_a_batch_has_no_more_rows_than_it_may(held, tiny):
    requests = [{"x": np.full([rows], rows, np.float32)} for rows in (2, 2, 1, 7, 1)]
    answers, runs = joined(held, "small", requests[:3] + requests[4:], max_batch_size=4)
    assert runs == [4, 2]
    assert answers[0] == {"y": [3, 3]}


def test_a_request_larger_than_a_batch_runs_by_itself(held):
    answers, runs = joined(held, "matrix", [{"x": np.ones((9, 2), np.float32)}] * 2, max_batch_size=4)
    assert runs == [9, 9]
    assert [len(answer["doubled"]) for answer in answers] == [9, 9]


def test_one_bad_request_does_not_spoil_the_others(held):
    answers, runs = joined(held, "small", [{"x": floats(1)}, {"x": floats(1, 9)}, {"x": floats(2)}])
    assert answers[0] == {"y": [2]}
    assert answers[2] == {"y": [3]}
    assert answers[1].code == "INVALID_ARGUMENT"
    assert "x is not small" in answers[1].message
    assert runs == [4, 1, 2, 1]


@pytest.mark.parametrize(
    ("signature", "requests"),
    [
        ("scalar", [{"x": floats(1)}, {"x": floats(2)}]),
        ("words", [{"text": texts(b"a b c")}, {"text": texts(b"d")}]),
        ("constant", [{}, {}]),
    ],
)
def test_outputs_that_are_not_row_by_row_are_not_joined(held, tiny, signature, requests):
    answers, runs = joined(held, signature, requests)
    assert answers == [alone(tiny, signature, request) for request in requests]
    assert len(runs) == 2


def test_a_signature_that_hides_that_it_is_not_row_by_row_is_found_out(held, tiny):
    requests = [{"x": floats(1, 2)}, {"x": floats(3)}]
    answers, runs = joined(held, "not_rows", requests)
    assert answers == [{"y": [2]}, {"y": []}]
    assert runs == [3, 2, 1]
    again, runs = joined(Held(tiny), "not_rows", requests)
    assert again == answers
    assert runs == [2, 1]


def test_padded_answers_are_joined_only_if_asked_for(held):
    requests = [{"text": texts(b"a b c")}, {"text": texts(b"d")}]
    answers, runs = joined(held, "words", requests, pad_variable_length_outputs=True)
    assert runs == [2]
    assert answers[1] == {"words": [[b"d", b"", b""]]}


def test_requests_of_different_shapes_or_signatures_are_not_joined(held, tiny):
    batcher = Batcher(BatchingOptions(num_batch_threads=1))
    first = batcher.submit(held, "scalar", {"x": floats(0)})
    assert held.started.wait(30)
    small = [batcher.submit(held, "small", {"x": floats(1)}) for _ in range(2)]
    text = batcher.submit(held, "serving_default", {"text": texts(b"a")})
    held.let_go.set()
    first.result(30)
    assert [future.result(30)["y"].tolist() for future in small] == [[2], [2]]
    assert text.result(30)["echoed"].tolist() == [b"a"]
    assert held.runs[1:] == [2, 1]
    batcher.close()


def test_without_batching_nothing_is_joined(held):
    requests = [{"x": floats(1)}] * 3
    answers, runs = joined(held, "small", requests, max_batch_size=1)
    assert runs == [1, 1, 1]
    assert answers == [{"y": [2]}] * 3
    assert UNBATCHED.max_batch_size == 1


def test_a_full_queue_refuses(held):
    batcher = Batcher(BatchingOptions(max_batch_size=2, max_enqueued_batches=2, num_batch_threads=1))
    first = batcher.submit(held, "scalar", {"x": floats(0)})
    assert held.started.wait(30)
    waiting = [batcher.submit(held, "small", {"x": floats(1, 2)}) for _ in range(2)]
    with pytest.raises(
        ServingError, match="The batch scheduling queue to which this task was submitted is full"
    ) as full:
        batcher.submit(held, "small", {"x": floats(1)})
    assert full.value.code == "UNAVAILABLE"
    other = batcher.submit(held, "matrix", {"x": np.ones((1, 2), np.float32)})
    held.let_go.set()
    for future in (first, *waiting, other):
        future.result(30)
    batcher.submit(held, "small", {"x": floats(1)}).result(30)
    batcher.close()


def test_a_request_that_is_cancelled_while_it_waits_never_runs(held):
    batcher = Batcher(BatchingOptions(num_batch_threads=1))
    first = batcher.submit(held, "scalar", {"x": floats(0)})
    assert held.started.wait(30)
    cancelled, kept = (batcher.submit(held, "small", {"x": floats(1)}) for _ in range(2))
    assert cancelled.cancel()
    held.let_go.set()
    first.result(30)
    assert kept.result(30)["y"].tolist() == [2]
    assert held.runs[1:] == [1]
    with pytest.raises(CancelledError):
        cancelled.result(30)
    batcher.close()


def test_closing_answers_what_waits_and_refuses_the_rest(held):
    batcher = Batcher(BatchingOptions(num_batch_threads=1))
    first = batcher.submit(held, "scalar", {"x": floats(0)})
    assert held.started.wait(30)
    waiting = batcher.submit(held, "small", {"x": floats(1)})
    closing = threading.Thread(target=batcher.close)
    closing.start()
    held.let_go.set()
    closing.join(30)
    assert not closing.is_alive()
    assert first.done()
    assert waiting.result(0)["y"].tolist() == [2]
    with pytest.raises(ServingError, match="shutting down"):
        batcher.submit(held, "small", {"x": floats(1)})


def test_a_batch_may_wait_for_more(tiny):
    batcher = Batcher(BatchingOptions(max_batch_size=2, batch_timeout_micros=20_000_000, num_batch_threads=1))
    rows = []
    batcher._on_batch = lambda servable, count, seconds: rows.append(count)
    futures = [batcher.submit(tiny, "small", {"x": floats(number)}) for number in range(4)]
    assert [future.result(10)["y"].tolist() for future in futures] == [[1], [2], [3], [4]]
    batcher.close()
    assert rows == [2, 2]


def test_a_batch_waits_no_longer_than_it_may(tiny):
    batcher = Batcher(BatchingOptions(max_batch_size=100, batch_timeout_micros=20_000, num_batch_threads=2))
    assert batcher.submit(tiny, "small", {"x": floats(1)}).result(10)["y"].tolist() == [2]
    batcher.close()


@pytest.mark.parametrize(
    "bad",
    [{"max_batch_size": 0}, {"batch_timeout_micros": -1}, {"max_enqueued_batches": 0}, {"num_batch_threads": 0}],
)
def test_options_that_make_no_sense_are_refused(bad):
    with pytest.raises(UsageError, match=next(iter(bad))):
        BatchingOptions(**bad)
