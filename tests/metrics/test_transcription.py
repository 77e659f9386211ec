import builtins
import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.errors import SeqtasksError
from seqtasks.metrics import CharacterErrorRate, WordErrorRate

TEXTS = st.lists(
    st.tuples(*[st.lists(st.sampled_from(["a", "b", "cd"]), max_size=5).map(" ".join)] * 2), min_size=1, max_size=4
)


def distance(one, other):
    @functools.cache
    def least(i, j):
        if not i or not j:
            return i + j
        return min(least(i - 1, j) + 1, least(i, j - 1) + 1, least(i - 1, j - 1) + (one[i - 1] != other[j - 1]))

    return least(len(one), len(other))


@given(TEXTS)
def test_rates_by_brute_force(pairs):
    references, predictions = ([pair[i] for pair in pairs] for i in range(2))
    for metric, name, cut in ((WordErrorRate(), "wer", str.split), (CharacterErrorRate(), "cer", str)):
        errors = sum(distance(tuple(cut(a)), tuple(cut(b))) for a, b in pairs)
        # Without anything to say, every word is one too many.
        assert metric(references, predictions)[name] == pytest.approx(
            errors / (sum(len(cut(a)) for a, _ in pairs) or 1)
        )


def test_by_hand():
    references, predictions = ["one two three", "four five"], ["one too three", "for five six seven"]
    assert WordErrorRate()(references, predictions) == pytest.approx({"wer": 4 / 5, "word_accuracy": 1 / 5})
    assert WordErrorRate().report(references, predictions) == (
        "word error rate 0.8000: 2 substituted, 0 deleted and 2 inserted, of 5 words\n"
        "most often: four as for (1), two as too (1)"
    )
    assert CharacterErrorRate()(references, predictions) == pytest.approx({"cer": (1 + 1 + 10) / 22})
    assert CharacterErrorRate().report(references, predictions) == (
        "character error rate 0.5455: 1 substituted, 1 deleted and 10 inserted, of 22 characters"
    )


def test_accuracy_may_be_negative_and_case_counts():
    assert WordErrorRate()(["one"], ["two two two"]) == {"wer": 3.0, "word_accuracy": -2.0}
    assert WordErrorRate()(["One"], ["one"])["wer"] == 1


def test_empty_texts():
    assert WordErrorRate()(["one two", ""], ["", ""]) == {"wer": 1.0, "word_accuracy": 0.0}
    assert WordErrorRate()(["one", ""], ["one", "two"])["wer"] == 1
    assert WordErrorRate()(["", ""], ["", ""]) == {"wer": 0.0, "word_accuracy": 1.0}
    assert WordErrorRate()([""], ["one two"])["wer"] == 2
    assert CharacterErrorRate()([""], ["ab"])["cer"] == 2
    for metric in (WordErrorRate(), CharacterErrorRate()):
        assert set(metric([], []).values()) <= {0.0, 1.0}
        assert "0 substituted, 0 deleted and 0 inserted, of 0" in metric.report([], [])
        assert all(type(value) is float for value in metric(["a"], ["a"]).values())


def test_the_report_names_what_is_confused_most():
    report = WordErrorRate().report(["five nine"] * 3 + ["yes"], ["nine nine"] * 3 + ["no"])
    assert report.splitlines()[1] == "most often: five as nine (3), yes as no (1)"
    assert "\n" not in WordErrorRate().report(["a"], ["a"])


@pytest.mark.parametrize("metric", [WordErrorRate(), CharacterErrorRate()])
def test_lengths_that_disagree_are_refused(metric):
    with pytest.raises(ValueError, match=r"as many predictions as references are needed\. Received: 0, 1"):
        metric(["a"], [])


def test_a_missing_package_is_named(monkeypatch):
    whole = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "jiwer":
            raise ImportError("no jiwer")
        return whole(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SeqtasksError, match=r'no jiwer\. Install it with pip install "seqtasks\[speech\]"'):
        WordErrorRate()(["a"], ["a"])
