"""An embedded server in a process of its own, and what is asked of it.

    python -m seqtasks.benchmarks.server_process BASE_PATH OPTIONS

prints the port of a server of the model in BASE_PATH, and ends with its standard input.
"""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqtasks.errors import SeqtasksError
from seqtasks.server.version_folders import version_folders

LOAD_SECONDS = 300.0


@dataclass
class Server:
    """A running server.

    Args:
        process: Its process.
        name: The model's name.
        port: Its port.
    """

    process: subprocess.Popen
    name: str
    port: int

    @property
    def path(self) -> str:
        """The path of the model."""
        return f"/v1/models/{self.name}"

    def connect(self, timeout: float = 60.0) -> http.client.HTTPConnection:
        """Returns a connection to it."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path: str = "") -> dict:
        """Returns what it says of the model."""
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", self.path + path)
            return json.loads(connection.getresponse().read())

    def available(self) -> list[int]:
        """Returns the versions that answer, newest first."""
        statuses = self.get().get("model_version_status", [])
        return [int(status["version"]) for status in statuses if status["state"] == "AVAILABLE"]

    def wait_for(self, version: int, seconds: float = LOAD_SECONDS) -> None:
        """Waits until a version answers.

        Raises:
            SeqtasksError: It does not come.
        """
        end = time.monotonic() + seconds
        while version not in self.available():
            if time.monotonic() > end:
                raise SeqtasksError(f"version {version} was not available after {seconds:g} s: {self.get()}")
            time.sleep(0.2)

    def mebibytes(self) -> float:
        """Returns how much memory it has (Linux)."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text("utf-8").splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


@contextlib.contextmanager
def serving(base_path, **options) -> Iterator[Server]:
    """Gives a server of a model, in a process of its own.

    Args:
        base_path: The folder of the model's versions.
        **options: `batching`, whether to join requests, and what else `EmbeddedServer` takes.

    Raises:
        SeqtasksError: It does not start.
    """
    base_path = Path(base_path).resolve()
    command = [sys.executable, "-m", "seqtasks.benchmarks.server_process", str(base_path), json.dumps(options)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip()
            if not port:
                raise SeqtasksError(f"the server did not start: exit code {process.wait()}")
            yield Server(process, base_path.name, int(port))
        finally:
            process.stdin.close()


def request_bodies(version_folder, signature: str, count: int, batch: int, length: str) -> list[bytes]:
    """Returns the JSON of requests in row format, of the words of the export's examples.

    Args:
        version_folder: A version's folder.
        signature: The signature to ask.
        count: How many requests, each with other texts.
        batch: Their rows.
        length: Their length, of `export_requests.LENGTHS`.
    """
    import tensorflow as tf
    from seqtasks.benchmarks.export_requests import make_arguments

    from seqtasks.config import Config
    from seqtasks.server.json_answers import write_predictions
    from seqtasks.server.servable import Servable
    from seqtasks.serving.export import DESCRIPTION

    description = json.loads((Path(version_folder) / DESCRIPTION).read_text("utf-8"))
    inputs = Config.from_dict(description["config"]).inputs
    servable = Servable("", 1, version_folder)
    known = servable.signature(signature).inputs
    servable.close()
    specs = {
        name: tf.TensorSpec([None if size == -1 else size for size in info.shape], info.dtype, name)
        for name, info in known.items()
    }
    defaults = description.get("defaults", {})
    examples = [example for example in description["serving_examples"] if example.strip()]
    bodies = []
    for number in range(count):
        turned = examples[number % len(examples) :] + examples[: number % len(examples)]
        arguments = make_arguments(specs, turned, defaults, batch, length, inputs)
        rows = write_predictions({name: arguments[name] for name in known}, row_format=True)
        _, _, rows = rows.partition(b": ")
        bodies.append(b'{"signature_name": %s, "instances": %s' % (json.dumps(signature).encode(), rows))
    return bodies


def newest(base_path) -> Path:
    """Returns the folder of a model's newest version.

    Raises:
        SeqtasksError: It has none.
    """
    folders = version_folders(base_path) if Path(base_path).is_dir() else {}
    if not folders:
        raise SeqtasksError(
            f"{base_path}: no version of a model here. Name the folder that holds its numbered versions"
        )
    return folders[max(folders)]


def _serve(base_path: str, options: dict) -> None:
    from seqtasks.server.batching import BatchingOptions
    from seqtasks.server.embedded import EmbeddedServer
    from seqtasks.server.memory import serving_process
    from seqtasks.server.models import ModelSpec

    batching = BatchingOptions() if options.pop("batching", False) else None
    spec = ModelSpec(Path(base_path).name, Path(base_path))
    server = EmbeddedServer([spec], rest_port=0, grpc_port=None, batching=batching, **options)
    with serving_process(), server:
        print(server.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _serve(sys.argv[1], json.loads(sys.argv[2]))
