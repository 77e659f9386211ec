"""Concurrent clients against a server of Python's own."""

import http.server
import json
import threading

import pytest
from seqtasks.benchmarks.rest_clients import run_clients

from seqtasks.errors import SeqtasksError


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with 200, or on the path /wrong with 400."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        answer = b'{"error": "no"}'
        self.send_response(400 if self.path == "/wrong" else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.bodies, server.daemon_threads, server.block_on_close = [], True, False
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_every_client_asks_over_and_over(server):
    turn = run_clients(server.server_port, "/right", json.dumps({"inputs": ["é"]}), clients=3, seconds=0, least=2)
    assert len(turn.seconds) == 3 * 2
    assert 0 < max(turn.seconds) <= turn.elapsed
    # Each once more before it is timed.
    assert server.bodies == [b'{"inputs": ["\\u00e9"]}'] * 9


def test_a_refusal_ends_the_measurement(server):
    with pytest.raises(SeqtasksError, match=r'/wrong was answered with 400: {"error": "no"}'):
        run_clients(server.server_port, "/wrong", "{}", clients=2, seconds=0)


def test_a_server_that_is_not_there_is_said():
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as closed:
        port = closed.server_port
    with pytest.raises(SeqtasksError, match="refused"):
        run_clients(port, "/right", "{}", clients=1, seconds=0)
