"""Keeps the embedded server busy, and swaps new versions in meanwhile.

    python benchmarks/server_soak.py saved_models/ner --minutes 30 --clients 8 --swap-seconds 60

The server runs in a process of its own on a copy of the model's newest version. Clients send requests over kept
connections, each as soon as the answer before has come. Every `--swap-seconds` the version is copied to the next
number, through a temporary name, and the one before the last is removed. Whatever is not answered with 200 is an error;
errors, or a version that does not come, make the exit code 1.
"""

import argparse
import collections
import contextlib
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from seqtasks.benchmarks.server_process import Server, newest, request_bodies, serving

from seqtasks.errors import SeqtasksError

BODIES = 16
SAMPLE_SECONDS = 1.0
WARM_UP_SHARE = 0.2  # of the time, not counted in the slope of memory


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path, help="a model's folder, with its versions inside")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--swap-seconds", type=float, default=30.0, help="0 for no new versions")
    parser.add_argument("--signature", default="serving_default")
    parser.add_argument("--batch", type=int, default=1, help="rows of a request")
    parser.add_argument("--length", default="short", help="short, medium or long requests")
    parser.add_argument("--no-batching", action="store_true", help="run every request by itself")
    arguments = parser.parse_args()
    try:
        return soak(arguments)
    except SeqtasksError as error:
        print(error, file=sys.stderr)
        return 1


def soak(arguments) -> int:
    """Runs everything and reports; returns the exit code."""
    version = newest(arguments.model)
    bodies = request_bodies(version, arguments.signature, BODIES, arguments.batch, arguments.length)
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary, arguments.model.resolve().name)
        shutil.copytree(version, base / "1")
        with serving(base, batching=not arguments.no_batching) as server:
            server.wait_for(1)
            end = time.monotonic() + 60 * arguments.minutes
            clients = [Client(server, bodies, place, end) for place in range(arguments.clients)]
            memory, swaps = [(time.monotonic(), server.mebibytes())], 0
            for client in clients:
                client.start()
            swap_at = time.monotonic() + (arguments.swap_seconds or 1e9)
            while time.monotonic() < end and server.process.poll() is None:
                time.sleep(SAMPLE_SECONDS)
                memory.append((time.monotonic(), server.mebibytes()))
                if swap_at <= time.monotonic() < end - arguments.swap_seconds / 2:
                    swaps += 1
                    publish(base, swaps + 1)
                    swap_at += arguments.swap_seconds
            for client in clients:
                client.join()
            server.wait_for(swaps + 1)
            memory.append((time.monotonic(), server.mebibytes()))
    return report(clients, memory, swaps)


def publish(base: Path, number: int) -> None:
    """Copies a version to the next number, and removes the one before it."""
    temporary = base / ".copying"
    shutil.copytree(base / str(number - 1), temporary)
    temporary.rename(base / str(number))
    if number > 2:
        shutil.rmtree(base / str(number - 2))


class Client(threading.Thread):
    """Sends requests until it is time to end.

    Args:
        server: Who is asked.
        bodies: What is sent, in turn.
        place: Which of the bodies comes first.
        end: When to end, by `time.monotonic`.
    """

    def __init__(self, server: Server, bodies: list[bytes], place: int, end: float):
        super().__init__()
        self._server, self._bodies, self._place, self._end = server, bodies, place, end
        self.seconds, self.errors = [], collections.Counter()

    def run(self) -> None:
        """Sends, and notes how long each answer took and what went wrong."""
        connection, place = self._server.connect(), self._place
        while time.monotonic() < self._end:
            place = (place + 1) % len(self._bodies)
            start = time.perf_counter()
            try:
                connection.request("POST", f"{self._server.path}:predict", self._bodies[place])
                answer = connection.getresponse()
                content = answer.read()
                if answer.status != 200:
                    self.errors[f"{answer.status} {content[:200]!r}"] += 1
            except Exception as error:
                self.errors[f"{type(error).__name__}: {error}"] += 1
                with contextlib.suppress(OSError):
                    connection.close()
                connection = self._server.connect()
            self.seconds.append(time.perf_counter() - start)
        connection.close()


def report(clients: list[Client], memory: list[tuple[float, float]], swaps: int) -> int:
    """Prints what was measured; returns the exit code."""
    seconds = np.concatenate([client.seconds for client in clients])
    errors = sum((client.errors for client in clients), collections.Counter())
    times, sizes = np.array(memory).T
    elapsed = times[-1] - times[0]
    late = times - times[0] > WARM_UP_SHARE * elapsed
    slope = np.polyfit(times[late], sizes[late], 1)[0] * 60 if late.sum() > 1 else 0.0
    p50, p95, p99 = np.percentile(seconds, [50, 95, 99]) * 1000
    rate = len(seconds) / elapsed
    print(f"requests    {len(seconds)} in {elapsed:.0f} s by {len(clients)} clients: {rate:.1f} a second")
    print(f"errors      {errors.total()}")
    print(f"versions    {swaps} swapped in")
    print(f"latency     p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, longest {seconds.max() * 1000:.0f} ms")
    print(
        f"memory      {sizes[0]:.0f} MiB at the start, {sizes[late][0]:.0f} after {times[late][0] - times[0]:.0f} s, "
        f"{sizes[-1]:.0f} at the end, at most {sizes.max():.0f}; {slope:+.2f} MiB a minute after the first fifth"
    )
    for error, count in errors.most_common(10):
        print(f"ERROR {count} times: {error}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
