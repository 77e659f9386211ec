import pytest

from seqtasks.metrics import Accuracy, MacroF1

REFERENCES = ["a", "a", "a", "b"]
PREDICTIONS = ["a", "a", "b", "b"]


def test_accuracy():
    assert Accuracy()(REFERENCES, PREDICTIONS) == {"accuracy": 0.75}
    assert Accuracy().report(REFERENCES, PREDICTIONS) == "accuracy 0.7500 (3 of 4)"


def test_macro_f1_weighs_labels_alike():
    # a: precision 1, recall 2/3; b: precision 1/2, recall 1.
    assert MacroF1()(REFERENCES, PREDICTIONS)["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)


def test_a_label_never_predicted_counts_as_zero():
    assert MacroF1()(["a", "b"], ["a", "a"])["macro_f1"] == pytest.approx((2 / 3) / 2)


def test_nothing_to_score():
    assert Accuracy()([], []) == {"accuracy": 0}
    assert MacroF1()([], []) == {"macro_f1": 0}
    assert MacroF1().report([], []) == "nothing to score"


def test_lengths_that_disagree_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        Accuracy()(["a"], [])
    with pytest.raises(ValueError, match="inconsistent numbers"):
        MacroF1()(["a"], [])


def test_report_names_every_label():
    report = MacroF1().report(REFERENCES, PREDICTIONS)
    assert [line.split()[0] for line in report.splitlines()[2:4]] == ["a", "b"]
