import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from seqtasks.cli import main as cli
from seqtasks.errors import DataError
from seqtasks.training.loop import TrainingInterruptedError
from seqtasks.training.run_folder import RunFolder

# Verbs that are groups, whose commands take no task.
MEASUREMENTS = {"benchmark": ("layers", "fit", "export")}


@pytest.fixture
def call(capsys):
    """Runs the command line in this process: `call(*arguments)` gives exit code, output and errors."""

    def call(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["run", "--help"], ["run", "nre"], ["predict", "ner"]])
def test_what_needs_no_tensorflow_imports_none(arguments, tmp_path):
    code = (
        "import sys; from seqtasks.cli.main import main; main(sys.argv[1:]); "
        "print(sorted({'tensorflow', 'keras', 'numpy', 'rich', 'sklearn'} & set(sys.modules)))"
    )
    output = subprocess.check_output(
        [sys.executable, "-c", code, *arguments], text=True, cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    assert output.splitlines()[-1] == "[]"


def test_every_verb_has_help_and_the_help_of_all_names_them(call):
    code, output, _ = call("--help")
    assert code == 0
    for verb in cli.VERBS:
        assert f"\n  {verb} " in output
        code, text, _ = call(verb, "--help")
        assert code == 0
        for name in MEASUREMENTS.get(verb, ()):
            code, text, _ = call(verb, name, "--help")
            assert code == 0
            assert "--debug" in text
        if verb not in MEASUREMENTS:
            assert "--code" in text
            assert "--debug" in text


def test_python_m_runs_it():
    done = subprocess.run([sys.executable, "-m", "seqtasks", "runn"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Did you mean 'run'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lst"], "no such verb: 'lst'. Did you mean 'list'?"),
        (["run"], "Missing argument 'TASK'"),
        (["run", "sentimnt"], "Did you mean 'sentiment'?"),
        (["run", "ner", "--sed", "1"], "--seed"),
        (["run", "ner", "--seed", "one"], "'one' is not a valid integer"),
        (["run", "ner", "-s", "modle.units=3"], "Did you mean 'model.units'"),
        (["run", "ner", "-s", "units"], "KEY=VALUE"),
        (["run", "ner", "-s", "units=few"], "units must be a whole number. Received: 'few'"),
        (["run", "ner", "--epochs", "0"], "--epochs"),
        (["run", "ner", "-s", "dropout=1.5"], "dropout must be at least 0 and below 1. Received: 1.5"),
        (["run", "ner", "--data", "none.txt"], "--data none.txt: no such file or folder. Task ner reads builtin"),
        (["run", "ner", "--data", ""], "--data '': no such file"),
        (["run", "ner", "--data", "tfds:conll2004"], "Did you mean 'conll2003'"),
        (["run", "ner", "--config", "none.toml"], "none.toml: No such file"),
        (["run", "ner", "--features", "text"], "NAME=COLUMN"),
        (["run", "ner", "--code", "none.py"], "none.py: no such file"),
        (["run", "ner", "--resume", "runs/none"], "runs/none: no such run"),
        (["predict", "ner", "text"], "Train one with: seqtasks run ner"),
        (["predict", "ner"], "nothing to predict from"),
        (["predict", "ner", "--file", "none.txt"], "none.txt: No such file"),
        (["predict", "ner", "x", "--format", "xml"], "'xml' is not one of"),
        (["evaluate", "nre"], "Did you mean 'ner'"),
        (["export", "ner"], "Train one with: seqtasks run ner"),
        (["new", "ner"], "already"),
    ],
)
def test_usage_errors_end_with_2_and_say_what_to_do(call, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, output, errors = call(*arguments)
    assert code == 2
    assert message in errors
    assert errors.startswith("Error: ")
    assert errors.count("\n") == 1
    assert output == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (DataError("needs 2 columns. Received: 3", "a.txt", 7), 1, "Error: a.txt:7: needs 2 columns. Received: 3\n"),
        (OSError(errno.ENOSPC, "No space left on device", "runs/x"), 1, "Error: No space left on device: runs/x\n"),
        (PermissionError(errno.EACCES, "Permission denied", "runs"), 1, "Error: Permission denied: runs\n"),
        (
            TrainingInterruptedError("epoch 2 of 3", RunFolder(Path("runs/x"))),
            130,
            "Error: interrupted in epoch 2 of 3; the last checkpoint is kept. "
            "Go on with the same command and --resume runs/x\n",
        ),
        (MemoryError(), 1, "Error: out of memory"),
        (ZeroDivisionError("division\nby zero"), 1, "Error: ZeroDivisionError: division (this is a defect; --debug"),
    ],
)
def test_failures_end_in_one_line(call, monkeypatch, failure, code, message):
    import seqtasks.training.listing

    def fail():
        raise failure

    monkeypatch.setattr(seqtasks.training.listing, "list_tasks", fail)
    received, output, errors = call("list")
    assert (received, output) == (code, "")
    assert errors.startswith(message)
    assert errors.count("\n") == 1


def test_ctrl_c_ends_with_130(call, monkeypatch):
    import seqtasks.training.listing

    def press():
        raise KeyboardInterrupt

    monkeypatch.setattr(seqtasks.training.listing, "list_tasks", press)
    code, _, errors = call("list")
    assert (code, errors.strip()) == (130, "Error: interrupted")


def test_debug_shows_the_traceback(call, monkeypatch):
    import seqtasks.training.listing

    monkeypatch.setattr(seqtasks.training.listing, "list_tasks", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        call("list", "--debug")


def test_list_as_text_and_json(call):
    code, output, _ = call("list")
    assert code == 0
    assert "tfds:conll2003" in output
    rows = json.loads(call("list", "--format", "json")[1])
    assert {"ner", "sentiment"} <= {row["name"] for row in rows}
    assert all(row["description"] for row in rows)


def test_list_shows_broken_tasks(call, monkeypatch):
    from seqtasks import registry

    broken = registry.BrokenTask("hurt", "tasks/hurt.py", "SyntaxError: invalid syntax (line 3)")
    monkeypatch.setitem(registry._broken, "hurt", broken)
    assert "broken: SyntaxError: invalid syntax (line 3) (tasks/hurt.py)" in call("list")[1]


def test_new_writes_a_file_that_list_shows(call, tmp_path):
    code, output, errors = call("new", "made_by_new", "--path", tmp_path, "--family", "many_to_many")
    path = tmp_path / "made_by_new.py"
    assert (code, output) == (0, f"{path}\n")
    assert f"seqtasks run made_by_new --code {path}" in errors
    assert "made_by_new" in call("list", "--code", path)[1]


def test_a_reader_that_stops_early_brings_no_complaint():
    command = f"{sys.executable} -m seqtasks list | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
