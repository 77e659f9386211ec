import numpy as np
import pytest
import tensorflow as tf

from seqtasks.errors import RefusedError, SeqtasksError, UsageError
from seqtasks.serving import rows
from seqtasks.serving.entities import entities_of
from seqtasks.serving.predict import Predictor, load_predictor, predict
from seqtasks.serving.rendering import render
from seqtasks.task import MANY_TO_MANY

from .standin import TEXTS

ODD_TEXTS = [*TEXTS, "caf\udce9 latte in London", "half \ud83d a pair", "tab\tand\nnewline", "\x00"]


@pytest.fixture
def in_memory(loaded, module):
    return Predictor(module.signatures, loaded.task.family, spans=loaded.task.family == MANY_TO_MANY)


@pytest.fixture
def from_export(exported):
    return load_predictor(exported)


@pytest.fixture
def tagger(loaded, in_memory):
    if loaded.task.family != MANY_TO_MANY:
        pytest.skip("tagging only")
    return in_memory


@pytest.fixture
def classifier(loaded, in_memory):
    if loaded.task.family == MANY_TO_MANY:
        pytest.skip("classification only")
    return in_memory


def test_export_predicts_the_same(in_memory, from_export):
    assert from_export.predict(ODD_TEXTS) == in_memory.predict(ODD_TEXTS)


def test_tagged_text(tagger):
    for prediction, text in zip(tagger.predict(ODD_TEXTS), ODD_TEXTS, strict=True):
        assert list(prediction) == ["text", "tokens", "tags", "scores", "entities"]
        assert prediction["text"] == text
        assert len(prediction["tokens"]) == len(prediction["tags"]) == len(prediction["scores"])
        for entity in prediction["entities"]:
            assert entity["text"] == text[entity["start"] : entity["end"]]
            assert entity["type"] in ("PER", "LOC")
            assert 0 < entity["score"] <= 1
    assert tagger.predict([""])[0]["tokens"] == []


def test_tokens(tagger):
    text = "Zoë in London ."
    (by_text,), (by_tokens, empty) = tagger.predict([text]), tagger.predict_tokens([text.split(), []])
    np.testing.assert_allclose(by_tokens.pop("scores"), by_text.pop("scores"), atol=1e-6)
    for entity in by_tokens["entities"] + by_text["entities"]:
        entity["score"] = round(entity["score"], 4)
    assert by_tokens == by_text
    assert empty == {"text": "", "tokens": [], "tags": [], "scores": [], "entities": []}
    assert tagger.predict_tokens([]) == []


@pytest.mark.parametrize("sentences", [[["a", ""]], ["not cut"], [["a", 1]], [b"bytes"]])
def test_tokens_of_the_wrong_kind(tagger, sentences):
    with pytest.raises(UsageError):
        tagger.predict_tokens(sentences)


def test_classified_text(classifier):
    for prediction, text in zip(classifier.predict(ODD_TEXTS), ODD_TEXTS, strict=True):
        assert list(prediction) == ["text", "label", "score", "probabilities"]
        assert prediction["text"] == text
        assert prediction["score"] == prediction["probabilities"][prediction["label"]]
        assert prediction["score"] == max(prediction["probabilities"].values())
    with pytest.raises(UsageError, match="texts, not tokens"):
        classifier.predict_tokens([["a"]])


@pytest.mark.parametrize("texts", ["one text", [1], [None], [["a"]]])
def test_texts_of_the_wrong_kind(in_memory, texts):
    with pytest.raises(UsageError, match="expected a list of texts"):
        in_memory.predict(texts)


def test_many_texts_keep_their_order(in_memory, monkeypatch):
    texts = [f"{'word ' * (i * 7 % 23)} London {i}" for i in range(150)]
    batches = []
    one_by_one = [in_memory.predict([text])[0] for text in texts]
    monkeypatch.setattr(rows, "_batches", lambda sizes, make=rows._batches: batches.extend(make(sizes)) or batches)
    together = in_memory.predict(texts)
    assert len(batches) == 3
    answer = "tags" if "tags" in together[0] else "label"
    assert [(p["text"], p[answer]) for p in together] == [(p["text"], p[answer]) for p in one_by_one]


def test_no_text(in_memory):
    assert in_memory.predict([]) == []


def test_long_rows_travel_alone():
    sizes = [10] * 70 + [10**6, 300_000, 5]
    batches = rows._batches(sizes)
    assert sorted(index for batch in batches for index in batch) == list(range(len(sizes)))
    assert all(len(batch) <= 64 for batch in batches)
    assert [70] in batches
    assert [71] in batches
    assert rows._batches([]) == []


def test_predict_takes_texts_and_tokens(run_of, loaded):
    assert predict(run_of, "Ada in London") == predict(run_of, ["Ada in London"])
    assert predict(run_of, []) == []
    if loaded.task.family == MANY_TO_MANY:
        assert predict(run_of, [["Ada", "in"]])[0]["tokens"] == ["Ada", "in"]


@pytest.mark.parametrize("damage", ["seqtasks.json", "variables"])
def test_damaged_export(exported, tmp_path, damage):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(exported, copy)
    shutil.rmtree(copy / damage) if (copy / damage).is_dir() else (copy / damage).unlink()
    with pytest.raises(SeqtasksError, match=str(copy)):
        load_predictor(copy)


def test_entities():
    text = "Ada Lovelace met Bob in New York City"
    words = text.split()
    starts = [text.index(word) for word in words]
    ends = [start + len(word) for start, word in zip(starts, words, strict=True)]
    tags = ["B-PER", "I-PER", "O", "I-PER", "O", "B-LOC", "B-LOC", "I-MISC"]
    scores = [0.9, 0.8, 1.0, 0.7, 1.0, 0.6, 0.5, 0.4]
    found = entities_of(tags, scores, starts, ends, text)
    assert [(e["text"], e["type"], e["start"], e["end"], e["score"]) for e in found] == [
        ("Ada Lovelace", "PER", 0, 12, 0.8),
        ("Bob", "PER", 17, 20, 0.7),
        ("New", "LOC", 24, 27, 0.6),
        ("York", "LOC", 28, 32, 0.5),
        ("City", "MISC", 33, 37, 0.4),
    ]
    assert entities_of([], [], [], [], "") == []


def test_rendering():
    entities = [
        {"text": "Ada Lovelace", "type": "PER", "start": 0, "end": 12, "score": 1.0},
        {"text": "London", "type": "LOC", "start": 22, "end": 28, "score": 1.0},
    ]
    tagged = {"text": "Ada Lovelace lived in London.", "tokens": [], "tags": [], "entities": entities}
    assert render(tagged) == "[Ada Lovelace](PER) lived in [London](LOC)."
    assert render({"text": "I am", "tokens": ["I", "am"], "tags": ["PRON", "AUX"]}) == "I/PRON am/AUX"
    assert render({"text": "ACG", "tokens": ["A", "C", "G"], "tags": ["N", "E", "e"]}) == "ACG\nNEe"
    assert render({"text": "Fine \udce9", "label": "pos", "score": 0.98412}) == "pos 0.98  Fine ?"


def test_a_text_that_is_too_long_is_refused_in_memory_and_by_the_export(tagger, from_export):
    for predictor in (tagger, from_export):
        with pytest.raises(RefusedError, match=r"^text 2: too long: 20001 words, at most 20000 are taken"):
            predictor.predict(["Ada", "w " * 20_001, "London"])
        with pytest.raises(RefusedError, match=r"^text 1: too long: 20001 words"):
            predictor.predict_tokens([["w"] * 20_001])


def test_a_signature_refuses_too_many_rows_and_too_much_padding(module, from_export):
    for signatures in (module.signatures, from_export._signatures):
        with pytest.raises(tf.errors.InvalidArgumentError, match="too many rows: 2049, at most 2048 are taken"):
            signatures["serving_default"](text=tf.constant(["a"] * 2049))
        with pytest.raises(tf.errors.InvalidArgumentError, match="2000 rows, padded to the 40 words of row 7, at most"):
            signatures["serving_default"](text=tf.constant(["a"] * 7 + ["a " * 40] + ["a"] * 1992))
