import pytest

from seqtasks import registry
from seqtasks.errors import SeqtasksError
from seqtasks.serving.export_all import TaskExport, export_all
from seqtasks.serving.versions import InterruptedExportError


@pytest.fixture
def exports(monkeypatch, tmp_path):
    """Three tasks with runs, one of them with two, and one without; returns the runs that were exported."""
    monkeypatch.setattr(registry, "names", lambda: ["dna", "music", "ner", "speech"])
    monkeypatch.setattr(registry, "broken", lambda: [registry.BrokenTask("hurt", "hurt.py", "SyntaxError: no")])
    for run in ("dna/20260101-000000", "ner/20260101-000000", "ner/20260202-000000", "speech/20260101-000000"):
        (tmp_path / "runs" / run).mkdir(parents=True)
        (tmp_path / "runs" / run / "config.json").touch()
    (tmp_path / "runs" / "music" / "unfinished").mkdir(parents=True)
    # A folder of a task's name that is something else.
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "config.json").touch()
    monkeypatch.chdir(tmp_path)
    exported = []

    def export(run, *, export_dir, output_dir, verify):
        exported.append((str(run), str(export_dir), verify))
        return tmp_path / export_dir / run.parent.name / "1"

    monkeypatch.setattr("seqtasks.serving.export.export", export)
    return exported


def test_latest_run_of_every_task_is_exported(exports, tmp_path):
    reports = []
    outcomes = export_all("runs", "models", report=reports.append)
    assert exports == [
        ("runs/dna/20260101-000000", "models", True),
        ("runs/ner/20260202-000000", "models", True),
        ("runs/speech/20260101-000000", "models", True),
    ]
    assert outcomes == [
        TaskExport("dna", tmp_path / "models" / "dna" / "1"),
        TaskExport("music"),
        TaskExport("ner", tmp_path / "models" / "ner" / "1"),
        TaskExport("speech", tmp_path / "models" / "speech" / "1"),
        TaskExport("hurt", error="broken: SyntaxError: no"),
    ]
    assert reports == outcomes
    assert list(map(str, outcomes[1:3])) == ["music: no run", f"ner: {tmp_path}/models/ner/1"]


@pytest.mark.parametrize(
    ("failure", "message"),
    [(SeqtasksError("its own words"), "its own words"), (ValueError("first\nsecond"), "ValueError: first")],
)
def test_a_failure_is_told_and_the_others_go_on(exports, monkeypatch, failure, message):
    from seqtasks.serving.export import export

    def fail_once(run, **options):
        if run.parent.name == "dna":
            raise failure
        return export(run, **options)

    monkeypatch.setattr("seqtasks.serving.export.export", fail_once)
    outcomes = export_all("runs", "models", verify=False)
    assert outcomes[0] == TaskExport("dna", error=message)
    assert [run for run, _, _ in exports] == ["runs/ner/20260202-000000", "runs/speech/20260101-000000"]
    assert not any(verify for _, _, verify in exports)
    assert str(outcomes[0]) == f"dna: {message}"


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), InterruptedExportError("export interrupted")])
def test_ctrl_c_stops_all(exports, monkeypatch, stop):
    def interrupt(run, **options):
        raise stop

    monkeypatch.setattr("seqtasks.serving.export.export", interrupt)
    with pytest.raises(type(stop)):
        export_all()


def test_no_runs_at_all(exports, tmp_path):
    outcomes = export_all(tmp_path / "none")
    assert exports == []
    assert {str(outcome) for outcome in outcomes[:-1]} == {
        f"{name}: no run" for name in ("dna", "music", "ner", "speech")
    }
