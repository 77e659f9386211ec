"""Tags of bases through the tagging pipeline."""

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.config import Config
from seqtasks.data.tagging import TaggingPipeline
from seqtasks.sections import Bases, Recurrent, Tags, Training
from seqtasks.serving.predict import make_predictor
from seqtasks.serving.signatures import build_module
from seqtasks.task import MANY_TO_MANY

TRAIN = [
    {"text": "ACGTACGTAC", "tags": "NNEEEEIIEN", "name": "a"},
    {"text": "TTTTNACG", "tags": "NNNNNNNN", "name": "b"},
    {"text": "GGG", "tags": "eee", "name": "c"},
]


def pipeline_of(**inputs):
    config = Config(
        Bases(**{"max_length": 4, "motifs": 3, **inputs}),
        Tags(scheme="plain"),
        Recurrent(units=4, dropout=0.0),
        Training(),
    )
    return TaggingPipeline.fit(config, TRAIN)


@pytest.fixture(scope="module")
def pipeline():
    return pipeline_of()


@pytest.fixture(scope="module")
def predictor(pipeline):
    model = build_model(pipeline.config, pipeline)
    module = build_module("genes", MANY_TO_MANY, pipeline.config, pipeline, model)
    return make_predictor(module.signatures, MANY_TO_MANY, pipeline.config)


def test_every_base_has_its_tag_however_long_the_sequence(pipeline):
    assert pipeline.tags == ["E", "I", "N", "e"]
    encoded = pipeline.encode(TRAIN)
    assert encoded.lengths.tolist() == [10, 8, 3]
    assert "".join(pipeline.tags[tag] for tag in encoded.steps["tags"]) == "NNEEEEIIENNNNNNNNNeee"


def test_training_reads_pieces_and_evaluation_does_not():
    pipeline = pipeline_of(window=4)
    encoded = pipeline.encode(TRAIN)
    in_training = [batch["mask"].sum(1) for batch in pipeline.batches(encoded, 2, np.random.default_rng(0))]
    assert max(map(max, in_training)) <= 4
    assert sum(map(sum, in_training)) == 21
    assert sorted(length for batch in pipeline.batches(encoded, 2) for length in batch["mask"].sum(1)) == [0, 3, 8, 10]


def test_long_sequences_come_in_small_batches(pipeline, monkeypatch):
    monkeypatch.setattr("seqtasks.data.batching.MOST_STEPS", 20)
    assert [batch["mask"].shape for batch in pipeline.batches(pipeline.encode(TRAIN), 8)] == [(1, 16), (2, 8)]


def test_saving_and_loading_changes_no_encoding(pipeline, tmp_path):
    pipeline.save(tmp_path)
    loaded = TaggingPipeline.load(pipeline.config, tmp_path)
    for name, values in pipeline.encode(TRAIN).steps.items():
        np.testing.assert_array_equal(loaded.encode(TRAIN).steps[name], values)


def test_an_export_cuts_between_all_bases(pipeline):
    letters, starts, ends = pipeline.graph().cut(tf.constant(["AC \nGT", "", " n"]))
    assert letters.to_list() == [[b"A", b"C", b"G", b"T"], [], [b"n"]]
    assert starts.to_list() == [[0, 1, 4, 5], [], [1]]
    assert ends.to_list() == [[1, 2, 5, 6], [], [2]]


def test_predictions_are_those_of_training_s_features(pipeline, predictor):
    found = predictor.predict([example["text"] for example in TRAIN])
    assert [len(prediction["tags"]) for prediction in found] == [10, 8, 3]
    assert [prediction["tokens"] for prediction in found] == [list(example["text"]) for example in TRAIN]
    alone = predictor.predict([TRAIN[2]["text"]])[0]
    assert alone["tags"] == found[2]["tags"]
    assert alone["scores"] == pytest.approx(found[2]["scores"], abs=1e-5)


def test_what_is_no_dna_is_read_as_unknown_bases(predictor):
    assert [len(prediction["tags"]) for prediction in predictor.predict(["", "é!", "\ufffd"])] == [0, 3, 3]
