"""What REST and gRPC share: from a request's arrays to its outputs."""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, TimeoutError
from typing import NamedTuple

import numpy as np

from seqtasks.server.batching import UNBATCHED, Batcher, BatchingOptions
from seqtasks.server.models import ModelManager
from seqtasks.server.monitoring import Monitoring
from seqtasks.server.servable import DEFAULT_SIGNATURE, Servable
from seqtasks.server.status import ServingError, as_serving_error, invalid


class Prediction(NamedTuple):
    """The answer to a request.

    Args:
        name: The model's name.
        version: The version that answered.
        signature: The signature that ran.
        outputs: Arrays by output name.
    """

    name: str
    version: int
    signature: str
    outputs: dict[str, np.ndarray]


class Predictor:
    """Runs requests on the models of a manager, batched, counted and within a time limit.

    Args:
        manager: The models; also `predictor.manager`.
        batching: How requests are joined; `None` to run each by itself.
        monitoring: What counts them; also `predictor.monitoring`.
        timeout: Seconds a request may take; `None` for any time.
    """

    def __init__(
        self,
        manager: ModelManager,
        batching: BatchingOptions | None = None,
        monitoring: Monitoring | None = None,
        timeout: float | None = None,
    ):
        self.manager, self.timeout = manager, timeout
        self.monitoring = monitoring or Monitoring(manager.specs)
        self._batcher = Batcher(batching or UNBATCHED, self._ran)

    def predict(
        self,
        name: str,
        version: int | None,
        label: str | None,
        signature: str | None,
        arrays: Mapping[str, np.ndarray],
        output_filter: Iterable[str] | None = None,
        timeout: float | None = None,
        entrypoint: str = "GRPC",
    ) -> Prediction:
        """Runs one request, and waits for it; may be called from any thread.

        Args:
            name: The model's name.
            version: The version; the newest available one if neither it nor `label` is given.
            label: A label of a version, in place of `version`.
            signature: The signature's name; `serving_default` if it is empty.
            arrays: Arguments by input name; strings are object arrays of `bytes`.
            output_filter: Names of the outputs wanted; all of them if it is empty.
            timeout: Seconds this request may take, if fewer than the predictor's.
            entrypoint: The protocol it came by, for the metrics.

        Raises:
            ServingError: With the code and message to answer.
        """
        start, code = time.monotonic(), "OK"
        limits = [seconds for seconds in (self.timeout, timeout) if seconds is not None]
        try:
            with self.manager.use(name, version, label) as servable:
                wanted = _wanted(servable, signature, output_filter)
                outputs = _result(self.submit(servable, signature, arrays), min(limits, default=None))
                outputs = {key: outputs[key] for key in wanted}
                return Prediction(servable.name, servable.version, signature or DEFAULT_SIGNATURE, outputs)
        except Exception as error:
            failure = as_serving_error(error)
            code = failure.code
            raise failure from error
        finally:
            self.monitoring.request(name, "Predict", entrypoint, code, time.monotonic() - start)

    def submit(self, servable: Servable, signature: str | None, arrays: Mapping[str, np.ndarray]) -> Future:
        """Checks a request's arguments and lets it run, without waiting for it.

        Args:
            servable: The version, from `manager.use`, which must last until the result is there.
            signature: The signature's name; `serving_default` if it is empty.
            arrays: Arguments by input name.

        Returns:
            A future of all outputs by name. Cancelling it takes the request out while it waits.

        Raises:
            ServingError: If the arguments do not fit, or too many requests wait.
        """
        return self._batcher.submit(servable, signature or DEFAULT_SIGNATURE, servable.prepare(signature, arrays))

    def close(self) -> None:
        """Ends what runs; further requests are refused."""
        self._batcher.close()

    def _ran(self, servable: Servable, rows: int, seconds: float) -> None:
        self.monitoring.batch(servable.name, rows, seconds)


def deadline_exceeded(seconds: float) -> ServingError:
    """Returns the error for a request that took longer than it may."""
    return ServingError("DEADLINE_EXCEEDED", f"the request was not answered within {seconds:g} seconds")


def _wanted(servable: Servable, signature: str | None, output_filter: Iterable[str] | None) -> list[str]:
    known = servable.signature(signature).outputs
    wanted = list(output_filter or known)
    for name in wanted:
        if name not in known:
            raise invalid(
                f"output tensor alias not found in signature: {name} Outputs expected to be in the set "
                f"{{{','.join(known)}}}."
            )
    return wanted


def _result(future: Future, seconds: float | None) -> dict[str, np.ndarray]:
    try:
        return future.result(seconds)
    except TimeoutError as error:
        future.cancel()
        raise deadline_exceeded(seconds) from error
