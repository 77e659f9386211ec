"""`seqtasks export`: what goes with what."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from seqtasks.cli import main as cli
from seqtasks.serving.export_all import TaskExport


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Runs `seqtasks export ...` beside a run of `ner`: `call(*arguments)` gives code, output, errors."""
    from seqtasks.cli import start

    monkeypatch.setattr(start, "start_tensorflow", lambda: None)
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "runs" / "ner" / "20260101-000000"
    (run / "checkpoints").mkdir(parents=True)
    (run / "config.json").write_text(json.dumps({"task": "ner", "family": "many_to_many"}))

    def call(*arguments):
        code = cli.main(["export", *map(str, arguments)])
        return SimpleNamespace(code=code, **capsys.readouterr()._asdict())

    return call


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name a run or a task, or give --all"),
        (("ner", "--all"), "name a run or a task, or give --all"),
        (("--all", "--version", "3"), "--all writes the next free version"),
        (("--all", "--format", "onnx"), "--all writes the next free version"),
        (("ner", "--output", "x"), "--output is for --format litert and onnx"),
        (("ner", "--format", "litert", "--version", "3"), "--version is for SavedModels"),
    ],
)
def test_what_does_not_go_together(call, arguments, told):
    found = call(*arguments)
    assert found.code == 2
    assert told in found.err


def test_all_goes_on_past_a_failure_and_tells_of_it(call, monkeypatch):
    from seqtasks.serving import export_all

    outcomes = [TaskExport("dna"), TaskExport("music", error="no space"), TaskExport("ner", Path("saved_models/ner/2"))]

    def everything(output_dir, export_dir, *, report):
        for outcome in outcomes:
            report(outcome)
        return outcomes

    monkeypatch.setattr(export_all, "export_all", everything)
    found = call("--all")
    assert found.code == 1
    assert found.out.splitlines() == ["dna: no run", "music: no space", "ner: saved_models/ner/2"]
    assert "not exported: music" in found.err
    outcomes.remove(outcomes[1])
    assert call("--all").code == 0


def test_all_without_runs(call, monkeypatch):
    from seqtasks.serving import export_all

    monkeypatch.setattr(export_all, "export_all", lambda *_, report: [TaskExport("dna"), TaskExport("ner")])
    found = call("--all")
    assert found.code == 2
    assert "no task has a run in runs/ yet" in found.err


def test_formats_go_to_a_folder_of_their_own(call, monkeypatch):
    from seqtasks.serving import formats

    asked = []

    def convert(run, style, output, **options):
        asked.append((Path(run).name, style, str(output), options["force"]))
        return formats.Conversion(output / "network.tflite", "features", {"scores": 1e-7}, 6)

    monkeypatch.setattr(formats, "convert", convert)
    found = call("ner", "--format", "litert")
    assert found.code == 0
    assert found.out.strip() == "networks/ner-litert/network.tflite"
    assert "Compared on 6 inputs; at most apart: scores by 1e-07" in found.err
    assert call("ner", "--format", "litert", "--output", "there", "--force").code == 0
    assert asked == [
        ("20260101-000000", "litert", "networks/ner-litert", False),
        (asked[0][0], "litert", "there", True),
    ]
