import json

import numpy as np

from seqtasks.training import plots
from seqtasks.training.results import _example, prediction_rows, score_table

SCORES = {"validation": {"span_f1": 0.5, "span_f1/PER": 0.25}, "test": {"span_f1": 0.125, "span_f1/LOC": 1.0}}


def test_the_table_shows_overall_scores_of_each_split():
    assert score_table(SCORES) == ["score    validation    test", "span_f1      0.5000  0.1250"]
    assert score_table(SCORES, markdown=True) == [
        "| score   | validation |   test |",
        "| ------- | ---------: | -----: |",
        "| span_f1 |     0.5000 | 0.1250 |",
    ]


def test_rows_of_each_family():
    tagged = list(prediction_rows([{"tokens": ["a"], "tags": ["O"]}], [["B-X"]]))
    assert tagged == [{"tokens": ["a"], "reference": ["O"], "prediction": ["B-X"]}]
    answer = {"label": "p", "probabilities": {"n": 0.1, "p": 0.9}}
    (row,) = prediction_rows([{"text": "t" * 1000, "label": "n"}], [answer])
    assert (row["reference"], row["prediction"]) == ("n", "p")
    assert len(row["text"]) < 1000
    (pair,) = prediction_rows([{"source": "a dog", "target": "ein Hund"}], ["der Hund"])
    assert pair == {"source": "a dog", "reference": "ein Hund", "prediction": "der Hund"}


def test_rows_of_sounds_show_no_samples():
    audio = np.zeros(8, np.int16)
    (heard,) = prediction_rows([{"audio": audio, "text": "three seven"}], ["three"])
    assert heard == {"reference": "three seven", "prediction": "three"}
    answer = {"label": "p", "probabilities": {"n": 0.25, "p": 0.75}}
    (row,) = prediction_rows([{"audio": audio, "label": "n"}], [answer])
    assert row == {"reference": "n", "prediction": "p", "probabilities": {"n": 0.25, "p": 0.75}}


def test_examples_of_sounds_show_what_was_said():
    audio = np.zeros(8, np.int16)
    assert _example({"audio": audio, "text": "three Seven"}, "three seven", "") == "true three seven, predicted "
    assert _example({"audio": audio, "label": "n"}, "n", "p") == "true n, predicted p"
    assert _example({"text": "so so", "label": "n"}, "n", "p") == "true n, predicted p: so so"


def test_an_example_of_a_translation_is_three_lines_and_a_right_one_two():
    example = {"source": "a\n dog", "target": "ein Hund"}
    assert _example(example, "ein Hund", "der Hund") == "a dog\n  true       ein Hund\n  predicted  der Hund"
    assert _example(example, "ein Hund", "ein Hund") == "a dog\n  true       ein Hund"
    assert _example(example, "ein " * 100, "").splitlines()[1:] == [f"  true       {'ein ' * 75}...", "  predicted  "]


def test_the_report_of_a_translation(translation_run):
    from seqtasks.training.run_folder import RunFolder

    folder = RunFolder(translation_run)
    report, scores = folder.report.read_text(), json.loads((folder.evaluation / "test.json").read_text())
    rows = [json.loads(line) for line in (folder.evaluation / "test.predictions.jsonl").read_text().splitlines()]
    assert [list(row) for row in rows] == [["source", "reference", "prediction"]] * 60
    wrong = [row for row in rows if row["prediction"] != row["reference"]]
    assert 0 < len(wrong) == round(60 * (1 - scores["exact_match"])) < 60
    assert f"Wrong: {len(wrong)} of 60\n" in report
    assert f"Right: {len(rows) - len(wrong)} of 60\n" in report
    for row in wrong[:5]:
        assert f"{row['source']}\n  true       {row['reference']}\n  predicted  {row['prediction']}\n" in report
    samples = folder.samples.read_text().splitlines()
    assert [line.split(" -> ")[0] for line in samples] == ["four hundred and seventeen", "sixty"]
    assert "\n".join(samples) in report
    assert f" {scores['exact_match']:.4f} |" in report
    assert "![Attention](attention.png)" in report
    assert folder.attention.read_bytes().startswith(b"\x89PNG")
    assert "onfusion" not in report


def test_a_run_without_attention_has_no_picture_of_it(tmp_path, monkeypatch):
    from types import SimpleNamespace

    from seqtasks.training.results import write_samples
    from seqtasks.training.run_folder import RunFolder

    answers = [{"text": "six", "output": "6", "score": 0.0}]
    task = SimpleNamespace(name="made", family="encoder_decoder", serving_inputs=lambda: ["six"])
    predictor = SimpleNamespace(predict=lambda texts: answers)
    monkeypatch.setattr("seqtasks.serving.signatures.build_module", lambda *_: SimpleNamespace(signatures={}))
    monkeypatch.setattr("seqtasks.serving.predict.make_predictor", lambda *_: predictor)
    assert write_samples(task, None, None, None, RunFolder(tmp_path)) == answers
    assert [path.name for path in tmp_path.iterdir()] == ["samples.txt"]
    assert (tmp_path / "samples.txt").read_text() == "six -> 6\n"


def test_pictures_can_be_drawn_of_many_labels_and_of_one_epoch(tmp_path):
    labels = [f"label{i}" for i in range(50)]
    plots.confusion_matrix(tmp_path / "matrix.png", labels, labels[::-1], labels)
    record = {"epoch": 1, "loss": 1.0, "val_x": 0.5, "gradient_norm_mean": 0.0, "gradient_norm_max": 0.0}
    plots.learning_curves(tmp_path / "curves.png", [record], "val_x", 1)
    plots.attention_map(tmp_path / "nothing.png", [], [], np.zeros([0, 0]))
    plots.attention_map(tmp_path / "odd.png", ["caf\udce9", "$x", "\n"], ["<EOS>"], np.ones([1, 3]) / 3)
    for picture in ("matrix.png", "curves.png", "nothing.png", "odd.png"):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
