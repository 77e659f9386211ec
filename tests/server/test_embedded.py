"""The server as a whole: starting, stopping, and what clients do meanwhile."""

import contextlib
import http.client
import importlib.util
import json
import shutil
import socket
import threading
import time

import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.server.batching import BatchingOptions
from seqtasks.server.embedded import EmbeddedServer
from seqtasks.server.models import ModelSpec

from .conftest import call

PREDICT = "/v1/models/factor:predict"


def serving(base, **options) -> EmbeddedServer:
    settings = {"rest_port": 0, "grpc_port": None, "poll_seconds": 0.02, "timeout_seconds": 20.0, **options}
    return EmbeddedServer([ModelSpec("factor", base)], **settings)


def slow(tiny_folder, **options) -> EmbeddedServer:
    return EmbeddedServer([ModelSpec("tiny", tiny_folder)], rest_port=0, grpc_port=None, **options)


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def test_a_port_in_use_is_one_line_and_nothing_is_loaded(publish):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = serving(publish.base, rest_port=port)
        with pytest.raises(SeqtasksError, match=f"127.0.0.1:{port}: REST cannot listen here: another program"):
            server.start()
        assert server.manager.available() == {"factor": []}
    with serving(publish.base, rest_port=port) as server:
        assert server.port == port


@pytest.mark.parametrize("host", ["no.such.host.invalid", "256.0.0.1", "203.0.113.1", "a" * 100])
def test_an_address_that_is_not_ours_is_one_line(publish, host):
    with pytest.raises(SeqtasksError, match=f"^{host}:0: REST cannot listen here: ") as raised:
        serving(publish.base, host=host).start()
    assert "\n" not in str(raised.value)


def test_it_listens_on_this_machine_alone_unless_told_otherwise(publish):
    with serving(publish.base) as server, pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", server.port), timeout=5)


def test_a_server_without_a_version_waits_for_one(publish):
    with serving(publish.base) as server:
        assert call(server.port, "POST", PREDICT, {"instances": [2]}).status == 404
        publish(1, factor=3)
        until(lambda: server.manager.available()["factor"] == [1])
        assert call(server.port, "POST", PREDICT, {"instances": [2]}).json == {"predictions": [6.0]}


def test_stopping_ends_what_runs_and_takes_nothing_more(tiny_folder):
    server = slow(tiny_folder)
    server.start()
    answers = []
    body = {"signature_name": "slow", "instances": [50_000]}
    client = threading.Thread(target=lambda: answers.append(call(server.port, "POST", "/v1/models/tiny:predict", body)))
    client.start()
    until(lambda: server.predictor._batcher._waiting or answers or server.manager._versions["tiny"][1].users)
    waiting = threading.Thread(target=server.wait)
    waiting.start()
    server.stop(grace=30)
    client.join(20)
    waiting.join(20)
    assert not waiting.is_alive()
    assert [answer.json for answer in answers] == [{"predictions": [50_000]}]
    with pytest.raises(OSError, match="refused"):
        connect(server.port)
    server.stop()


def test_stopping_does_not_wait_for_ever(tiny_folder):
    server = slow(tiny_folder, timeout_seconds=None)
    server.start()
    body = json.dumps({"signature_name": "slow", "instances": [2**31 - 1]})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("POST", "/v1/models/tiny:predict", body)
    until(lambda: server.manager._versions["tiny"][1].users)
    start = time.monotonic()
    server.stop(grace=0.1)
    assert time.monotonic() - start < 15
    connection.close()


def test_the_event_loop_stays_free_while_models_run(tiny_folder):
    with slow(tiny_folder, timeout_seconds=3.0) as server:
        body, answers = {"signature_name": "slow", "instances": [2**31 - 1]}, []
        clients = [
            threading.Thread(target=lambda: answers.append(call(server.port, "POST", "/v1/models/tiny:predict", body)))
            for _ in range(2)
        ]
        for client in clients:
            client.start()
        until(lambda: server.manager._versions["tiny"][1].users == 2)
        assert call(server.port, "GET", "/v1/models/tiny").status == 200
        assert not answers
        for client in clients:
            client.join()
        assert [answer.status for answer in answers] == [504, 504]


def test_a_body_that_does_not_come_is_not_waited_for(publish):
    publish(1)
    with serving(publish.base, timeout_seconds=0.3) as server, connect(server.port) as client:
        client.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{" % PREDICT.encode())
        answer = b"".join(iter(lambda: client.recv(10_000), b""))
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"did not arrive within 0.3 seconds" in answer


def test_clients_that_go_away_are_nobody_elses_trouble(publish):
    publish(1)
    with serving(publish.base) as server:
        for part in (b"", b"POST", b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{" % PREDICT.encode()):
            connect(server.port).close()
            with connect(server.port) as client:
                client.sendall(part)
        whole = b'POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\n\r\n{"instances": [1]}' % PREDICT.encode()
        with connect(server.port) as client:
            client.sendall(whole)
        with connect(server.port) as client:
            client.sendall(b"\0\xff no HTTP\r\n\r\n")
            assert client.recv(10_000).startswith(b"HTTP/1.1 400 ")
        assert call(server.port, "POST", PREDICT, {"instances": [1]}).json == {"predictions": [1.0]}
        until(lambda: server.manager._versions["factor"][1].users == 0)


def test_no_request_is_lost_over_http_while_versions_are_replaced(publish):
    publish(1)
    with serving(publish.base, batching=BatchingOptions()) as server:
        stop, seen = threading.Event(), [[] for _ in range(3)]

        def client(answers):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            with contextlib.closing(connection):
                while not stop.is_set():
                    connection.request("POST", PREDICT, b'{"instances": [1]}')
                    response = connection.getresponse()
                    answers.append((response.status, response.read()))

        threads = [threading.Thread(target=client, args=(answers,)) for answers in seen]
        for thread in threads:
            thread.start()
        until(lambda: all(seen))
        publish(2, factor=2)
        shutil.rmtree(publish.base / "1")
        until(lambda: all(answers[-1][1] == b'{"predictions": [2.0]}' for answers in seen))
        stop.set()
        for thread in threads:
            thread.join()
    for answers in seen:
        assert {status for status, _ in answers} == {200}
        assert [body for _, body in answers] == sorted(body for _, body in answers)


def test_a_full_queue_is_503(tiny_folder):
    options = BatchingOptions(max_batch_size=1, max_enqueued_batches=1, num_batch_threads=1)
    with slow(tiny_folder, batching=options, timeout_seconds=2.0) as server:
        body = {"signature_name": "slow", "instances": [2**31 - 1]}
        answers = []
        clients = [
            threading.Thread(target=lambda: answers.append(call(server.port, "POST", "/v1/models/tiny:predict", body)))
            for _ in range(4)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert {answer.status for answer in answers} == {503, 504}


def test_rest_runs_alone_where_grpc_is_not_installed(publish, monkeypatch, caplog):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "grpc" else find(name))
    publish(1)
    with serving(publish.base, grpc_port=0) as server:
        assert server.grpc_port is None
        assert server.without_grpc == "no gRPC: grpcio not installed. REST runs alone"
        assert server.without_grpc in caplog.text
        assert call(server.port, "POST", PREDICT, {"instances": [1]}).status == 200


def test_grpc_answers_beside_rest(publish):
    grpc = pytest.importorskip("grpc", reason="gRPC is an extra")
    pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is an extra")
    from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

    publish(1)
    with (
        serving(publish.base, grpc_port=0) as server,
        grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel,
    ):
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = "factor"
        answer = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request, timeout=20)
        assert answer.model_version_status[0].version == 1


def test_a_grpc_port_in_use_frees_the_rest_port(publish):
    pytest.importorskip("grpc", reason="gRPC is an extra")
    pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is an extra")
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = serving(publish.base, grpc_port=other.getsockname()[1])
        with pytest.raises(SeqtasksError, match="gRPC cannot listen"):
            server.start()
        with pytest.raises(OSError, match="refused"):
            connect(server.port)


def test_other_origins_may_call_where_it_is_allowed(publish):
    publish(1)
    with serving(publish.base, cors=True) as server:
        answer = call(server.port, "POST", PREDICT, {"instances": [1]}, {"Origin": "https://example.org"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert call(server.port, "OPTIONS", PREDICT, None, {"Origin": "https://example.org"}).status == 200
