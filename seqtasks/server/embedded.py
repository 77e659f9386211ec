"""The embedded server: one process, REST and gRPC on the same models."""

import importlib.util
import logging
import threading
from collections.abc import Iterable

from seqtasks.server.batching import BatchingOptions
from seqtasks.server.models import ModelManager, ModelSpec
from seqtasks.server.monitoring import Monitoring
from seqtasks.server.predictor import Predictor
from seqtasks.server.rest import RestApi
from seqtasks.server.rest_server import RestServer

_GRPC_PACKAGES = {
    "grpc": "grpcio",
    "grpc_health": "grpcio-health-checking",
    "tensorflow_serving": "tensorflow-serving-api",
}

_logger = logging.getLogger(__name__)


class EmbeddedServer:
    """Serves models over REST, and over gRPC where its packages are installed.

    ```
    with EmbeddedServer([ModelSpec("ner", "saved_models/ner")]) as server:
        server.wait()
    ```

    Args:
        specs: The models.
        host: Address to listen on.
        rest_port: Port of REST; 0 for any free one.
        grpc_port: Port of gRPC; 0 for any free one, `None` for no gRPC.
        batching: How requests are joined; `None` to run each by itself.
        request_bytes: Size of the largest request.
        timeout_seconds: How long a request may take; `None` for any time.
        poll_seconds: How often the models' folders are looked at.
        cors: Whether browsers may call from other origins.

    Attributes:
        port: REST's port, from `start` on.
        grpc_port: gRPC's port, from `start` on; `None` if there is no gRPC.
        without_grpc: Why there is no gRPC although it was asked for; `None` if there is.
        predictor: What REST and gRPC share.
    """

    def __init__(
        self,
        specs: Iterable[ModelSpec],
        host: str = "127.0.0.1",
        rest_port: int = 8501,
        grpc_port: int | None = 8500,
        batching: BatchingOptions | None = None,
        request_bytes: int = 16 * 2**20,
        timeout_seconds: float | None = 30.0,
        poll_seconds: float = 1.0,
        cors: bool = False,
    ):
        manager = ModelManager(specs, poll_seconds, timeout_seconds)
        monitoring = Monitoring(manager.specs)
        monitoring.watch_versions(manager.available)
        self.predictor = Predictor(manager, batching, monitoring, timeout_seconds)
        self.port, self.grpc_port, self.without_grpc = None, None, None
        self._host, self._ports, self._request_bytes, self._cors = host, (rest_port, grpc_port), request_bytes, cors
        self._rest, self._grpc, self._stopped = None, None, threading.Event()

    def __enter__(self) -> "EmbeddedServer":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    @property
    def manager(self) -> ModelManager:
        """The models."""
        return self.predictor.manager

    def start(self) -> None:
        """Takes the ports, loads the models and starts answering.

        Raises:
            SeqtasksError: If a port cannot be had.
        """
        rest_port, grpc_port = self._ports
        try:
            self._rest = RestServer(self._host, rest_port)
            self.port = self._rest.port
            self.manager.start()
            self._rest.start(RestApi(self.predictor, self._request_bytes, self._cors))
            if grpc_port is not None:
                self._start_grpc(grpc_port)
        except BaseException:
            self.stop(grace=0)
            raise

    def wait(self) -> None:
        """Waits until `stop` is called, by another thread or a signal's handler."""
        self._stopped.wait()

    def stop(self, grace: float = 10.0) -> None:
        """Takes no more requests, lets those at hand end, and unloads the models.

        Args:
            grace: Seconds to wait before what still runs is cut off.
        """
        ended = self._grpc.stop(grace) if self._grpc is not None else None
        if self._rest is not None:
            self._rest.stop(grace)
        if ended is not None:
            ended.wait()
        self._rest = self._grpc = None
        self.manager.close()  # also ends runs that nobody waits for any more
        self.predictor.close()
        self._stopped.set()

    def _start_grpc(self, port: int) -> None:
        missing = [package for module, package in _GRPC_PACKAGES.items() if importlib.util.find_spec(module) is None]
        if missing:
            self.without_grpc = f"no gRPC: {' and '.join(missing)} not installed. REST runs alone"
            _logger.warning(self.without_grpc)
            return
        from seqtasks.server.grpc_service import start_grpc

        self._grpc, self.grpc_port = start_grpc(self.predictor, self._host, port, max_message_bytes=self._request_bytes)
