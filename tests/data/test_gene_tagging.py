"""Genes by their states through the tagging pipeline."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.config import Config
from seqtasks.data import gene_states
from seqtasks.data.gene_labels import LABELS
from seqtasks.data.tagging import TaggingPipeline
from seqtasks.errors import DataError, UsageError
from seqtasks.sections import Bases, Recurrent, Tags, Training
from seqtasks.serving.predict import make_predictor
from seqtasks.serving.signatures import build_module
from seqtasks.task import MANY_TO_MANY

TRAIN = [
    {"text": "ACATGTGTAATAGCAT", "tags": "NNEEEEIIIEENNNNN", "name": "a"},
    {"text": "TTTTNACG", "tags": "NNNNNNNN", "name": "b"},
    {"text": "GGGTAC", "tags": "NeeeNN", "name": "c"},
]
CONFIG = Config(
    Bases(motifs=3, open_frames=True, codon_size=2, other_strand=0.5, window=9),
    Tags(scheme="genes"),
    Recurrent(units=4, skip=True, dropout=0.0),
    Training(),
)


def pipeline_of(**model):
    config = dataclasses.replace(CONFIG, model=dataclasses.replace(CONFIG.model, **model))
    return TaggingPipeline.fit(config, TRAIN)


@pytest.fixture(scope="module")
def pipeline():
    return pipeline_of()


def tensors(batch):
    return {name: tf.constant(values) for name, values in batch.items()}


def test_tags_are_labels_and_what_is_learned_are_states(pipeline):
    assert pipeline.tags == list(LABELS)
    states = pipeline.encode(TRAIN).steps["tags"]
    np.testing.assert_array_equal(states, np.concatenate([gene_states.states_of(row["tags"]) for row in TRAIN]))


def test_training_reads_both_strands_and_evaluation_one(pipeline):
    encoded = pipeline.encode(TRAIN)

    def texts(rng):
        for batch in pipeline.batches(encoded, 4, rng):
            for row, live in zip(batch["bases"], batch["mask"], strict=True):
                yield bytes(row[live].astype(np.uint8)).decode()

    seen = {text for seed in range(9) for text in texts(np.random.default_rng(seed))}
    assert {"TTTTNACG", "CGTNAAAA"} <= seen
    assert set(texts(None)) - {""} == {row["text"] for row in TRAIN}


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_predictions_are_labels_and_their_probabilities(head):
    pipeline = pipeline_of(head=head)
    model = build_model(pipeline.config, pipeline)
    (batch,) = pipeline.batches(pipeline.encode(TRAIN), 3)
    batch = tensors(batch)
    emissions = model(batch)["tags"]
    found = model.outputs_of(batch)
    if head == "softmax":
        states, probabilities = tf.argmax(emissions, axis=-1), tf.nn.softmax(emissions)
    else:
        states = model.crf.decode(emissions, batch["mask"])[0]
        probabilities = model.crf.marginals(emissions, batch["mask"])
    label_of = np.array(gene_states.labels_of_states())
    np.testing.assert_array_equal(found["tags"], label_of[states])
    expected = np.where(label_of == found["tags"].numpy()[:, :, None], probabilities, 0).sum(-1)
    np.testing.assert_allclose(found["scores"], expected, atol=1e-5)


def test_genes_found_keep_their_frame(pipeline):
    model = build_model(pipeline.config, pipeline)
    # Emissions that know nothing: only the transitions say what a gene is.
    emissions = tf.random.stateless_normal([4, 60, len(gene_states.STATES)], [1, 2]) * 30
    states = model.crf.decode(emissions)[0].numpy()
    assert np.array(gene_states.transitions())[states[:, :-1], states[:, 1:]].all()


def test_transitions_start_from_what_is_counted(pipeline):
    model = build_model(pipeline.config, pipeline)
    between = gene_states.STATES.index("N")
    row = tf.nn.softmax(model.crf._scores(tf.float32, True)[0])[between].numpy()
    # Of 15 bases between genes 12 have another behind them; 1 is added for each of three that may follow.
    counted = pipeline.pairs[between]
    allowed = np.array(gene_states.transitions())[between]
    np.testing.assert_allclose(row, np.where(allowed, counted + 1, 0) / (counted + 1)[allowed].sum(), atol=1e-6)


def test_a_loaded_pipeline_builds_the_same_network(pipeline, tmp_path):
    pipeline.save(tmp_path)
    loaded = TaggingPipeline.load(pipeline.config, tmp_path)
    assert loaded.pairs is None
    shapes = [[weight.shape for weight in build_model(CONFIG, one).weights] for one in (pipeline, loaded)]
    assert shapes[0] == shapes[1]


def test_exports_give_labels(pipeline):
    model = build_model(pipeline.config, pipeline)
    module = build_module("genes", MANY_TO_MANY, pipeline.config, pipeline, model)
    predictor = make_predictor(module.signatures, MANY_TO_MANY, pipeline.config)
    (batch,) = pipeline.batches(pipeline.encode(TRAIN), 3)
    outputs = {name: value.numpy() for name, value in model.outputs_of(tensors(batch)).items()}
    expected = dict(zip(batch["rows"], pipeline.decode(outputs, batch), strict=True))
    found = predictor.predict([row["text"] for row in TRAIN])
    assert [prediction["tags"] for prediction in found] == [expected[row] for row in range(3)]
    assert predictor.predict([""])[0]["tags"] == []


def test_tags_that_are_no_genes_are_refused():
    with pytest.raises(UsageError, match=r"scheme=genes takes the tags N, E, I, e, i\. Received: 'B-X'"):
        TaggingPipeline.fit(CONFIG, [{"text": "AC", "tags": ["N", "B-X"]}])


def test_exons_that_are_no_codons_are_refused():
    rows = [{"text": "A" * 9, "tags": "NEEEENNNN"}] * 3 + [{"text": "A" * 9, "tags": "NEEENNeeN"}] * 3
    with pytest.raises(DataError, match=r"6 of about 9 genes .* targets\.scheme=plain"):
        TaggingPipeline.fit(CONFIG, rows)
    # Here and there one is not.
    TaggingPipeline.fit(CONFIG, [rows[0], *[{"text": "A" * 9, "tags": "NEEENNNNN"}] * 9])
