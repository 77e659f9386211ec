from seqtasks.training import plots
from seqtasks.training.results import prediction_rows, score_table

SCORES = {"validation": {"span_f1": 0.5, "span_f1/PER": 0.25}, "test": {"span_f1": 0.125, "span_f1/LOC": 1.0}}


def test_the_table_shows_overall_scores_of_each_split():
    assert score_table(SCORES) == ["score    validation    test", "span_f1      0.5000  0.1250"]
    assert score_table(SCORES, markdown=True) == [
        "| score   | validation |   test |",
        "| ------- | ---------: | -----: |",
        "| span_f1 |     0.5000 | 0.1250 |",
    ]


def test_rows_of_both_families():
    tagged = list(prediction_rows([{"tokens": ["a"], "tags": ["O"]}], [["B-X"]]))
    assert tagged == [{"tokens": ["a"], "reference": ["O"], "prediction": ["B-X"]}]
    answer = {"label": "p", "probabilities": {"n": 0.1, "p": 0.9}}
    (row,) = prediction_rows([{"text": "t" * 1000, "label": "n"}], [answer])
    assert (row["reference"], row["prediction"]) == ("n", "p")
    assert len(row["text"]) < 1000


def test_pictures_can_be_drawn_of_many_labels_and_of_one_epoch(tmp_path):
    labels = [f"label{i}" for i in range(50)]
    plots.confusion_matrix(tmp_path / "matrix.png", labels, labels[::-1], labels)
    record = {"epoch": 1, "loss": 1.0, "val_x": 0.5, "gradient_norm_mean": 0.0, "gradient_norm_max": 0.0}
    plots.learning_curves(tmp_path / "curves.png", [record], "val_x", 1)
    for picture in ("matrix.png", "curves.png"):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
