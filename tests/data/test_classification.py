import numpy as np
import pytest

from seqtasks.architectures import build_model
from seqtasks.config import Config
from seqtasks.data.classification import ClassificationPipeline
from seqtasks.errors import DataError
from seqtasks.sections import Label, Recurrent, Text, Training

TRAIN = [
    {"text": "A très good film, a GOOD one!", "label": "good"},
    {"text": "Not good: 東京 bores.", "label": "bad"},
    {"text": "good", "label": "good"},
]
TEST = [
    {"text": "Unheard good film", "label": "mixed"},
    {"text": "", "label": "bad"},
    {"text": "<br />", "label": "good"},
    {"text": "Très 京 😀", "label": "bad"},
]


def config(classes=(), **inputs):
    return Config(
        Text(**{"min_count": 1, "embedding_size": 3, **inputs}),
        Label(classes),
        Recurrent(units=2, dropout=0.0),
        Training(),
    )


@pytest.fixture(scope="module")
def pipeline():
    return ClassificationPipeline.fit(config(), TRAIN)


def test_the_vocabulary_is_the_training_split_s_words(pipeline):
    # By count, then by code point.
    assert pipeline.codec.words.tokens[2:] == [
        *("good", "a"),
        *("!", ",", ".", ":", "bores", "film", "not", "one", "très", "京", "東"),
    ]
    assert pipeline.codec.counts.tolist() == [0, 0, 4, 2] + [1] * 11
    assert pipeline.classes == pipeline.labels == ["bad", "good"]


def test_case_and_rarity_are_configured():
    assert "GOOD" in ClassificationPipeline.fit(config(lowercase=False), TRAIN).codec.words
    assert ClassificationPipeline.fit(config(min_count=2), TRAIN).codec.words.tokens[2:] == ["good", "a"]
    assert ClassificationPipeline.fit(config(max_words=1), TRAIN).codec.words.tokens[2:] == ["good"]


def test_encoding_knows_nothing_of_what_training_did_not_show(pipeline):
    encoded, words = pipeline.encode(TEST), pipeline.codec.words
    assert encoded.lengths.tolist() == [3, 0, 0, 3]
    assert encoded.steps["words"].tolist() == [
        *(1, words.id("good"), words.id("film")),
        *(words.id("très"), words.id("京"), 1),
    ]
    assert encoded.examples["labels"].tolist() == [-1, 0, 1, 0]
    assert pipeline.unseen_labels(TEST) == ["mixed"]
    assert pipeline.unseen_labels(TRAIN) == []
    assert pipeline.encode([{"text": "good"}], labelled=False).examples == {}
    assert len(pipeline.encode([])) == 0
    assert pipeline.encode([]).steps["words"].dtype == encoded.steps["words"].dtype == np.int32


@pytest.mark.parametrize("longest", [1, 4, 5])
def test_long_texts_keep_their_halves(longest):
    numbers = [f"w{i}" for i in range(11)]
    fitted = ClassificationPipeline.fit(config(max_length=longest), [*TRAIN, {"text": " ".join(numbers), "label": "b"}])
    texts = [" ".join(numbers), " ".join(numbers[:longest]), " ".join(numbers[: longest + 1])]
    encoded = fitted.encode([{"text": text} for text in texts], labelled=False)
    assert encoded.lengths.tolist() == [longest] * 3
    ids = [[fitted.codec.words.id(word) for word in text.split()] for text in texts]
    first, last = longest // 2, longest - longest // 2
    kept = [row[:first] + row[-last:] for row in ids]
    assert kept[1] == ids[1]
    assert encoded.steps["words"].tolist() == [number for row in kept for number in row]
    batch = next(iter(fitted.batches(encoded, 3)))
    assert batch["words"].shape == (3, longest)
    # The exported graph cuts in the same places.
    np.testing.assert_array_equal(fitted.graph().features(texts)["words"], kept)


def test_many_texts_are_encoded_as_one_by_one(pipeline, monkeypatch):
    whole = pipeline.encode(TRAIN + TEST)
    monkeypatch.setattr("seqtasks.data.word_codec.TEXTS_AT_ONCE", 2)
    split = pipeline.encode(TRAIN + TEST)
    np.testing.assert_array_equal(split.splits, whole.splits)
    np.testing.assert_array_equal(split.steps["words"], whole.steps["words"])
    assert ClassificationPipeline.fit(config(), TRAIN).codec.counts.tolist() == pipeline.codec.counts.tolist()


def test_saving_and_loading_changes_no_encoding(pipeline, tmp_path):
    odd = [{"text": "a\\b \\n e\u0301 <UNK> ｆｕｌｌ", "label": "ÜÑ ja"}, {"text": "nö", "label": "no\nway"}]
    for number, (fitted, examples) in enumerate(
        [(pipeline, TRAIN + TEST), (ClassificationPipeline.fit(config(), odd), odd)]
    ):
        folder = tmp_path / f"new/{number}"
        fitted.save(folder)
        loaded = ClassificationPipeline.load(fitted.config, folder)
        assert loaded.classes == fitted.classes
        np.testing.assert_array_equal(loaded.codec.counts, fitted.codec.counts)
        expected, found = fitted.encode(examples), loaded.encode(examples)
        np.testing.assert_array_equal(found.splits, expected.splits)
        np.testing.assert_array_equal(found.steps["words"], expected.steps["words"])
        np.testing.assert_array_equal(found.examples["labels"], expected.examples["labels"])


def test_batches_decode_to_the_right_answers(pipeline):
    examples = [*TRAIN, {"text": "good " * 20, "label": "good"}, {"text": "", "label": "bad"}]
    found = {}
    for batch in pipeline.batches(pipeline.encode(examples), 2, np.random.default_rng(0)):
        assert batch["mask"].shape[1] in (16, 32)
        probabilities = np.where(np.eye(2, dtype=bool)[batch["labels"]], 0.75, 0.25)
        decoded = pipeline.decode({"probabilities": probabilities}, batch)
        rows = batch["rows"][batch["rows"] >= 0]
        found |= dict(zip(rows.tolist(), decoded, strict=True))
    assert [found[i]["label"] for i in range(5)] == pipeline.references(examples)
    assert found[0] == {"label": "good", "probabilities": {"bad": 0.25, "good": 0.75}}


def test_classes_keep_the_configured_order(pipeline):
    fitted = ClassificationPipeline.fit(config(("good", "so-so", "bad")), TRAIN)
    assert fitted.classes == ["good", "so-so", "bad"]
    assert fitted.encode(TRAIN).examples["labels"].tolist() == [0, 2, 0]


def test_pretrained_vectors_reach_the_network(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("good 1 2 3\ntrès 4 5 6\n", encoding="utf-8")
    settings = config(vectors=str(path))
    pipeline = ClassificationPipeline.fit(settings, TRAIN)
    embeddings = build_model(settings, pipeline).reader.words.embeddings.numpy()
    assert embeddings.shape == (len(pipeline.codec.words), 3)
    assert embeddings[pipeline.codec.words.id("good")].tolist() == [1, 2, 3]
    assert embeddings[pipeline.codec.words.id("très")].tolist() == [4, 5, 6]


@pytest.mark.parametrize(
    ("train", "message"),
    [([{"text": " <br /> ", "label": "a"}], "no words"), (TRAIN[::2], "at least two labels.*'good'")],
)
def test_what_nothing_can_be_learned_from_is_an_error(train, message):
    with pytest.raises(DataError, match=message):
        ClassificationPipeline.fit(config(), train)
