import errno
import json

import pytest

import seqtasks
from seqtasks.errors import DataError, SeqtasksError, UsageError
from seqtasks.training.run_folder import RunFolder

QUICK = {"training.jit_compile": False, "model.units": 8, "inputs.embedding_size": 8}


@pytest.fixture(scope="module")
def weather(tmp_path_factory):
    """A task file as `seqtasks new` writes it."""
    from seqtasks import registry

    if "weather" in registry.names():
        pytest.skip("another test has registered the name")
    return seqtasks.new_task("weather", tmp_path_factory.mktemp("code"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def result(weather, runs):
    return seqtasks.run("weather", code=weather, output_dir=runs, settings={**QUICK, "epochs": 6}, quiet=True)


def test_a_run_learns_and_fills_its_folder(result, runs):
    assert result.scores["test"]["accuracy"] > 0.7
    folder = RunFolder(result.folder)
    assert folder.path.parent == runs / "weather"
    assert folder.read_config()["data"] == "builtin"
    assert folder.read_config()["config"]["model"]["units"] == 8
    assert json.loads(folder.environment.read_text())["packages"]["tensorflow"]
    assert [json.loads(line)["epoch"] for line in folder.metrics.read_text().splitlines()] == [1, 2, 3, 4, 5, 6]
    for split in ("validation", "test"):
        assert json.loads((folder.evaluation / f"{split}.json").read_text()) == result.scores[split]
    rows = [json.loads(line) for line in (folder.evaluation / "test.predictions.jsonl").read_text().splitlines()]
    right = sum(row["reference"] == row["prediction"] for row in rows)
    assert right / len(rows) == result.scores["test"]["accuracy"]
    assert folder.samples.read_text().count("\n") == len(result.samples) == 2
    for picture in ("learning_curves.png", "confusion_matrix.png"):
        assert (folder.path / picture).read_bytes().startswith(b"\x89PNG")
        assert picture in folder.report.read_text()
    assert f"{result.scores['test']['accuracy']:.4f}" in folder.report.read_text()
    assert not list(folder.path.rglob("*.tmp"))


def test_the_best_epoch_is_the_one_evaluated(result):
    scores = [record["val_accuracy"] for record in result.history]
    assert result.scores["validation"]["accuracy"] == max(scores)
    assert result.best_epoch == scores.index(max(scores)) + 1


def test_evaluate_and_predict_agree_with_the_run(result, runs):
    evaluation = seqtasks.evaluate("weather", output_dir=runs)
    assert evaluation.scores == result.scores["test"]
    assert seqtasks.evaluate(result.folder, split="validation").scores == result.scores["validation"]
    predictions = seqtasks.predict(result.folder, [sample["text"] for sample in result.samples])
    assert [p["label"] for p in predictions] == [s["label"] for s in result.samples]


def test_evaluate_on_other_data_counts_unknown_labels_as_wrong(result, tmp_path):
    file = tmp_path / "other.csv"
    file.write_text("text,label\n" + "It is sunny in the city,good\nIt is rainy in the city,awful\n" * 5)
    evaluation = seqtasks.evaluate(result.folder, str(file), split="train")
    assert evaluation.scores["accuracy"] <= 0.5
    assert "awful" in evaluation.notes[-1]


def test_evaluate_on_a_test_split_alone(result, weather, tmp_path):
    file = tmp_path / "test.csv"
    file.write_text("text,label\n" + "It is sunny in the city,good\nIt is rainy in the city,bad\n" * 5)
    assert seqtasks.evaluate(result.folder, tmp_path).examples == 10
    with pytest.raises(DataError, match=r"no validation file\. .*Found: test\.csv"):
        seqtasks.evaluate(result.folder, tmp_path, split="validation")
    with pytest.raises(DataError, match=r"no train file\. .*Found: test\.csv"):
        seqtasks.run("weather", tmp_path, output_dir=tmp_path / "runs", quiet=True)


def test_the_same_seed_gives_the_same_scores_and_resuming_gives_them_too(result, weather, tmp_path):
    options = {"code": weather, "output_dir": tmp_path, "quiet": True}
    part = seqtasks.run("weather", settings={**QUICK, "epochs": 2}, **options)
    whole = seqtasks.run("weather", settings={"epochs": 6}, resume=True, **options)
    assert whole.folder == part.folder
    assert [record["loss"] for record in whole.history] == [record["loss"] for record in result.history]
    assert whole.scores == result.scores
    assert RunFolder(whole.folder).read_config()["config"]["training"]["epochs"] == 6


def test_a_resumed_run_keeps_its_configuration_and_data(result, runs, tmp_path):
    with pytest.raises(UsageError, match=r"keeps its configuration.*model\.units=9 \(the run has 8\)"):
        seqtasks.run("weather", resume=result.folder, settings={"units": 9}, quiet=True)
    with pytest.raises(UsageError, match=r"trained on --data builtin\. Received: x\.csv"):
        seqtasks.run("weather", "x.csv", resume=True, output_dir=runs, quiet=True)
    with pytest.raises(UsageError, match="a run of task 'weather', not of 'ner'"):
        seqtasks.run("ner", resume=result.folder, quiet=True)
    with pytest.raises(UsageError, match="has no run"):
        seqtasks.run("ner", resume=True, output_dir=tmp_path, quiet=True)


def test_a_run_that_trains_nothing_leaves_no_folder(weather, tmp_path):
    settings = {**QUICK, "learning_rate": 1e38, "clip_norm": 0, "optimizer": "sgd", "schedule": "constant"}
    with pytest.raises(SeqtasksError, match=r"not a finite number in epoch 1, step \d+\. Try a lower.*clip_norm=1$"):
        seqtasks.run("weather", code=weather, output_dir=tmp_path / "runs", settings=settings, quiet=True)
    assert not list((tmp_path / "runs").iterdir())


def test_a_full_disk_is_told_with_what_to_do(weather, tmp_path, monkeypatch):
    def fill(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("seqtasks.training.checkpoints.save", fill)
    options = {"code": weather, "output_dir": tmp_path / "runs", "settings": QUICK, "quiet": True}
    with pytest.raises(SeqtasksError, match=r"No space left on device\. Nothing was left there.*--output-dir"):
        seqtasks.run("weather", **options)
    assert not list((tmp_path / "runs").iterdir())


def test_a_finished_run_says_that_nothing_is_left(result, weather, runs, capsys):
    again = seqtasks.run("weather", resume=result.folder, code=weather, output_dir=runs)
    assert "Nothing is left to train: 6 of at most 6 epochs" in capsys.readouterr().err
    assert again.scores == result.scores
    assert again.seconds > sum(record["seconds"] for record in result.history)


def test_bad_data_leaves_no_folder(weather, tmp_path):
    file = tmp_path / "data"
    file.mkdir()
    (file / "train.csv").write_text("text,label\n" + "fine day,good\nfoul day,bad\n" * 20)
    (file / "test.csv").write_text("text,label\nfine day,splendid\n")
    options = {"code": weather, "output_dir": tmp_path / "runs", "settings": QUICK, "quiet": True}
    with pytest.raises(DataError, match="labels that the train split never shows: 'splendid'"):
        seqtasks.run("weather", str(file), **options)
    with pytest.raises(UsageError, match="no such file"):
        seqtasks.run("weather", str(tmp_path / "none.csv"), **options)
    assert not (tmp_path / "runs").exists()


def test_inspect_tells_configuration_data_and_network(result, weather):
    text = seqtasks.inspect("weather", settings=QUICK)
    assert "model.units = 8" in text
    assert "train: 400 examples" in text
    assert "labels: " in text
    assert "parameters" in text
    of_run = seqtasks.inspect(result.folder)
    assert f"{result.scores['test']['accuracy']:.4f}" in of_run
    assert text[text.index("configuration") : text.index("training.epochs")] in of_run


def test_unknown_functions_are_refused():
    with pytest.raises(AttributeError, match="no attribute 'train'"):
        seqtasks.train  # noqa: B018
    assert {"run", "evaluate", "predict", "export", "list_tasks", "inspect", "new_task"} <= set(dir(seqtasks))
