"""Sends what no client should to the embedded server's REST interface, and counts the answers.

    python benchmarks/server_hostile.py saved_models/ner

The server runs in a process of its own. It gets random bytes of up to 1 MB, JSON that is cut off, nested thousands
deep, holds bytes that are no UTF-8, numbers that are none or too large, values of wrong types, columns of different
lengths, no rows and thousands of them, texts of up to 1 MB, also among short ones, paths at random, and bytes that are
no HTTP. A status of 500 and above, a request that is not answered within `--patience` seconds, a server that ends, or
valid requests that are answered otherwise afterwards make the exit code 1.
"""

import argparse
import collections
import contextlib
import http.client
import random
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from seqtasks.benchmarks.server_hostile_requests import MEGABYTE, RequestMaker
from seqtasks.benchmarks.server_process import Server, serving

from seqtasks.errors import SeqtasksError

SAMPLED_EVERY = 100  # requests between two looks at the server's memory


class Answer(NamedTuple):
    """What came of one request: its kind, the status or what went wrong, the content's beginning, and the seconds."""

    kind: str
    status: str
    content: str
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path, help="a model's folder, with its versions inside")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--patience", type=float, default=60.0, help="seconds after which no answer counts as a hang")
    parser.add_argument("--longest", type=int, default=MEGABYTE, help="bytes of the longest text")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    try:
        with serving(arguments.model, batching=True) as server:
            return attack(server, arguments)
    except SeqtasksError as error:
        print(error, file=sys.stderr)
        return 1


def attack(server: Server, arguments) -> int:
    """Sends all requests and reports; returns the exit code."""
    signatures = server.get("/metadata")["metadata"]["signature_def"]["signature_def"]
    signatures = {name: found["inputs"] for name, found in signatures.items() if found["inputs"]}
    maker = RequestMaker(server.path, signatures, random.Random(arguments.seed), arguments.longest)
    probes = [maker.valid(name) for name in sorted(signatures)]
    before = [ask(server, "probe", "POST", maker.predict, body, arguments.patience) for body in probes]
    answers, memory, stop = [], [server.mebibytes()], threading.Event()
    watch = threading.Thread(target=watch_memory, args=(server, stop, peaks := [memory[0]]))
    watch.start()
    while len(answers) < arguments.requests and server.process.poll() is None:
        count = min(SAMPLED_EVERY, arguments.requests - len(answers))
        answers += send_all(server, [maker.hostile() for _ in range(count)], arguments)
        if server.process.poll() is None:
            memory.append(server.mebibytes())
    stop.set()
    watch.join()
    report(answers, memory, max(peaks))
    faults = [answer for answer in answers if answer.status[0] not in "234"]
    for fault in faults[:10]:
        print(f"FAULT {fault.kind}: {fault.status} after {fault.seconds:.2f} s: {fault.content[:300]}")
    if server.process.poll() is not None:
        print(f"FAULT the server ended with exit code {server.process.poll()}")
        return 1
    after = [ask(server, "probe", "POST", maker.predict, body, arguments.patience) for body in probes]
    differing = [pair for pair in zip(before, after, strict=True) if pair[0].content != pair[1].content]
    for one, two in differing:
        print(f"FAULT a valid request was answered before with {one.status} {one.content[:200]}")
        print(f"                         and is answered now with {two.status} {two.content[:200]}")
    return 1 if faults or differing else 0


def watch_memory(server: Server, stop: threading.Event, found: list[float]) -> None:
    """Keeps the most memory that the server had, looking often, until it is told to stop."""
    while not stop.wait(0.02) and server.process.poll() is None:
        with contextlib.suppress(OSError, StopIteration):  # it ends just now
            found[0] = max(found[0], server.mebibytes())


def send_all(server: Server, requests: list[tuple], arguments) -> list[Answer]:
    """Sends requests by several clients at a time."""
    with ThreadPoolExecutor(arguments.clients) as pool:
        return list(pool.map(lambda request: ask(server, *request, arguments.patience), requests))


def ask(server: Server, kind: str, method: str, path: str, body: bytes, patience: float) -> Answer:
    """Sends one request over a connection of its own."""
    start = time.perf_counter()
    try:
        if kind == "no HTTP":
            status, content = ask_without_http(server, body, patience)
        else:
            with contextlib.closing(server.connect(patience)) as connection:
                connection.putrequest(method, path, skip_accept_encoding=True)
                connection.putheader("Content-Length", str(len(body)))
                connection.endheaders()
                with contextlib.suppress(ConnectionError):  # it may answer before it has read everything
                    connection.send(body)
                response = connection.getresponse()
                status, content = str(response.status), response.read()
    except TimeoutError as error:
        status, content = "no answer in time", repr(error).encode()
    except (OSError, http.client.HTTPException) as error:
        status, content = "no answer", repr(error).encode()
    return Answer(kind, status, content.decode(errors="replace"), time.perf_counter() - start)


def ask_without_http(server: Server, data: bytes, patience: float) -> tuple[str, bytes]:
    """Sends bytes as they are; to be cut off without an answer is right then."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=patience) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        try:
            content = connection.recv(1000)
        except ConnectionError:
            content = b""
    return (content[9:12].decode("latin-1") if content else "400 (cut off)"), content


def report(answers: list[Answer], memory: list[float], most: float) -> None:
    """Prints the counts, the slowest answers, and how the server's memory went."""
    counts = collections.Counter((answer.kind, answer.status) for answer in answers)
    kinds = sorted({answer.kind for answer in answers})
    statuses = sorted({answer.status for answer in answers})
    for kind in [*kinds, "all"]:
        row = {status: sum(counts[one, status] for one in (kinds if kind == "all" else [kind])) for status in statuses}
        print(f"{kind:20} " + "  ".join(f"{status}: {number}" for status, number in row.items() if number))
    slowest = max(answers, key=lambda answer: answer.seconds)
    print(f"slowest answer       {slowest.seconds:.2f} s ({slowest.kind}, {slowest.status})")
    half = memory[len(memory) // 2 :]
    slope = np.polyfit(np.arange(len(half)), half, 1)[0] * 1000 / SAMPLED_EVERY if len(half) > 1 else 0.0
    first, last = memory[0], memory[-1]
    print(f"memory               {first:.0f} MiB at the start, {last:.0f} at the end, at most {most:.0f};")
    print(f"                     {slope:+.2f} MiB per 1,000 requests in the second half")


if __name__ == "__main__":
    sys.exit(main())
