import math

import numpy as np
import pytest

import seqtasks
from seqtasks.errors import UsageError
from seqtasks.serving.predict import Predictor, load_predictor
from seqtasks.serving.translation import TranslationPredictor
from seqtasks.task import MANY_TO_ONE

TEXTS = ["forty two", "", "nine hundred and ninety nine", "  ", "twelve Zoë caf\udce9 東京 😀", "one " * 300]
PAIRS = [("forty two", "42"), ("six", ""), ("", "7"), ("one hundred", "1 x 00"), ("seven", "70" * 40)]


@pytest.fixture(scope="module")
def in_memory(translation_run):
    return load_predictor(translation_run)


@pytest.fixture(scope="module")
def export(translation_run):
    return seqtasks.export(translation_run, export_dir=translation_run.parent / "exports", verify=False)


@pytest.fixture(scope="module")
def exported(export):
    return load_predictor(export)


@pytest.fixture
def loaded(monkeypatch, translation_run, export, in_memory, exported):
    """Spares the functions the loading of the run and its export."""
    known = {translation_run: in_memory, export: exported}
    monkeypatch.setattr("seqtasks.serving.predict.load_predictor", lambda which, **_: known[which])


def assert_alike(here, there):
    """Asserts that answers agree: exactly but for the last digits of numbers."""
    for one, other in zip(here, there, strict=True):
        assert list(one) == list(other)
        for name, value in one.items():
            close = name in ("score", "scores", "log_probability", "perplexity", "log_probabilities")
            assert other[name] == (pytest.approx(value, rel=1e-4, abs=1e-5) if close else value)


def test_predictions(in_memory):
    for text, found in zip(TEXTS, in_memory.predict(TEXTS), strict=True):
        assert list(found) == ["text", "output", "score"]
        assert found["text"] == text
        assert type(found["output"]) is str
        assert type(found["score"]) is float
        assert bool(found["output"]) == bool(text.strip())
        assert "<UNK>" not in found["output"]


def test_the_best_of_several_is_what_is_predicted(in_memory):
    for one, several in zip(in_memory.predict(TEXTS), in_memory.n_best(TEXTS), strict=True):
        assert list(several) == ["text", "output", "score", "outputs", "scores", "log_probabilities"]
        assert_alike([one], [{name: several[name] for name in one}])
        assert several["outputs"][0] == several["output"]
        assert several["scores"][0] == several["score"]
        assert several["scores"] == sorted(several["scores"], reverse=True)
        assert len(several["outputs"]) == len(several["scores"]) == len(several["log_probabilities"])
        assert len(set(several["outputs"])) == len(several["outputs"])
        # Of nothing there is one translation, and no more are made up.
        assert len(several["outputs"]) == (3 if one["text"].strip() else 1)


def test_the_score_is_the_log_probability_by_length(in_memory):
    (best,) = in_memory.n_best(["forty two"])
    (found,) = in_memory.score(["forty two"], [best["output"]])
    assert found["log_probability"] == pytest.approx(best["log_probabilities"][0], rel=1e-4, abs=1e-5)
    assert best["score"] == pytest.approx(found["log_probability"] / found["length"], rel=1e-4, abs=1e-5)


def test_scores(in_memory):
    found = in_memory.score(*zip(*PAIRS, strict=True))
    for (source, target), one in zip(PAIRS, found, strict=True):
        assert list(one) == [
            *("source", "target", "log_probability", "perplexity", "length", "tokens", "log_probabilities")
        ]
        assert (one["source"], one["target"]) == (source, target)
        assert one["length"] == len(one["tokens"]) == len(one["log_probabilities"]) == len(target) + 1
        assert one["tokens"][-1] == "<EOS>"
        assert one["log_probability"] == pytest.approx(sum(one["log_probabilities"]), rel=1e-5)
        assert one["perplexity"] == pytest.approx(math.exp(-one["log_probability"] / one["length"]), rel=1e-4)
    assert found[3]["tokens"] == ["1", "<UNK>", "<UNK>", "<UNK>", "0", "0", "<EOS>"]
    right, wrong = in_memory.score(["forty two"] * 2, ["42", "24"])
    assert right["log_probability"] > wrong["log_probability"]


def test_alignments(in_memory):
    found = in_memory.alignments(*zip(*PAIRS, strict=True))
    for (source, target), one in zip(PAIRS, found, strict=True):
        assert len(one.source) == len(source.split())
        assert one.target[-1] == "<EOS>"
        assert len(one.target) == len(target) + 1
        assert one.weights.shape == (len(one.target), len(one.source))
        assert one.weights.dtype == np.float32
        if source:
            assert (one.weights >= 0).all()
            np.testing.assert_allclose(one.weights.sum(axis=1), 1, rtol=1e-5)
    assert found[0].source == ["forty", "two"]
    assert found[0].target == ["4", "2", "<EOS>"]


def test_many_texts_are_translated_as_one_by_one(in_memory):
    texts = [f"{'two hundred and ' * (i * 7 % 5)}thirty {'four' * (i % 2)}" for i in range(150)]
    together = in_memory.predict(texts)
    assert [one["text"] for one in together] == texts
    places = range(0, 150, 29)
    assert_alike([together[i] for i in places], [in_memory.predict([texts[i]])[0] for i in places])
    targets = ["234" * (i % 3) for i in range(150)]
    scores = in_memory.score(texts, targets)
    assert_alike([scores[i] for i in places], [in_memory.score([texts[i]], [targets[i]])[0] for i in places])
    alignments = in_memory.alignments(texts, targets)
    for i in places:
        (alone,) = in_memory.alignments([texts[i]], [targets[i]])
        assert alignments[i][:2] == alone[:2]
        np.testing.assert_allclose(alignments[i].weights, alone.weights, atol=1e-5)


def test_the_export_answers_the_same(in_memory, exported):
    assert_alike(in_memory.predict(TEXTS), exported.predict(TEXTS))
    assert_alike(in_memory.n_best(TEXTS), exported.n_best(TEXTS))
    sources, targets = zip(*PAIRS, strict=True)
    assert_alike(in_memory.score(sources, targets), exported.score(sources, targets))
    pairs = zip(in_memory.alignments(sources, targets), exported.alignments(sources, targets), strict=True)
    for here, there in pairs:
        assert here[:2] == there[:2]
        np.testing.assert_allclose(here.weights, there.weights, atol=1e-5)


def test_nothing_to_do(in_memory):
    assert (
        in_memory.predict([]) == in_memory.n_best([]) == in_memory.score([], []) == in_memory.alignments([], []) == []
    )


def test_functions_take_one_text_or_several(translation_run, export, in_memory, loaded):
    for run in (translation_run, export):
        assert_alike(seqtasks.predict(run, "forty two"), in_memory.predict(["forty two"]))
        assert_alike(seqtasks.score(run, PAIRS), in_memory.score(*zip(*PAIRS, strict=True)))
    assert seqtasks.score(translation_run, [list(pair) for pair in PAIRS]) == seqtasks.score(translation_run, PAIRS)
    assert seqtasks.score(translation_run, iter(PAIRS[:1])) == seqtasks.score(translation_run, PAIRS[:1])
    assert seqtasks.score(translation_run, []) == []


@pytest.mark.parametrize(
    "inputs", ["a text", ["ab"], [("a",)], [("a", "b", "c")], [{"source": "a", "target": "b"}], [7]]
)
def test_what_is_no_pair_is_refused(translation_run, loaded, inputs):
    with pytest.raises(UsageError, match=r"^expected pairs of a source and a target\. Received: .*$"):
        seqtasks.score(translation_run, inputs)


def test_a_pair_of_other_things_than_texts_is_refused(translation_run, loaded):
    with pytest.raises(UsageError, match=r"^expected a list of texts, each a str\. Received: 7$"):
        seqtasks.score(translation_run, [("a", 7)])


@pytest.mark.parametrize("texts", ["one text", b"one text", [1], [None], [["a"]]])
def test_texts_of_the_wrong_kind(texts):
    predictor = TranslationPredictor({"attention": None})
    calls = (
        predictor.predict,
        predictor.n_best,
        lambda texts: predictor.score(texts, ["a"]),
        lambda texts: predictor.score(["a"], texts),
        lambda texts: predictor.alignments(texts, ["a"]),
    )
    for call in calls:
        with pytest.raises(UsageError, match=r"^expected a list of texts, each a str\. Received: .*$"):
            call(texts)


def test_sources_and_targets_of_different_number():
    predictor = TranslationPredictor({"attention": None})
    for ask in (predictor.score, predictor.alignments):
        with pytest.raises(UsageError, match=r"^expected as many targets as sources\. Received: 1 and 2$"):
            ask(["a", "b"], ["c"])


def test_without_attention_there_are_no_alignments():
    with pytest.raises(UsageError, match="no attention to show: train one with attention=multiplicative or additive"):
        TranslationPredictor({}).alignments(["a"], ["b"])


def test_models_without_probabilities_are_refused(monkeypatch):
    monkeypatch.setattr("seqtasks.serving.predict.load_predictor", lambda run, **_: Predictor({}, MANY_TO_ONE))
    with pytest.raises(UsageError, match=r"^sentiment gives no probabilities of texts\. Use predict, or a run of"):
        seqtasks.score("sentiment", [("a", "b")])
    with pytest.raises(UsageError, match="is no language model"):
        seqtasks.generate("sentiment")
