import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.architectures.base_reader import BaseReader
from seqtasks.config import Config
from seqtasks.data.base_codec import BaseCodec
from seqtasks.data.bases import reverse_complement
from seqtasks.data.classification import ClassificationPipeline
from seqtasks.errors import UsageError
from seqtasks.sections import Bases, Label, Recurrent, Tags, Training

from .samples import assert_every_weight_learns

TEXTS = ["ACGTN", "gr", "TTTTTTT"]
ROWS = [{"text": text, "label": label} for text, label in zip(TEXTS, "aba", strict=True)]


def reader(**inputs):
    config = Config(Bases(**{"max_length": 8, "motifs": 0, **inputs}), Label(), Recurrent(), Training())
    return BaseReader(config, BaseCodec(config.inputs, [8]))


def features(texts):
    return BaseCodec(Bases(max_length=8), [8]).graph().features(tf.constant(texts))


def test_bases_are_probabilities():
    vectors, mask = reader()(features(TEXTS))
    assert vectors.shape == (3, 7, 4)
    np.testing.assert_array_equal(vectors[0, :5], [*np.eye(4), [0.25] * 4])
    np.testing.assert_array_equal(vectors[1], [[0, 0, 1, 0], [0.5, 0, 0.5, 0], *[[0] * 4] * 5])
    np.testing.assert_array_equal(mask.numpy().sum(1), [5, 2, 7])


def test_the_other_strand_is_read_in_training_alone():
    turned, _ = reader(other_strand=0.999999)(features(TEXTS), training=True)
    expected, _ = reader()(features([reverse_complement(text) for text in TEXTS]))
    np.testing.assert_array_equal(turned, expected)
    np.testing.assert_array_equal(reader(other_strand=0.999999)(features(TEXTS))[0], reader()(features(TEXTS))[0])


@pytest.mark.parametrize("inputs", [{"open_frames": True}, {"codon_size": 2}, {"open_frames": True, "codon_size": 2}])
def test_the_frames_of_the_other_strand_are_of_what_is_read(inputs):
    texts = ["ACGTNATG", "gr", "TTTTTAAC"]
    layer = reader(other_strand=0.999999, **inputs)
    found, _ = layer(features([reverse_complement(text) for text in texts]))
    turned, _ = layer(features(texts), training=True)
    np.testing.assert_allclose(turned, found, atol=1e-6)
    assert found.shape[2] == 4 + 12 * ("open_frames" in inputs) + 6 * inputs.get("codon_size", 0)


def test_bases_without_a_codon_have_no_vector_of_one():
    vectors, _ = reader(codon_size=3)(features(["ACGT", "AC"]))
    six = vectors.numpy()[:, :, 4:].reshape(2, 4, 2, 3, 3)
    assert (six != 0).any(-1)[0, :, 0].tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert not six[1].any()


def test_tags_are_not_turned():
    config = Config(Bases(other_strand=0.5), Tags(scheme="plain"), Recurrent(), Training())
    with pytest.raises(UsageError, match="tags would not follow"):
        BaseReader(config, BaseCodec(config.inputs, [8]))


def test_some_sequences_are_turned():
    rows = features(["AC"] * 200)
    vectors, _ = reader(other_strand=0.5)(rows, training=True)
    turned = vectors.numpy()[:, 0, 2] == 1
    assert 60 < turned.sum() < 140


def test_positions_count_from_the_middle():
    layer = reader(position_size=3)
    vectors, _ = layer(features(["AAAAA", "AAA"]))
    np.testing.assert_array_equal(vectors[0, 2], vectors[1, 1])
    np.testing.assert_array_equal(vectors[0, 1], vectors[1, 0])
    assert not np.allclose(vectors[0, 1], vectors[0, 2])


def test_what_stands_behind_the_end_does_not_count():
    layer = reader(motifs=5, motif_width=5)
    alone, _ = layer(features(["ACGT"]))
    beside, _ = layer(features(["ACGT", "ACGTACG"]))
    np.testing.assert_allclose(alone[0], beside[0, :4], atol=1e-6)


@pytest.mark.parametrize("inputs", [{}, {"position_size": 2}, {"open_frames": True}])
def test_every_weight_of_a_classifier_learns(inputs):
    config = Config(Bases(max_length=8, motifs=3, **inputs), Label(), Recurrent(units=4, dropout=0.0), Training())
    pipeline = ClassificationPipeline.fit(config, ROWS)
    batch = pipeline.encode(ROWS).batch(np.arange(3), 8)
    assert_every_weight_learns(build_model(config, pipeline), {k: tf.constant(v) for k, v in batch.items()}, False)


def test_motifs_see_a_base_s_neighbours():
    layer = reader(motifs=2, motif_width=3)
    vectors, _ = layer(features(["ACGTA"]))
    kernel, bias = layer.motifs.get_weights()
    around = np.pad(np.eye(4)[[0, 1, 2, 3, 0]], [[1, 1], [0, 0]])
    expected = [np.maximum(around[t : t + 3].ravel() @ kernel + bias, 0) for t in range(5)]
    np.testing.assert_allclose(vectors[0, :, 4:], expected, atol=1e-6)


def test_no_sequence_at_all():
    vectors, mask = reader(motifs=5, position_size=3)(features(tf.constant([], tf.string)))
    assert vectors.shape == (0, mask.shape[1], 12)
