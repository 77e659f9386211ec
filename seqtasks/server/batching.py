"""Joins requests that arrive together into one run of the model."""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from seqtasks.errors import UsageError
from seqtasks.server.servable import Servable, Signature
from seqtasks.server.status import ServingError, as_serving_error

_logger = logging.getLogger(__name__)
_LEAST_THREADS = 4
_NOT_WORTH_REPEATING = {"DEADLINE_EXCEEDED", "CANCELLED", "UNAVAILABLE"}


@dataclass(frozen=True)
class BatchingOptions:
    """How requests are joined; the names are those of TF Serving's batching parameters.

    Args:
        max_batch_size: Rows of a batch; a larger request runs by itself. With 1, no requests are joined.
        batch_timeout_micros: How long a request waits for others while a thread is free; with 0, requests are joined
            only while all threads are busy.
        max_enqueued_batches: Batches that may wait for a signature; further requests are refused as UNAVAILABLE.
        num_batch_threads: Batches that run at a time; by default as many as processors, and four at least, so that one
            long request does not keep all others waiting.
        pad_variable_length_outputs: Also join requests to signatures that pad their outputs, as tagging pads to the
            longest sentence. An answer is then padded to the longest of its batch, as TF Serving's are, where it would
            by itself be padded to its own longest.

    Raises:
        UsageError: If a value makes no sense.
    """

    max_batch_size: int = 32
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 100
    num_batch_threads: int | None = None
    pad_variable_length_outputs: bool = False

    def __post_init__(self):
        for name, least in (("max_batch_size", 1), ("batch_timeout_micros", 0), ("max_enqueued_batches", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} is {least} or more. Received: {getattr(self, name)}")
        if self.num_batch_threads is not None and self.num_batch_threads < 1:
            raise UsageError(f"num_batch_threads is 1 or more. Received: {self.num_batch_threads}")


# Without batching, threads only have to keep the processors busy while others wait for locks or memory.
UNBATCHED = BatchingOptions(max_batch_size=1, max_enqueued_batches=1000, num_batch_threads=4 * (os.cpu_count() or 1))


class _Task:
    def __init__(self, servable: Servable, signature: str, arrays: dict[str, np.ndarray], rows: int):
        self.servable, self.signature, self.arrays, self.rows = servable, signature, arrays, rows
        self.future: Future = Future()
        self.arrived = time.monotonic()


class Batcher:
    """Runs requests on threads of its own, those that fit together as one batch.

    Requests fit if they are for the same version and signature, and their inputs have the same shape but for the first
    axis. When a batch fails, its requests are run one by one, so that each gets its own answer.

    Args:
        options: How to join.
        on_batch: Called with the servable, the rows and the seconds of each run that succeeded.
    """

    def __init__(
        self, options: BatchingOptions = UNBATCHED, on_batch: Callable[[Servable, int, float], None] | None = None
    ):
        self.options, self._on_batch = options, on_batch
        self._queues: dict[tuple, deque[_Task]] = {}
        self._waiting: dict[tuple, int] = {}  # rows by servable and signature
        self._changed = threading.Condition()
        self._closed = False
        count = options.num_batch_threads or max(os.cpu_count() or 1, _LEAST_THREADS)
        self._threads = [threading.Thread(target=self._work, name=f"batch-{i}", daemon=True) for i in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, servable: Servable, signature: str, arrays: dict[str, np.ndarray]) -> Future:
        """Enqueues a request.

        Args:
            servable: Its version, which the caller keeps loaded until the result is there.
            signature: The signature's name.
            arrays: What `servable.prepare` returned.

        Returns:
            A future of the outputs by name. Cancelling it takes the request out while it waits.

        Raises:
            ServingError: UNAVAILABLE if too many requests wait.
        """
        rows = self._rows(servable, signature, arrays)
        task = _Task(servable, signature, arrays, rows or 1)
        shapes = tuple((array.shape[1:], array.dtype.str) for array in arrays.values()) if rows else None
        whose = (id(servable), signature)
        with self._changed:
            if self._closed:
                raise ServingError("UNAVAILABLE", "the server is shutting down")
            waiting = self._waiting.get(whose, 0)
            limit = self.options.max_batch_size * self.options.max_enqueued_batches
            if waiting and waiting + task.rows > limit:
                raise ServingError(
                    "UNAVAILABLE",
                    "The batch scheduling queue to which this task was submitted is full; currently "
                    f"{waiting} rows wait, and {limit} may",
                )
            self._waiting[whose] = waiting + task.rows
            # A request that cannot be joined has a queue to itself.
            key = (*whose, shapes) if shapes is not None else (*whose, id(task))
            self._queues.setdefault(key, deque()).append(task)
            self._changed.notify()
        return task.future

    def close(self) -> None:
        """Runs what waits, then ends the threads; further requests are refused."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _rows(self, servable: Servable, signature: str, arrays: dict[str, np.ndarray]) -> int:
        """Returns the rows of a request; 0 if it cannot be joined with others."""
        if self.options.max_batch_size == 1 or signature in servable.unbatchable:
            return 0
        if not _joinable(servable.signatures[signature], self.options.pad_variable_length_outputs):
            return 0
        sizes = {array.shape[0] for array in arrays.values()}
        return sizes.pop() if len(sizes) == 1 else 0

    def _work(self) -> None:
        while (tasks := self._next_batch()) is not None:
            try:
                self._run([task for task in tasks if task.future.set_running_or_notify_cancel()])
            except Exception:  # without this thread, requests would wait for ever
                _logger.exception("a batch could not be answered")

    def _next_batch(self) -> list[_Task] | None:
        """Waits for a batch, and returns it; `None` once there will be no more."""
        with self._changed:
            while True:
                key, wait = self._ripe()
                if key is not None:
                    return self._take(key)
                if self._closed and not self._queues:
                    return None
                self._changed.wait(wait)

    def _ripe(self) -> tuple[tuple | None, float | None]:
        """Returns the queue that has waited longest if it need not wait for more, or else how long it must."""
        if not self._queues:
            return None, None
        now, timeout = time.monotonic(), self.options.batch_timeout_micros / 1e6
        if not timeout or self._closed:
            return next(iter(self._queues)), None
        for key, queue in self._queues.items():
            unjoinable = not isinstance(key[2], tuple)
            if unjoinable or sum(task.rows for task in queue) >= self.options.max_batch_size:
                return key, None
        key, queue = min(self._queues.items(), key=lambda item: item[1][0].arrived)
        left = queue[0].arrived + timeout - now
        return (key, None) if left <= 0 else (None, left)

    def _take(self, key: tuple) -> list[_Task]:
        queue, tasks, rows = self._queues.pop(key), [], 0
        while queue and (not tasks or rows + queue[0].rows <= self.options.max_batch_size):
            tasks.append(queue.popleft())
            rows += tasks[-1].rows
        if queue:  # behind the others: queues take turns
            self._queues[key] = queue
            self._changed.notify()
        left = self._waiting[key[:2]] - rows
        if left:
            self._waiting[key[:2]] = left
        else:
            del self._waiting[key[:2]]
        return tasks

    def _run(self, tasks: list[_Task]) -> None:
        if not tasks:
            return
        start = time.monotonic()
        try:
            answers = _run_joined(tasks)
        except Exception as error:
            failure = as_serving_error(error)
            if len(tasks) == 1 or failure.code in _NOT_WORTH_REPEATING:
                for task in tasks:
                    task.future.set_exception(failure)
            else:
                for task in tasks:
                    self._run([task])
            return
        seconds = time.monotonic() - start
        for task, answer in zip(tasks, answers, strict=True):
            task.future.set_result(answer)
        if self._on_batch is not None:
            self._on_batch(tasks[0].servable, sum(task.rows for task in tasks), seconds)


def _joinable(signature: Signature, pad_outputs: bool) -> bool:
    """Returns whether a signature's tensors say that their first axis, and it alone, is the batch."""
    for info in signature.inputs.values():
        if not info.shape or info.shape[0] != -1:
            return False
    for info in signature.outputs.values():
        if not info.shape or info.shape[0] != -1 or (-1 in info.shape[1:] and not pad_outputs):
            return False
    return bool(signature.inputs)


def _run_joined(tasks: list[_Task]) -> list[dict[str, np.ndarray]]:
    """Runs tasks as one batch, and returns the outputs of each."""
    servable, signature = tasks[0].servable, tasks[0].signature
    if len(tasks) == 1:
        return [servable.run_prepared(signature, tasks[0].arrays)]
    joined = {name: np.concatenate([task.arrays[name] for task in tasks]) for name in tasks[0].arrays}
    outputs = servable.run_prepared(signature, joined)
    ends = np.cumsum([task.rows for task in tasks])
    for name, output in outputs.items():
        if output.shape[:1] != (ends[-1],):
            servable.unbatchable.add(signature)
            raise ServingError("INTERNAL", f"output {name!r} has shape {output.shape} for {ends[-1]} rows")
    parts = {name: np.split(output, ends[:-1]) for name, output in outputs.items()}
    return [{name: part[place] for name, part in parts.items()} for place in range(len(tasks))]
