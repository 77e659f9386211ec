"""Runs an ASGI application on a port, on a thread of its own."""

import errno
import os
import socket
import threading

import uvicorn

from seqtasks.errors import SeqtasksError

_BACKLOG = 2048
_IDLE_SECONDS = 75  # after which a connection is closed: longer than clients pause


class RestServer:
    """An HTTP server.

    Its port is taken at once, so that a port in use is told before anything takes time; it answers from `start` on.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 for any free one.

    Raises:
        SeqtasksError: If the port cannot be had.
    """

    def __init__(self, host: str, port: int):
        self._socket = _bind(host, port)
        self.port = self._socket.getsockname()[1]
        self._server, self._thread = None, None

    def start(self, app) -> None:
        """Starts answering.

        Args:
            app: The ASGI application.
        """
        config = uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_IDLE_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="rest", daemon=True
        )
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
            if not self._thread.is_alive():
                raise SeqtasksError("the REST server did not start; its log says why")

    def stop(self, grace: float) -> None:
        """Takes no more connections, and lets what runs end.

        Args:
            grace: Seconds to wait before what still runs is cut off.
        """
        if self._thread is not None:
            self._server.config.timeout_graceful_shutdown = max(round(grace), 1)
            self._server.should_exit = True
            self._thread.join()
        self._socket.close()


def _bind(host: str, port: int) -> socket.socket:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError, UnicodeError) as error:
        raise SeqtasksError(f"{where}: REST cannot listen here: {error}") from error
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, OverflowError) as error:
        listener.close()
        in_use = getattr(error, "errno", None) == errno.EADDRINUSE
        why = "another program uses the port. Choose another one" if in_use else str(error)
        raise SeqtasksError(f"{where}: REST cannot listen here: {why}") from error
    return listener
