from types import SimpleNamespace

import pytest

from seqtasks.errors import UsageError
from seqtasks.serving.rescoring import RescoringPredictor
from seqtasks.task import MANY_TO_ONE, TRANSCRIPTION

HEARD = {
    "a.wav": (["wreck a nice beach", "recognize speech", "recognise speech"], [-1.0, -1.5, -3.0]),
    "b.wav": (["yes", ""], [-0.1, -2.5]),
}
WRITTEN = {"wreck a nice beach": -9.0, "recognize speech": -6.0, "recognise speech": -5.0, "yes": -3.0, "": -1.0}


def predictor(family=TRANSCRIPTION):
    def n_best(files):
        rows = [(file, *HEARD[file]) for file in files]
        names = ("file", "transcripts", "log_probabilities")
        best = [{"transcript": row[1][0], "log_probability": row[2][0]} for row in rows]
        return [dict(zip(names, row, strict=True)) | one for row, one in zip(rows, best, strict=True)]

    return SimpleNamespace(n_best=n_best, raw=SimpleNamespace(key="file"), family=family)


def language(seen=None):
    def score(texts):
        if seen is not None:
            seen.extend(texts)
        return [{"text": text, "log_probability": WRITTEN[text]} for text in texts]

    return SimpleNamespace(score=score)


def test_the_likeliest_of_both_models_is_chosen():
    first, second = RescoringPredictor(predictor(), language(), 0.5).predict(["a.wav", "b.wav"])
    assert first == {
        "file": "a.wav",
        "transcript": "recognize speech",
        "log_probability": -1.5,
        "lm_log_probability": -6.0,
        "score": -4.5,
    }
    assert second["transcript"] == "yes"


def test_all_are_ranked_by_both():
    (found,) = RescoringPredictor(predictor(), language(), 1.0).n_best(["a.wav"])
    assert found["transcripts"] == ["recognize speech", "recognise speech", "wreck a nice beach"]
    assert found["scores"] == [-7.5, -8.0, -10.0]
    assert found["log_probabilities"] == [-1.5, -3.0, -1.0]
    assert found["lm_log_probabilities"] == [-6.0, -5.0, -9.0]


def test_without_weight_nothing_changes():
    found = RescoringPredictor(predictor(), language(), 0.0).n_best(["a.wav", "b.wav"])
    assert [(one["transcripts"], one["scores"]) for one in found] == list(HEARD.values())


def test_words_may_be_worth_something():
    (without,), (with_bonus,) = (
        RescoringPredictor(predictor(), language(), 2.0, bonus).predict(["b.wav"]) for bonus in (0.0, 3.0)
    )
    assert without["transcript"] == ""
    assert with_bonus["transcript"] == "yes"
    assert with_bonus["score"] == pytest.approx(-0.1 - 6.0 + 3.0)


def test_a_text_is_scored_once():
    seen = []
    RescoringPredictor(predictor(), language(seen)).predict(["a.wav", "b.wav", "a.wav"])
    assert sorted(seen) == sorted(WRITTEN)


def test_what_cannot_be_rescored_is_refused():
    with pytest.raises(UsageError, match="models that transcribe alone"):
        RescoringPredictor(predictor(MANY_TO_ONE), language())
    for weight in (-0.1, float("nan")):
        with pytest.raises(UsageError, match=r"0 or more\. Received: "):
            RescoringPredictor(predictor(), language(), weight)
