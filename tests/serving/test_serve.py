import os
import signal
import socket
import sys
import threading

import pytest

from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.serving import serve as module
from seqtasks.serving.serve import Serving, prepare, serve
from seqtasks.serving.serving_config import ServerOptions

from .exports import make_exports


@pytest.fixture
def exports(tmp_path):
    return make_exports(tmp_path / "exports", ner=[1, 2], sentiment=[1])


@pytest.fixture
def ports():
    """Two ports that are free."""
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


@pytest.fixture
def executed(monkeypatch):
    """Records what would have taken the place of this process."""
    calls = []
    monkeypatch.setattr(os, "execv", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(module.shutil, "which", lambda name: f"/opt/{name}")
    return calls


@pytest.fixture
def embedded(monkeypatch):
    """Puts a server that only waits in place of the embedded one, and returns what was made of it."""
    import seqtasks.server.embedded

    made = []

    class Server:
        without_grpc = None

        def __init__(self, specs, **options):
            self.specs, self.options, self.done = specs, options, []
            self.port, self.grpc_port, self.stopped = options["rest_port"], options["grpc_port"], threading.Event()
            made.append(self)

        def start(self):
            self.done.append("start")

        def wait(self):
            self.done.append("wait")
            self.stopped.wait(30)

        def stop(self, grace):
            self.done.append(f"stop {grace}")

    monkeypatch.setattr(seqtasks.server.embedded, "EmbeddedServer", Server)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    return made


def test_configuration_goes_beside_the_exports(exports):
    from seqtasks.serving.served_models import served_models

    serving = prepare(export_dir=exports, canary={"ner": 2}, stable={"ner": 1})
    assert serving.config_dir == exports / ".serving"
    assert sorted(path.name for path in serving.config_dir.iterdir()) == [
        "batching_parameters.txt",
        "models.config",
        "monitoring.config",
    ]
    text = (serving.config_dir / "models.config").read_text(encoding="utf-8")
    assert f'base_path: "{exports / "ner"}"' in text
    assert 'version_labels { key: "canary" value: 2 }' in text
    # What was written there is no model.
    assert [spec.name for spec in served_models(export_dir=exports)] == ["ner", "sentiment"]
    assert str(exports / ".serving" / "models.config") in serving.docker_line
    assert serving.server_line.startswith("tensorflow_model_server --port=8500")


def test_configuration_elsewhere(exports, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    serving = prepare(["ner"], export_dir="exports", config_dir="etc/serving")
    assert serving.config_dir == tmp_path / "etc" / "serving"
    assert (tmp_path / "etc" / "serving" / "models.config").is_file()
    assert not (exports / ".serving").exists()


def test_tf_serving_takes_this_process_where_it_is_installed(exports, executed, ports):
    reports = []
    options = ServerOptions(rest_port=ports[0], grpc_port=ports[1])
    serving = prepare(["ner"], export_dir=exports, options=options)
    serving.check_ports()
    serving.run(reports.append)
    ((program, command),) = executed
    assert program == command[0] == "/opt/tensorflow_model_server"
    assert f"--model_config_file={exports / '.serving' / 'models.config'}" in command
    assert reports[0].startswith("Note: at 0.0.0.0 whoever can reach this machine can call the models")
    assert "cannot be told" in reports[0]


def test_embedded_server_where_asked_for(exports, executed, embedded):
    assert prepare(export_dir=exports, embedded=True).program is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_embedded_server_stops_with_a_line(exports, embedded, ports, number):
    reports = []
    before = signal.getsignal(signal.SIGTERM)

    def report(line):
        reports.append(line)
        if line.startswith("Serving"):
            threading.Timer(0.1, os.kill, (os.getpid(), number)).start()

    options = ServerOptions(rest_port=ports[0], grpc_port=ports[1], timeout=3.0, request_bytes=99, poll_seconds=2)
    prepare(export_dir=exports, options=options).run(report)
    (server,) = embedded
    assert server.done == ["start", "wait", "stop 5.0"]
    assert [spec.name for spec in server.specs] == ["ner", "sentiment"]
    assert {name: server.options[name] for name in ("timeout_seconds", "request_bytes", "poll_seconds")} == {
        "timeout_seconds": 3.0,
        "request_bytes": 99,
        "poll_seconds": 2,
    }
    assert server.options["batching"] is not None
    serving, stopping = reports
    assert serving == (
        f"Serving ner, sentiment at http://127.0.0.1:{ports[0]}/v1/models, gRPC at 127.0.0.1:{ports[1]}. Ctrl-C stops."
    )
    assert stopping == "Stopping: requests under way are still answered."
    assert signal.getsignal(signal.SIGTERM) == before


def test_embedded_server_without_grpc_or_batching(exports, embedded, monkeypatch):
    reports = []
    monkeypatch.setattr(module, "_show", reports.append)
    options = ServerOptions(batching=False, host="0.0.0.0")
    serving = prepare(export_dir=exports, options=options)

    def report(line):
        reports.append(line)
        if line.startswith("Serving"):
            embedded[0].stopped.set()

    import seqtasks.server.embedded

    monkeypatch.setattr(seqtasks.server.embedded.EmbeddedServer, "without_grpc", "no gRPC: grpcio not installed")
    serving.run(report)
    assert reports[0].startswith("Note: at 0.0.0.0 whoever can reach this machine can call the models: there is no")
    assert "no gRPC: grpcio not installed. Ctrl-C stops." in reports[1]
    assert embedded[0].options["batching"] is None
    assert embedded[0].done == ["start", "wait", "stop 5.0"]


def test_interrupted_while_models_are_loaded(exports, embedded, monkeypatch):
    import seqtasks.server.embedded

    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(seqtasks.server.embedded.EmbeddedServer, "start", interrupted)
    reports = []
    prepare(export_dir=exports).run(reports.append)
    assert reports == ["Stopped before the models were loaded."]


def test_missing_packages_are_named(exports, monkeypatch):
    monkeypatch.setitem(sys.modules, "seqtasks.server.embedded", None)
    with pytest.raises(SeqtasksError, match=r'embedded server needs more packages: .* pip install "seqtasks\[serve\]"'):
        prepare(export_dir=exports, embedded=True).run()


def test_python_users_serve_in_one_call(exports, embedded, ports, capsys):
    thread = threading.Thread(
        target=serve, args=("ner",), kwargs={"export_dir": exports, "rest_port": ports[0], "grpc_port": ports[1]}
    )
    thread.start()
    while not (embedded and "wait" in embedded[0].done):
        thread.join(0.01)
        assert thread.is_alive()
    embedded[0].stopped.set()
    thread.join()
    assert embedded[0].done == ["start", "wait", "stop 5.0"]
    assert capsys.readouterr().err.startswith("Serving ner at http://127.0.0.1:")


def test_ports_that_cannot_be_had(exports, ports):
    def check(**options):
        options = {"rest_port": ports[0], "grpc_port": ports[1], **options}
        Serving([], ServerOptions(**options), exports).check_ports()

    check()
    check(host="localhost")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"--rest-port {port}: another program listens there.*another --rest-port"):
            check(rest_port=port)
        with pytest.raises(UsageError, match=f"--grpc-port {port}: another program"):
            check(grpc_port=port)
    with pytest.raises(UsageError, match=r"--host no-such-host\.invalid: no such address"):
        check(host="no-such-host.invalid")
    with pytest.raises(UsageError, match=r"--host 203\.0\.113\.1: this machine has no such address"):
        check(host="203.0.113.1")
    with pytest.raises(UsageError, match=r"must differ\. Received: 7 for both"):
        prepare(export_dir=exports, options=ServerOptions(rest_port=7, grpc_port=7))
