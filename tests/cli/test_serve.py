import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from seqtasks.cli import main as cli


@pytest.fixture
def call(capsys):
    """Runs the verb in this process: `call(*arguments)` gives exit code, output and errors."""

    def call(*arguments):
        code = cli.main(["serve", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(autouse=True)
def exports(tmp_path, monkeypatch):
    """A folder whose versions look like exports, in the current one."""
    monkeypatch.chdir(tmp_path)
    for version in ("ner/1", "ner/2", "sentiment/1"):
        (tmp_path / "saved_models" / version).mkdir(parents=True)
        (tmp_path / "saved_models" / version / "saved_model.pb").touch()
    return tmp_path / "saved_models"


def test_write_only_writes_and_shows_both_commands(call, exports):
    code, output, errors = call("--write-only", "--stable", "ner=1", "--canary", "ner=2", "--rest-port", 9000)
    assert (code, errors) == (0, "")
    title, docker, other_title, server = output.splitlines()
    assert (title, other_title) == ("In a container:", "On this machine:")
    assert docker.startswith("  docker run -t --rm -p 127.0.0.1:9000:8501 ")
    assert server.startswith("  tensorflow_model_server --port=8500 --rest_api_port=9000 ")
    text = (exports / ".serving" / "models.config").read_text()
    assert "specific { versions: 1 versions: 2 }" in text


def test_writing_imports_no_tensorflow(tmp_path):
    code = (
        "import sys; from seqtasks.cli.main import main; main(['serve', '--write-only']); "
        "print(sorted({'tensorflow', 'keras', 'numpy'} & set(sys.modules)))"
    )
    output = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=tmp_path)
    assert output.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nr"], "Did you mean 'ner'?"),
        (["word_lm"], "Write one with: seqtasks export word_lm"),
        (["--export-dir", "none"], "none: no such folder. Write an export with: seqtasks export TASK"),
        (["--canary", "ner=3"], "ner has no such version. There: 1, 2."),
        (["--canary", "ner"], "--canary is given as TASK=VERSION, as ner=3. Received: 'ner'"),
        (["--stable", "ner=latest"], "--stable is given as TASK=VERSION, as ner=3. Received: 'ner=latest'"),
        (["--stable", "ner=1", "--stable", "ner=2"], "--stable names two versions of ner: 1 and 2"),
        (["--rest-port", "0"], "--rest-port"),
        (["--rest-port", "8500"], "must differ"),
        (["--timeout", "0"], "--timeout"),
        (["--host", "nowhere.invalid"], "--host nowhere.invalid: no such address"),
    ],
)
def test_usage_errors_end_with_2_and_say_what_to_do(call, arguments, message):
    code, _, errors = call(*arguments)
    assert code == 2
    assert message in errors
    assert errors.startswith("Error: ")
    assert errors.count("\n") == 1


def test_port_in_use_is_told_before_anything_is_loaded(call):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, errors = call("--rest-port", port, "--embedded")
    assert code == 2
    assert errors.startswith(f"Error: --rest-port {port}: another program listens there")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_served_model_answers_until_terminated(tmp_path):
    pytest.importorskip("uvicorn", reason="the embedded server needs uvicorn")
    import tensorflow as tf

    function = tf.function(
        lambda text: {"upper": tf.strings.upper(text)}, input_signature=[tf.TensorSpec([None], tf.string, name="text")]
    )
    tf.saved_model.save(tf.Module(), str(tmp_path / "real" / "loud" / "1"), function.get_concrete_function())
    rest, grpc = free_port(), free_port()
    arguments = ["--embedded", "--export-dir", "real", "--rest-port", str(rest), "--grpc-port", str(grpc)]
    process = subprocess.Popen(
        [sys.executable, "-m", "seqtasks", "serve", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
    )
    try:
        first = process.stderr.readline()
        assert re.match(rf"Serving loud at http://127\.0\.0\.1:{rest}/v1/models, .*Ctrl-C stops\.$", first)
        body = json.dumps({"instances": ["quiet"]}).encode()
        url = f"http://127.0.0.1:{rest}/v1/models/loud:predict"
        with urllib.request.urlopen(url, body, timeout=30) as response:
            assert json.load(response) == {"predictions": ["QUIET"]}
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "Stopping: requests under way are still answered.\n")
    assert time.monotonic() - started < 15
