"""Processes that each run one library, asked one at a time."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field

from seqtasks.errors import SeqtasksError

# Freed memory is kept for the next call, not returned to the system and paged in again.
TUNED = {"MALLOC_MMAP_THRESHOLD_": str(2**31), "MALLOC_TRIM_THRESHOLD_": str(2**32), "MALLOC_TOP_PAD_": str(2**26)}


@dataclass(frozen=True)
class Peer:
    """A library to measure.

    Args:
        library: What `worker` calls it.
        packages: What must be installed.
        environment: Variables of its process.
    """

    library: str
    packages: tuple[str, ...]
    environment: dict = field(default_factory=dict, hash=False)


PEERS = {
    "keras": Peer("tensorflow", ("tensorflow", "keras")),
    "torch": Peer("torch", ("torch",)),
    "torch-tuned": Peer("torch", ("torch",), TUNED),
    "flax": Peer("flax", ("jax", "flax")),
}


def missing(peer: str) -> list[str]:
    """Returns the packages that a peer lacks."""
    return [package for package in PEERS[peer].packages if importlib.util.find_spec(package) is None]


class Worker:
    """A running process.

    Args:
        library: What `worker` calls it.
        environment: More variables of its environment.
        threads: How many threads it may use.
        device: "cpu" or "gpu".
        show: Whether to show what the library prints.
    """

    def __init__(self, library: str, environment: dict, threads: int, device: str, show: bool = False):
        # Threads that wait between turns sleep after some milliseconds; to forbid them to spin slows PyTorch down.
        common = {"OMP_NUM_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.library = library
        self.process = subprocess.Popen(
            [sys.executable, "-m", "seqtasks.benchmarks.worker", library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if show else subprocess.DEVNULL,
            text=True,
            env={**os.environ, **common, **environment},
        )
        try:
            self.versions = self.ask("start", threads=threads, device=device)
        except SeqtasksError:
            self.close()
            raise

    def ask(self, do: str, **arguments):
        """Sends a request and waits for its answer.

        Raises:
            SeqtasksError: The process ended, or could not do it.
        """
        try:
            self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            raise SeqtasksError(
                f"the process that measures {self.library} ended with code {self.process.wait()} at {do!r}. "
                "Run with --verbose to see why"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise SeqtasksError(f"{self.library} failed at {do!r}: {answer['error']}")
        return answer["answer"]

    def close(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        # What was written to a process that is gone cannot be flushed.
        with contextlib.suppress(OSError):
            self.process.stdin.close()
