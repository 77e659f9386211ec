import subprocess
import sys

import numpy as np
import pytest

from seqtasks.cli import main as cli
from seqtasks.training.agreement import Agreement, Judgement
from seqtasks.training.gradient_flow import GradientFlow


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Runs `seqtasks inspect ...` in an empty folder: `call(*arguments)` gives exit code, output and errors."""
    from seqtasks.cli import start

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(start, "start_tensorflow", lambda: None)

    def call(*arguments):
        code = cli.main(["inspect", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def asked(monkeypatch):
    """What each function was asked for, in place of which nothing is measured."""
    found = {}

    def stand_in(name, answer):
        def function(*arguments, **options):
            found[name] = (*arguments, options)
            return answer

        return function

    flow = GradientFlow("a title", {"lstm": np.ones(3)})
    pairs = [{"good": "a", "bad": "b", "distance": 0, "attractors": 0}]
    judged = Agreement("a title", [Judgement("lstm", pairs, np.ones(1))])
    monkeypatch.setattr("seqtasks.training.inspection.inspect", stand_in("inspect", "described"))
    monkeypatch.setattr("seqtasks.training.gradient_flow.gradient_flow", stand_in("gradients", flow))
    monkeypatch.setattr("seqtasks.training.agreement.agreement", stand_in("agreement", judged))
    return found


@pytest.fixture
def run_of(tmp_path):
    """Makes what can be told of a run without its model: `run_of(task)` gives the folder."""
    import json

    from seqtasks import registry

    def run_of(task):
        definition, folder = registry.get(task), tmp_path / "runs" / task / "20260101-000000"
        folder.mkdir(parents=True)
        values = {"task": task, "config": definition.config.to_dict()}
        (folder / "config.json").write_text(json.dumps(values))
        return folder

    return run_of


@pytest.mark.parametrize(
    "arguments",
    [
        ["word_lm", "-s", "units=8", "--seed", "3", "--data", "x.txt"],
        ["-s", "units=8", "--data", "x.txt", "--seed", "3", "word_lm"],
        ["--seed", "3", "--data=x.txt", "word_lm", "--set", "units=8", "--debug"],
    ],
)
def test_without_a_diagnostic_a_task_is_described_wherever_its_options_stand(call, asked, arguments):
    assert call(*arguments) == (0, "described\n", "")
    run, data, options = asked["inspect"]
    assert (run, data, options["settings"], options["seed"]) == ("word_lm", "x.txt", {"units": "8"}, 3)


def test_a_run_is_described(call, asked, run_of):
    folder = run_of("ner")
    assert call(folder)[:2] == (0, "described\n")
    assert asked["inspect"][0] == folder


def test_help_has_the_default_command_and_names_the_diagnostics(call):
    code, output, _ = call("--help")
    assert code == 0
    assert "Usage: seqtasks inspect [OPTIONS] TASK|RUN" in output
    for word in ("--data ", "--set", "--output-dir", "--code", "--debug", "\n  gradients ", "\n  agreement "):
        assert word in output
    code, output, _ = call("gradients", "--help")
    assert code == 0
    assert "Usage: seqtasks inspect gradients [OPTIONS] TASK" in output
    assert all(word in output for word in ("--cell", "--trained", "--length", "--code", "--debug"))
    code, output, _ = call("agreement", "--help")
    assert code == 0
    assert "Usage: seqtasks inspect agreement [OPTIONS] RUN..." in output
    assert all(word in output for word in ("--pairs", "--blimp", "--data-dir", "--code", "--debug"))


def test_gradients_prints_a_table_and_writes_a_picture(call, asked, tmp_path):
    arguments = ["--cell", "rnn, lstm", "--length", 9, "--trained", 2, "-s", "units=8", "--seed", 3, "--output", "new"]
    code, output, _ = call("gradients", "word_lm", *arguments)
    assert code == 0
    assert output.splitlines()[0] == "|dLoss<T>/da<t>|: a title"
    assert output.splitlines()[-1] == "new/gradients.png"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["gradients.png"]
    task, cells, data, options = asked["gradients"]
    assert (task, cells, data) == ("word_lm", ["rnn", "lstm"], None)
    assert (options["length"], options["trained"], options["settings"]) == (9, 2, {"units": "8"})


def test_agreement_prints_a_table_and_writes_a_picture(call, asked, run_of, tmp_path):
    folder = run_of("word_lm")
    code, output, _ = call("agreement", folder, "word_lm", "--pairs", 7)
    assert code == 0
    assert output.splitlines()[0] == "accuracy: a title"
    assert output.splitlines()[-1] == "inspection/agreement.png"
    assert (tmp_path / "inspection" / "agreement.png").is_file()
    runs, options = asked["agreement"]
    assert [run.resolve() for run in runs] == [folder, folder]
    assert options["pairs"] == 7


def test_a_picture_is_replaced_only_by_force(call, asked, tmp_path):
    assert call("gradients", "word_lm")[0] == 0
    picture = tmp_path / "inspection" / "gradients.png"
    picture.write_bytes(b"kept")
    code, output, errors = call("gradients", "word_lm")
    assert (code, output) == (2, "")
    assert errors == "Error: inspection/gradients.png exists. Replace it with --force\n"
    assert picture.read_bytes() == b"kept"
    assert call("gradients", "word_lm", "--force")[0] == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'TASK|RUN'"),
        (["word_ml"], "Did you mean 'word_lm'"),
        (["gradients"], "Missing argument 'TASK'. Try: seqtasks inspect gradients --help"),
        (["gradients", "word_ml"], "unknown task 'word_ml'. Did you mean 'word_lm'"),
        (["gradients", "ner"], "ner is no language model"),
        (["gradients", "music"], "music is no language model"),
        (["gradients", "translation"], "translation is no language model: gradients are inspected of a task such as"),
        (["gradients", "word_lm", "--cell", "rnn,lsmt"], "unknown cell 'lsmt'. Did you mean 'lstm'"),
        (["gradients", "word_lm", "--cell", ","], "no cell was given"),
        (["gradients", "word_lm", "-s", "cell=rnn"], "with --cell, not as a setting"),
        (["gradients", "word_lm", "-s", "layer=3"], "Did you mean 'layers'"),
        (["gradients", "word_lm", "--data", "none.txt"], "none.txt: no such file or folder"),
        (["gradients", "word_lm", "--length", "0"], "--length"),
        (["gradients", "word_lm", "--output", "/dev/null/x"], "/dev/null is no folder that can be written to"),
        (["agreement"], "Missing argument 'RUN...'. Try: seqtasks inspect agreement --help"),
        (["agreement", "word_lm"], "task 'word_lm' has no run in runs/ yet. Train one with: seqtasks run word_lm"),
        (["agreement", "runs/none"], "runs/none: no such run or export"),
        (["agreement", "word_lm", "--pairs", "5", "--blimp", "x"], "give one of --pairs and --blimp"),
    ],
)
def test_usage_errors_end_with_2_and_leave_nothing(call, arguments, message, tmp_path):
    code, output, errors = call(*arguments)
    assert (code, output) == (2, "")
    assert message in errors
    assert errors.startswith("Error: ")
    assert errors.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("task", ["ner", "music", "translation"])
def test_agreement_refuses_what_scores_no_sentences(call, run_of, task):
    code, _, errors = call("agreement", run_of(task))
    assert code == 2
    assert f"is no language model but of task {task}" in errors


def test_mistakes_are_found_without_tensorflow(tmp_path):
    code = (
        "import sys; from seqtasks.cli.main import main; main(['inspect', 'gradients', 'word_lm', '--cell', 'lsmt']); "
        "main(['inspect', 'agreement', 'word_lm']); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], text=True, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == "False\n"
    assert done.stderr.count("Error: ") == 2
