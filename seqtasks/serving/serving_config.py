"""TF Serving's configuration: which models and versions it serves, under which labels, and how it is started.

One set of files serves both ways to start it. Paths in `models.config` must be absolute, so the container mounts the
folders under the paths that they have outside, in place of its own `/models`.

A server that runs reads `models.config` again when it changes. A file that moves a label to a version that is not
loaded is refused, with all else in it: first write the file with the new version beside the old ones, then, once that
version is loaded, with the label moved.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import text_encoding

from seqtasks.files import write_text
from seqtasks.server.models import ModelSpec
from seqtasks.serving.batching_parameters import batching_parameters

MODELS, BATCHING, MONITORING = "models.config", "batching_parameters.txt", "monitoring.config"
METRICS_PATH = "/monitoring/prometheus/metrics"
PROGRAM = "tensorflow_model_server"
IMAGE = "tensorflow/serving"
_CONTAINER_GRPC_PORT, _CONTAINER_REST_PORT = 8500, 8501  # the image's own


@dataclass(frozen=True)
class ServerOptions:
    """How a server runs.

    Args:
        host: The address it answers at.
        rest_port: Port of the REST interface.
        grpc_port: Port of the gRPC interface.
        batching: Whether requests that arrive together run together.
        poll_seconds: How often folders and configuration are looked at.
        timeout: Seconds a request may take.
        request_bytes: Size of the largest request; TF Serving itself has no such limit.
    """

    host: str = "127.0.0.1"
    rest_port: int = 8501
    grpc_port: int = 8500
    batching: bool = True
    poll_seconds: int = 1
    timeout: float = 30.0
    request_bytes: int = 16 * 2**20


def write_serving_config(folder, specs: list[ModelSpec], threads: int | None = None) -> None:
    """Writes `models.config`, `batching_parameters.txt` and `monitoring.config`.

    Args:
        folder: Where they go.
        specs: The models, their folders absolute.
        threads: Batches that run at the same time; by default the machine's processors.
    """
    folder = Path(folder)
    write_text(folder / BATCHING, batching_parameters(threads))
    write_text(folder / MONITORING, monitoring_config())
    write_text(folder / MODELS, models_config(specs))


def models_config(specs: list[ModelSpec]) -> str:
    """Returns a `ModelServerConfig` message as text."""
    return f"model_config_list {{\n{''.join(map(_model, specs))}}}\n"


def monitoring_config() -> str:
    """Returns a `MonitoringConfig` message as text: metrics for Prometheus at `METRICS_PATH` of the REST port."""
    return f'prometheus_config {{\n  enable: true\n  path: "{METRICS_PATH}"\n}}\n'


def server_command(folder, specs: list[ModelSpec], options: ServerOptions, program: str = PROGRAM) -> list[str]:
    """Returns the command that starts TF Serving on this machine.

    It answers at all addresses of the machine: the program cannot be told to do otherwise.

    Args:
        folder: Where `write_serving_config` wrote.
        specs: The models.
        options: How it runs.
        program: The program.
    """
    ports = [f"--port={options.grpc_port}", f"--rest_api_port={options.rest_port}"]
    return [program, *ports, *_flags(folder, specs, options)]


def docker_command(folder, specs: list[ModelSpec], options: ServerOptions) -> list[str]:
    """Returns the command that starts TF Serving in a container; the arguments are `server_command`'s."""
    host = "127.0.0.1" if options.host == "localhost" else options.host
    host = f"[{host}]" if ":" in host else host
    command = ["docker", "run", "-t", "--rm"]
    for outside, inside in ((options.rest_port, _CONTAINER_REST_PORT), (options.grpc_port, _CONTAINER_GRPC_PORT)):
        command += ["-p", f"{host}:{outside}:{inside}"]
    for path in _mounted([Path(folder), *(Path(spec.base_path).parent for spec in specs)]):
        command += ["--mount", f"type=bind,source={path},target={path},readonly"]
    return [*command, IMAGE, *_flags(folder, specs, options)]


def shell_line(command: list[str]) -> str:
    """Returns a command as it is written in a shell."""
    return shlex.join(command)


def _flags(folder, specs, options) -> list[str]:
    folder = Path(folder)
    flags = [
        f"--model_config_file={folder / MODELS}",
        f"--model_config_file_poll_wait_seconds={options.poll_seconds}",
        f"--file_system_poll_wait_seconds={options.poll_seconds}",
        f"--monitoring_config_file={folder / MONITORING}",
        f"--rest_api_timeout_in_ms={round(1000 * options.timeout)}",
    ]
    if options.batching:
        flags += ["--enable_batching", f"--batching_parameters_file={folder / BATCHING}"]
        flags += ["--enable_per_model_batching_parameters"]
    if any(spec.labels for spec in specs):
        # Labels are read before the first version is loaded; without this the server would not start.
        flags += ["--allow_version_labels_for_unavailable_models"]
    return flags


def _mounted(folders: list[Path]) -> list[Path]:
    """Returns the folders without those inside others."""
    kept: list[Path] = []
    for folder in sorted(set(folders), key=lambda path: len(path.parts)):
        if not any(folder.is_relative_to(above) for above in kept):
            kept.append(folder)
    return kept


def _model(spec: ModelSpec) -> str:
    lines = [
        f"name: {_quoted(spec.name)}",
        f"base_path: {_quoted(spec.base_path)}",
        'model_platform: "tensorflow"',
        f"model_version_policy {{ {_policy(spec)} }}",
        *(f"version_labels {{ key: {_quoted(key)} value: {spec.labels[key]} }}" for key in sorted(spec.labels)),
    ]
    return "  config {\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def _policy(spec: ModelSpec) -> str:
    if spec.versions == "all":
        return "all { }"
    if spec.versions == "latest":
        return f"latest {{ num_versions: {spec.latest} }}"
    return f"specific {{ {' '.join(f'versions: {version}' for version in spec.versions)} }}"


def _quoted(text) -> str:
    return f'"{text_encoding.CEscape(str(text), as_utf8=True)}"'
