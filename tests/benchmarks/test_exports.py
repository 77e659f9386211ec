"""A small export measured from end to end, and what is said where that cannot be."""

import json

import numpy as np
import pytest
from seqtasks.benchmarks import contenders, export_report, exports, tensorflow_variants
from seqtasks.benchmarks.contenders import Contender

from seqtasks.cli import main as cli
from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.serving.export import save

from .small_runs import TEXTS, classifier, tagger

PACE = exports.Pace(rounds=1, seconds=0, tell=lambda line: None)


@pytest.fixture(scope="module")
def loaded():
    return classifier()


@pytest.fixture(scope="module")
def exported(loaded, tmp_path_factory):
    """Version 3 of the classifier's export."""
    folder = tmp_path_factory.mktemp("saved_models") / "small" / "3"
    folder.mkdir(parents=True)
    save(loaded, folder, verified=False)
    return folder


@pytest.fixture
def run(loaded, tmp_path, monkeypatch):
    """Where runs are kept; there is the one of which the export was made."""
    (tmp_path / "small" / "made").mkdir(parents=True)
    (tmp_path / "small" / "made" / "config.json").touch()
    monkeypatch.setattr(exports, "load_run", lambda folder: loaded)
    return tmp_path


def test_an_export_is_measured_beside_its_twin(exported, run):
    results = exports.measure(exported, output_dir=run, batches=(1, 2), lengths=("short",), session=True, pace=PACE)
    names = ["seqtasks", "keras export", "keras saved"]
    assert results["twin"].startswith("the same to ")
    assert results["twin"].endswith("; 0 of 6 labels differ")
    assert [(row["part"], row["through"], row["batch"], row["length"]) for row in results["rows"]] == [
        ("whole", "in process", 1, "short"),
        ("whole", "in process", 2, "short"),
        ("core", "in process", 1, "short"),
        ("core", "in process", 2, "short"),
        ("whole", "in a session", 1, "short"),
        ("whole", "in a session", 2, "short"),
    ]
    for row in results["rows"]:
        assert list(row["variants"]) == names
        assert all(values["p50"] > 0 and values["calls"] == 3 for values in row["variants"].values())
    json.dumps(results)


def test_a_tagger_too(tmp_path):
    loaded = tagger({"head": "softmax"}, {"affixes": False, "characters": False})
    save(loaded, tmp_path / "1", verified=False)
    twins = contenders.write_twins(exports.make_twin(loaded), tmp_path / "twins")
    texts = {"text": np.array([text.encode() for text in TEXTS], object)}
    told = contenders.compare([Contender("seqtasks", tmp_path / "1"), *twins], [texts])
    assert told.endswith("; 0 of 30 labels differ")
    features = contenders.features(loaded, texts["text"])
    assert {name: values.shape for name, values in features.items()} == {"words": (3, 5), "mask": (3, 5)}


def test_without_its_run_there_is_no_twin(exported, tmp_path):
    results = exports.measure(exported, output_dir=tmp_path, batches=(1,), lengths=("short",), pace=PACE)
    assert results["twin"] == f"none: its run, {tmp_path}/small/made, is not there. Tell where with --output-dir"
    assert [list(row["variants"]) for row in results["rows"]] == [["seqtasks"]]
    with pytest.raises(UsageError, match="has no signature 'tokens', but serving_default"):
        exports.measure(exported, signature="tokens", pace=PACE)


def test_agreement_counts_labels_and_takes_rounding_for_none():
    ours = {"label": np.array(["a", "b"], object), "score": np.array([0.5, 0.25]), "more": np.zeros(3)}
    theirs = {"label": np.array(["a", "c"], object), "score": np.array([0.5, 0.25 + 1e-5])}
    largest, differing, strings = contenders.agreement(ours, theirs)
    assert (round(largest, 7), differing, strings) == (1e-5, 1, 2)
    for wrong in (np.array([0.5, 0.3]), np.array([0.5, np.nan]), np.array([0.5])):
        with pytest.raises(SeqtasksError, match="seqtasks and Keras differ"):
            contenders.agreement(ours, {"score": wrong})


def figures(p50, rate):
    return {"p50": p50, "p95": 2 * p50, "p99": 3 * p50, "rows_per_second": rate, "calls": 3}


RESULTS = {
    "task": "small",
    "family": "many_to_one",
    "export": "saved_models/small/3",
    "signature": "serving_default",
    "twin": "the same",
    "machine": {"processor": "p", "threads": 2, "cores": 2, "device": "cpu"},
    "rows": [
        {
            "part": "whole",
            "through": "in process",
            "batch": 32,
            "length": "short",
            "variants": {
                "seqtasks": figures(2.0, 16000),
                "keras export": figures(5.0, 8000),
                "keras saved": figures(4.0, 10000),
            },
        }
    ],
}


def test_the_better_twin_counts(tmp_path):
    text = export_report.write(RESULTS, tmp_path)
    assert "### raw inputs to decisions, in process" in text
    assert "| 32 | short | 2 (4, 6) | 16,000 | 5 (10, 15) | 8,000 | 4 (8, 12) | 10,000 | **2.00** | **1.60** |" in text
    assert (tmp_path / "export-small.md").read_text("utf-8") == text
    assert json.loads((tmp_path / "export-small.json").read_text("utf-8")) == RESULTS


def test_alone_there_is_nothing_to_compare(tmp_path):
    alone = {**RESULTS["rows"][0], "variants": {"seqtasks": figures(2.0, 16000)}}
    text = export_report.markdown({**RESULTS, "rows": [alone]})
    assert "| 32 | short | 2 (4, 6) | 16,000 |\n" in text


@pytest.fixture
def measured(monkeypatch):
    """What the command line asks to be measured."""
    asked = []

    def measure(folder, **options):
        asked.append((folder, options))
        return {**RESULTS, "export": str(folder)}

    monkeypatch.setattr(exports, "measure", measure)
    monkeypatch.setattr(tensorflow_variants, "start", lambda threads, device: None)
    return asked


@pytest.mark.parametrize("command", [[], ["export"]])
def test_a_word_that_is_no_command_is_an_export(command, exported, measured, tmp_path, capsys):
    texts = tmp_path / "texts.txt"
    texts.write_text("one\ntwo words\n", encoding="utf-8")
    arguments = ["--batch", "4", "--length", "long", "--file", texts, "--output", tmp_path / "out", "--server"]
    assert cli.main(["benchmark", *command, str(exported.parent), *map(str, arguments)]) == 0
    ((folder, options),) = measured
    assert folder == exported
    assert (options["batches"], options["lengths"], options["clients"]) == ((4,), ("long",), 4)
    assert options["texts"] == ["one", "two words"]
    assert "**2.00**" in capsys.readouterr().out
    assert (tmp_path / "out" / "export-small.json").is_file()


def test_a_tasks_name_means_its_latest_version(exported, measured, tmp_path):
    options = ["--export-dir", exported.parent.parent, "--output", tmp_path]
    assert cli.main(["benchmark", "small", *map(str, options)]) == 0
    assert measured[0][0] == exported
    assert measured[0][1]["clients"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["layrs"], "'layrs' is no export, no task and no command of benchmark. Did you mean 'layers'?"),
        (["sentimnt"], "Did you mean 'sentiment'?"),
        (["ner"], "task 'ner' has no export in saved_models/ yet. Write one with: seqtasks export ner"),
        (["."], ". is not an export: neither it nor a numbered folder in it has a saved_model.pb"),
        (["export"], "Missing argument 'EXPORT'"),
        (["ner", "--batch", "0"], "0 is not in the range"),
        (["ner", "--length", "endless"], "'endless' is not one of 'short', 'medium', 'long'"),
    ],
)
def test_what_is_no_export_is_said_in_one_line(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["benchmark", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_a_damaged_description_is_said(tmp_path):
    (tmp_path / "saved_model.pb").touch()
    (tmp_path / "seqtasks.json").write_text("{", encoding="utf-8")
    with pytest.raises(SeqtasksError, match=r"cannot be read.*Export the run again"):
        exports.measure(tmp_path, pace=PACE)
    with pytest.raises(UsageError, match="not an export's folder"):
        exports.measure(tmp_path / "none", pace=PACE)
