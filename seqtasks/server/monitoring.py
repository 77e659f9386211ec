"""Prometheus metrics under the names that TF Serving exports."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = ":tensorflow:serving:"  # what becomes of the slashes in "/tensorflow/serving/"
_MICROSECONDS = [10 * 1.8**power for power in range(33)]
_ROWS = [2**power for power in range(15)]


class Monitoring:
    """Counts and times what the server does.

    Args:
        models: The names of the models; requests for any other are counted under an empty name, so that the number of
            series does not grow with what clients make up.
    """

    def __init__(self, models: Iterable[str] = ()):
        self._models = frozenset(models)
        self._registry = CollectorRegistry()
        self._requests = _RequestCount()
        self._registry.register(self._requests)
        self._request_latency = self._histogram(
            "request_latency",
            "Distribution of wall time (in microseconds) for a request that was answered.",
            ["model_name", "API", "entrypoint"],
            _MICROSECONDS,
        )
        self._runtime_latency = self._histogram(
            "runtime_latency",
            "Distribution of wall time (in microseconds) for a run of a model.",
            ["model_name", "API", "runtime"],
            _MICROSECONDS,
        )
        self._batch_size = self._histogram(
            "batching_session:processed_batch_size", "Distribution of the rows of a run.", ["model_name"], _ROWS
        )

    def watch_versions(self, available: Callable[[], dict[str, list[int]]]) -> None:
        """Also exports which versions answer requests.

        Args:
            available: Returns the versions by model.
        """
        self._registry.register(_Versions(available))

    def request(self, model: str, api: str, entrypoint: str, code: str, seconds: float) -> None:
        """Counts a request.

        Args:
            model: The model's name in the request.
            api: What was asked for, such as `"predict"`.
            entrypoint: `"REST"` or `"GRPC"`.
            code: `"OK"`, or the error's code.
            seconds: How long it took.
        """
        model = model if model in self._models else ""
        self._requests.add(model, code)
        if code == "OK":
            self._request_latency.labels(model, api, entrypoint).observe(seconds * 1e6)

    def batch(self, model: str, rows: int, seconds: float) -> None:
        """Counts a run of a model.

        Args:
            model: The model's name.
            rows: The rows of the batch.
            seconds: How long it ran.
        """
        self._runtime_latency.labels(model, "Predict", "TF1").observe(seconds * 1e6)
        self._batch_size.labels(model).observe(rows)

    def page(self) -> bytes:
        """Returns the metrics in Prometheus's text format."""
        return generate_latest(self._registry)

    def _histogram(self, name: str, documentation: str, labels: list[str], buckets: list) -> Histogram:
        return Histogram(_PREFIX + name, documentation, labels, registry=self._registry, buckets=buckets)


class _RequestCount(Collector):
    """A counter whose name stays TF Serving's: prometheus_client's own would end in `_total`."""

    def __init__(self):
        self._counts, self._lock = Counter(), threading.Lock()

    def add(self, model: str, code: str) -> None:
        with self._lock:
            self._counts[model, code] += 1

    def collect(self):
        metric = Metric(_PREFIX + "request_count", "The total number of requests.", "unknown")
        with self._lock:
            for (model, code), count in sorted(self._counts.items()):
                metric.add_sample(metric.name, {"model_name": model, "status": code}, count)
        yield metric


class _Versions(Collector):
    def __init__(self, available: Callable[[], dict[str, list[int]]]):
        self._available = available

    def collect(self):
        metric = GaugeMetricFamily(
            "seqtasks:serving:version_available", "1 for each version that answers.", labels=["model_name", "version"]
        )
        for model, versions in self._available().items():
            for version in versions:
                metric.add_metric([model, str(version)], 1)
        yield metric
