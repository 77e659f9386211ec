import dataclasses

import numpy as np
import pytest

from seqtasks.architectures import build_model
from seqtasks.config import Config
from seqtasks.data.tagging import TaggingPipeline
from seqtasks.errors import DataError
from seqtasks.sections import Recurrent, Tags, Tokens, Training

TRAIN = [
    {
        "tokens": ["Zoë", "lives", "in", "東京", "."],
        "tags": ["B-PER", "O", "O", "B-LOC", "O"],
        "pos": ["NNP", "VBZ", "IN", "NNP", "."],
    },
    {
        "tokens": ["zoë", "Ada", "Lovelace", "1843", "in"],
        "tags": ["O", "B-PER", "I-PER", "O", "O"],
        "pos": ["NN", "NNP", "NNP", "CD", "IN"],
    },
]
TEST = [
    {"tokens": ["Ada", "lives", "nowhere", "in", "2024"], "tags": ["B-ORG", "O", "O", "O", "O"], "pos": ["X"] * 5},
    {"tokens": [], "tags": [], "pos": []},
    {"tokens": ["😀"], "tags": ["B-LOC"], "pos": ["NNP"]},
]


def config(auxiliary=("pos",), scheme="BIO", **inputs):
    small = {"embedding_size": 3, "character_units": 2, "character_embedding_size": 2, "max_characters": 4}
    return Config(
        Tokens(**{**small, **inputs}),
        Tags(scheme=scheme, auxiliary=auxiliary),
        Recurrent(units=2, dropout=0.0),
        Training(),
    )


@pytest.fixture(scope="module")
def pipeline():
    return TaggingPipeline.fit(config(affixes=True), TRAIN)


def test_the_vocabulary_is_the_training_split_s_normalized_words(pipeline):
    # By count, then by code point; digits as 0, all in lower case.
    assert pipeline.codec.words.tokens[2:] == ["in", "zoë", ".", "0000", "ada", "lives", "lovelace", "東京"]
    assert pipeline.codec.counts.tolist() == [0, 0, 2, 2, 1, 1, 1, 1, 1, 1]
    assert set(pipeline.codec.characters.tokens[2:]) == set("".join(t for example in TRAIN for t in example["tokens"]))
    # Outside first, then the beginning and the inside of each type.
    assert pipeline.tags == pipeline.labels == ["O", "B-LOC", "B-PER", "I-PER"]
    assert pipeline.auxiliary == {"pos": [".", "CD", "IN", "NN", "NNP", "VBZ"]}


def test_normalization_and_rarity_are_configured():
    words = TaggingPipeline.fit(config(lowercase=False, normalize_digits=False), TRAIN).codec.words
    assert {"Zoë", "zoë", "1843"} <= set(words.tokens)
    assert TaggingPipeline.fit(config(min_count=2), TRAIN).codec.words.tokens[2:] == ["in", "zoë"]
    assert TaggingPipeline.fit(config(max_words=1), TRAIN).codec.words.tokens[2:] == ["in"]


def test_plain_tags_are_sorted_by_name():
    train = [{"tokens": ["a", "b", "c"], "tags": ["VERB", "ADP", "O"]}]
    assert TaggingPipeline.fit(config((), "plain"), train).tags == ["ADP", "O", "VERB"]


def test_encoding_knows_nothing_of_what_training_did_not_show(pipeline):
    encoded = pipeline.encode(TEST)
    assert encoded.lengths.tolist() == [5, 0, 1]
    words = pipeline.codec.words
    known = [words.id("ada"), words.id("lives"), 1, words.id("in"), words.id("0000"), 1]
    assert encoded.steps["words"].tolist() == known
    assert encoded.steps["tags"].tolist() == [-1, 0, 0, 0, 0, 1]
    assert encoded.steps["auxiliary/pos"].tolist() == [-1] * 5 + [4]
    assert encoded.steps["characters"][5].tolist() == [1, 0, 0, 0]
    assert encoded.steps["affixes"].shape == (6, 4)
    assert pipeline.unseen_labels(TEST) == ["B-ORG"]
    assert pipeline.unseen_labels(TRAIN) == []


def test_further_columns_are_learned_only_where_all_examples_have_them(pipeline):
    bare = [{key: example[key] for key in ("tokens", "tags")} for example in TRAIN]
    assert TaggingPipeline.fit(config(), [TRAIN[0], bare[1]]).auxiliary == {}
    assert TaggingPipeline.fit(config(("pos", "chunks")), TRAIN).auxiliary.keys() == {"pos"}
    assert TaggingPipeline.fit(config(()), TRAIN).auxiliary == {}
    # Data without the column can still be evaluated.
    assert "auxiliary/pos" not in pipeline.encode(bare).steps
    assert "tags" in pipeline.encode(bare).steps
    assert pipeline.encode([{"tokens": ["a"]}], labelled=False).steps.keys() == {"words", "characters", "affixes"}


def test_features_are_configured():
    assert TaggingPipeline.fit(config(characters=False), TRAIN).encode(TEST, labelled=False).steps.keys() == {"words"}


@pytest.mark.parametrize("examples", [[], [{"tokens": [], "tags": [], "pos": []}]])
def test_no_words_encode_to_no_steps(pipeline, examples):
    encoded, usual = pipeline.encode(examples), pipeline.encode(TRAIN)
    assert encoded.lengths.tolist() == [0] * len(examples)
    for name, values in usual.steps.items():
        assert encoded.steps[name].shape == (0, *values.shape[1:])
        assert encoded.steps[name].dtype == values.dtype


def test_chunks_change_nothing(pipeline, monkeypatch):
    whole = pipeline.encode(TRAIN).steps
    monkeypatch.setattr("seqtasks.data.token_codec.ENCODE_CHUNK", 3)
    for name, values in pipeline.encode(TRAIN).steps.items():
        np.testing.assert_array_equal(values, whole[name])


def test_saving_and_loading_changes_no_encoding(pipeline, tmp_path):
    odd = [{"tokens": ["\\n", "a\u2028b", "\u00a0", "<UNK>", "e\u0301"], "tags": ["O", "B-ÜÑ", "O", "O", "I-ÜÑ"]}]
    for number, (fitted, examples) in enumerate(
        [(pipeline, TRAIN + TEST), (TaggingPipeline.fit(config(affixes=True), odd), odd)]
    ):
        folder = tmp_path / f"new/{number}"
        fitted.save(folder)
        loaded = TaggingPipeline.load(fitted.config, folder)
        assert loaded.tags == fitted.tags
        assert loaded.auxiliary == fitted.auxiliary
        np.testing.assert_array_equal(loaded.codec.counts, fitted.codec.counts)
        expected, found = fitted.encode(examples).steps, loaded.encode(examples).steps
        assert found.keys() == expected.keys()
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values)


def test_batches_decode_to_the_right_answers(pipeline):
    examples = [*TRAIN, {"tokens": ["in"] * 9, "tags": ["O"] * 9, "pos": ["IN"] * 9}]
    found = {}
    for batch in pipeline.batches(pipeline.encode(examples), 2, np.random.default_rng(0)):
        assert batch["mask"].shape[1] in (8, 16)
        # A network that is right where it counts and says anything elsewhere.
        tags = np.where(batch["mask"], batch["tags"], 3)
        decoded = pipeline.decode({"tags": tags}, batch)
        rows = batch["rows"][batch["rows"] >= 0]
        found |= dict(zip(rows.tolist(), decoded, strict=True))
    assert [found[i] for i in range(3)] == pipeline.references(examples)


def test_pretrained_vectors_reach_the_network(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("zoë 1 2 3\n東京 4 5 6\nunseen 7 8 9\n", encoding="utf-8")
    settings = config(vectors=str(path))
    pipeline = TaggingPipeline.fit(settings, TRAIN)
    embeddings = build_model(settings, pipeline).reader.words.embeddings.numpy()
    assert embeddings.shape == (len(pipeline.codec.words), 3)
    assert embeddings[pipeline.codec.words.id("zoë")].tolist() == [1, 2, 3]
    assert embeddings[pipeline.codec.words.id("東京")].tolist() == [4, 5, 6]
    # A loaded run takes its weights from the checkpoint.
    pipeline.save(tmp_path / "vocabulary")
    path.unlink()
    assert TaggingPipeline.load(settings, tmp_path / "vocabulary").codec.vectors is None


def test_no_tokens_in_training_is_an_error():
    with pytest.raises(DataError, match="no tokens"):
        TaggingPipeline.fit(config(), [{"tokens": [], "tags": []}])


def test_features_of_words_follow_the_configuration_they_are_loaded_with(pipeline, tmp_path):
    pipeline.save(tmp_path)
    longer = dataclasses.replace(pipeline.config, inputs=dataclasses.replace(pipeline.config.inputs, max_characters=9))
    assert TaggingPipeline.load(longer, tmp_path).encode(TRAIN).steps["characters"].shape == (10, 9)
