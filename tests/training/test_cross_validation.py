import json

import pytest

import seqtasks
from seqtasks.cli.main import main
from seqtasks.errors import UsageError

QUICK = {
    **{"training.jit_compile": False, "training.epochs": 1, "training.batch_size": 8},
    **{"model.units": 4, "model.bidirectional": False, "inputs.embedding_size": 4, "inputs.min_count": 1},
}


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    file = tmp_path_factory.mktemp("reviews") / "reviews.csv"
    rows = [f"number {i} is {'fine' if i % 2 else 'dull'},{'good' if i % 2 else 'bad'}" for i in range(24)]
    file.write_text("\n".join(["text,label", *rows]) + "\n")
    return file


@pytest.fixture(scope="module")
def found(reviews, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    return seqtasks.cross_validate("sentiment", reviews, folds=2, output_dir=runs, settings=QUICK, quiet=True)


def runs_of(found):
    return sorted(path.parent for path in found.folder.rglob("config.json") if not path.parent.is_symlink())


def test_every_example_is_predicted_once(found, reviews):
    rows = [
        json.loads(line)
        for run in runs_of(found)
        for line in (run / "evaluation" / "test.predictions.jsonl").read_text().splitlines()
    ]
    texts = [line.rpartition(",")[0] for line in reviews.read_text().splitlines()[1:]]
    assert sorted(row["text"] for row in rows) == sorted(texts)
    right = sum(row["reference"] == row["prediction"] for row in rows)
    assert found.scores["accuracy"] == pytest.approx(right / 24)
    assert f"({right} of 24)" in found.report


def test_the_summary_tells_all(found):
    summary = json.loads((found.folder / "summary.json").read_text())
    assert summary == {"scores": found.scores, "spread": found.spread, "folds": found.folds}
    assert len(found.folds) == 2
    mean = sum(fold["accuracy"] for fold in found.folds) / 2
    assert mean == pytest.approx(found.scores["accuracy"])
    assert found.spread["accuracy"] >= 0


def test_a_fold_is_evaluated_as_it_was(found):
    run = runs_of(found)[0]
    assert seqtasks.evaluate(run).scores == pytest.approx(found.folds[0], abs=1e-6)


def test_the_command_line(reviews, tmp_path, capsys):
    settings = [part for key, value in QUICK.items() for part in ("-s", f"{key}={value}")]
    command = ["run", "sentiment", "--data", str(reviews), "--folds", "2", "--output-dir", str(tmp_path), "--quiet"]
    assert main([*command, *settings]) == 0
    out = capsys.readouterr().out
    assert "all folds" in out
    assert "of 24)" in out
    assert "2 folds" in out


def test_what_cannot_be_cross_validated(reviews, tmp_path, capsys):
    assert main(["run", "sentiment", "--folds", "1"]) == 2
    assert "--folds" in capsys.readouterr().err
    with pytest.raises(UsageError, match="as 3/10"):
        seqtasks.run("sentiment", reviews, fold="3", output_dir=tmp_path, settings=QUICK, quiet=True)
