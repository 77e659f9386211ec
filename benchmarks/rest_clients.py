"""Concurrent clients of a REST server."""

import json
import subprocess
import sys
from pathlib import Path

from seqtasks.benchmarks.latency import Turn

from seqtasks.errors import SeqtasksError


def run_clients(port: int, path: str, body: str, clients: int, seconds: float, least: int = 3) -> Turn:
    """Lets clients send a request over and over, each as soon as the answer before has come.

    They run in a process of their own, so that they do not share the interpreter's lock with the server.

    Args:
        port: The server's, on this machine.
        path: What to post to.
        body: What to post.
        clients: How many clients.
        seconds: For how long.
        least: How many requests each client sends at least. Another one before is not counted.

    Raises:
        SeqtasksError: The server refused a request, or was not there.
    """
    request = {"port": port, "path": path, "body": body, "clients": clients, "seconds": seconds, "least": least}
    process = subprocess.run(
        [sys.executable, "-P", str(Path(__file__).with_name("rest_client_process.py"))],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        last = (process.stderr.strip().splitlines() or [f"exit status {process.returncode}"])[-1]
        raise SeqtasksError(f"the clients that measure the server failed: {last[:500]}")
    return Turn(**json.loads(process.stdout))
