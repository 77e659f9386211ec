"""`seqtasks serve`: exports behind REST and gRPC, by TF Serving where it is installed, else by the embedded server."""

import contextlib
import errno
import ipaddress
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.server.models import ModelSpec
from seqtasks.serving.served_models import CANARY, STABLE, served_models
from seqtasks.serving.serving_config import (
    PROGRAM,
    ServerOptions,
    docker_command,
    server_command,
    shell_line,
    write_serving_config,
)

CONFIG_FOLDER = ".serving"  # no version's number and no task's name: TF Serving never reads it as a model
GRACE_SECONDS = 5.0
_ANY_ADDRESS = "0.0.0.0"


def _show(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Serving:
    """What is served and how, its configuration written.

    Args:
        specs: The models.
        options: How the server runs.
        config_dir: Where the configuration is.
        program: TF Serving's program, or None for the embedded server.
    """

    specs: list[ModelSpec]
    options: ServerOptions
    config_dir: Path
    program: str | None = None

    @property
    def server_line(self) -> str:
        """The command that starts TF Serving on this machine."""
        return shell_line(server_command(self.config_dir, self.specs, self.options))

    @property
    def docker_line(self) -> str:
        """The command that starts TF Serving in a container."""
        return shell_line(docker_command(self.config_dir, self.specs, self.options))

    def check_ports(self) -> None:
        """Refuses, before any model is loaded, ports that cannot be listened at.

        Raises:
            UsageError: For such a port or address.
        """
        for option, port in (("--rest-port", self.options.rest_port), ("--grpc-port", self.options.grpc_port)):
            _check_port(self._host, port, option)

    def run(self, report: Callable[[str], None] = _show) -> None:
        """Serves until Ctrl-C or SIGTERM. Where TF Serving is installed it takes the place of this process.

        Args:
            report: Called with each message.

        Raises:
            SeqtasksError: If the server does not start.
        """
        if not _is_local(self._host):
            why = f" {PROGRAM} cannot be told to answer at one address only." if self.program else ""
            report(
                f"Note: at {self._host} whoever can reach this machine can call the models: there is no password, "
                f"no encryption.{why}"
            )
        if self.program is None:
            _run_embedded(self.specs, self.options, report)
            return
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(self.program, server_command(self.config_dir, self.specs, self.options, self.program))

    @property
    def _host(self) -> str:
        return self.options.host if self.program is None else _ANY_ADDRESS


def prepare(
    models: Iterable = (),
    *,
    export_dir="saved_models",
    config_dir=None,
    options: ServerOptions | None = None,
    stable: Mapping[str, int] | None = None,
    canary: Mapping[str, int] | None = None,
    embedded: bool = False,
) -> Serving:
    """Finds what is to be served and writes TF Serving's configuration; the arguments are `serve`'s.

    Raises:
        UsageError: If there is no such export or version.
    """
    options = options or ServerOptions()
    if options.rest_port == options.grpc_port:
        raise UsageError(f"--rest-port and --grpc-port must differ. Received: {options.rest_port} for both")
    specs = served_models(models, export_dir, {STABLE: stable or {}, CANARY: canary or {}})
    folder = Path(export_dir, CONFIG_FOLDER) if config_dir is None else Path(config_dir)
    folder = folder.resolve()
    write_serving_config(folder, specs)
    return Serving(specs, options, folder, None if embedded else shutil.which(PROGRAM))


def serve(
    models: Iterable = (),
    *,
    export_dir="saved_models",
    config_dir=None,
    host: str = "127.0.0.1",
    rest_port: int = 8501,
    grpc_port: int = 8500,
    stable: Mapping[str, int] | None = None,
    canary: Mapping[str, int] | None = None,
    batching: bool = True,
    poll_seconds: int = 1,
    timeout: float = 30.0,
    request_bytes: int = ServerOptions.request_bytes,
    embedded: bool = False,
) -> None:
    """Serves exports until Ctrl-C or SIGTERM.

    Args:
        models: Tasks' names, or folders of exports; by default all that `export_dir` holds.
        export_dir: Where exports are kept.
        config_dir: Where TF Serving's configuration is written; by default a folder inside `export_dir`.
        host: The address to answer at.
        rest_port: Port of the REST interface.
        grpc_port: Port of the gRPC interface.
        stable: By task, the version that requests call by the label `stable`. Where versions have labels, only those
            are served.
        canary: By task, the version with the label `canary`.
        batching: Whether requests that arrive together run together.
        poll_seconds: How often folders are looked at for new versions.
        timeout: Seconds a request may take.
        request_bytes: Size of the largest request, in the embedded server.
        embedded: Use the embedded server even where TF Serving is installed.

    Raises:
        UsageError: If there is no such export or version, or a port cannot be listened at.
        SeqtasksError: If the server does not start.
    """
    options = ServerOptions(host, rest_port, grpc_port, batching, poll_seconds, timeout, request_bytes)
    serving = prepare(
        [models] if isinstance(models, str | Path) else models,
        export_dir=export_dir,
        config_dir=config_dir,
        options=options,
        stable=stable,
        canary=canary,
        embedded=embedded,
    )
    serving.check_ports()
    serving.run()


def _run_embedded(specs: list[ModelSpec], options: ServerOptions, report: Callable[[str], None]) -> None:
    try:
        from seqtasks.server.batching import BatchingOptions
        from seqtasks.server.embedded import EmbeddedServer
        from seqtasks.server.memory import serving_process
    except ImportError as error:
        more = 'Install them with pip install "seqtasks[serve]", or install TensorFlow Serving'
        raise SeqtasksError(f"the embedded server needs more packages: {error}. {more}") from error

    server = EmbeddedServer(
        specs,
        host=options.host,
        rest_port=options.rest_port,
        grpc_port=options.grpc_port,
        batching=BatchingOptions() if options.batching else None,
        request_bytes=options.request_bytes,
        timeout_seconds=options.timeout,
        poll_seconds=options.poll_seconds,
    )
    host = f"[{options.host}]" if ":" in options.host else options.host
    names = ", ".join(spec.name for spec in specs)
    with _terminated_as_interrupted(), contextlib.ExitStack() as memory:
        try:
            memory.enter_context(serving_process())
            server.start()
        except KeyboardInterrupt:
            report("Stopped before the models were loaded.")
            return
        try:
            grpc = server.without_grpc or f"gRPC at {host}:{server.grpc_port}"
            report(f"Serving {names} at http://{host}:{server.port}/v1/models, {grpc}. Ctrl-C stops.")
            server.wait()
        except KeyboardInterrupt:
            report("Stopping: requests under way are still answered.")
        finally:
            server.stop(GRACE_SECONDS)


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Makes SIGTERM do what Ctrl-C does; in the main thread, where alone signals arrive."""

    def interrupt(number, frame):
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_port(host: str, port: int, option: str) -> None:
    try:
        ((family, kind, protocol, _, address), *_) = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError):
        raise UsageError(f"--host {host}: no such address") from None
    with socket.socket(family, kind, protocol) as probe:
        # As servers do, or a port that a server has just left would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise _no_port(error, host, port, option) from None


def _no_port(error: OSError, host: str, port: int, option: str) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(f"{option} {port}: another program listens there. Stop it, or give another {option}")
    if error.errno == errno.EADDRNOTAVAIL:
        return UsageError(f"--host {host}: this machine has no such address")
    return UsageError(f"{option} {port} at {host}: {error.strerror}. Give another {option}")
