import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.architectures.base_reader import BaseReader
from seqtasks.architectures.position_weights import PositionWeights
from seqtasks.config import Config
from seqtasks.data.base_codec import BaseCodec
from seqtasks.data.bases import distribution, reverse_complement
from seqtasks.data.classification import ClassificationPipeline
from seqtasks.errors import UsageError
from seqtasks.sections import Bases, Label, Recurrent, Tags, Training

from .samples import (
    answers_after_training,
    assert_alone_as_together,
    assert_every_weight_learns,
    assert_padding_changes_nothing,
    batch_of,
)

# An odd and an even length, codes of several bases, a gap, one base, none, and one as long as may be.
TEXTS = ["ACGTN", "gryt", "TT-TACG", "A", "", "ACGTACGTA"]
LONGEST = 9


def weights_of(words, classes=3):
    """Returns the layer with random weights."""
    layer = PositionWeights(Bases(max_length=LONGEST, position_weights=words), classes)
    layer(tf.zeros([1, 1, 4]), tf.ones([1, 1], tf.bool))
    layer.kernel.assign(np.random.default_rng(1).normal(size=layer.kernel.shape))
    return layer


def scored(layer, texts):
    """Returns the layer's scores of sequences, as a reader gives them."""
    features = BaseCodec(Bases(max_length=LONGEST), [LONGEST]).graph().features(tf.constant(texts))
    reader = BaseReader(Config(Bases(motifs=0), Label(), Recurrent(), Training()), None)
    return layer(*reader(features)).numpy()


def expected(kernel, text, longest):
    """Returns the sum over places and all words that may stand there, each by its probability, in float64."""
    kernel, total = kernel.astype(float), np.zeros(kernel.shape[-1])
    half, middle = kernel.shape[0] // 2, len(text) // 2
    for place, length in itertools.product(range(len(text)), range(1, longest + 1)):
        share = math.sqrt(2 * (longest - length + 1) / (longest * (longest + 1)))
        before = sum(4**shorter for shorter in range(1, length))
        stretch = text[place : place + length]
        for number, word in enumerate(itertools.product(range(4), repeat=length)):
            if len(stretch) == length:
                probability = math.prod(distribution(code)[base] for code, base in zip(stretch, word, strict=True))
                total += share * probability * kernel[place - middle + half, before + number]
    return total


@pytest.mark.parametrize("words", [1, 2, 3])
def test_scores_are_those_of_a_loop(words):
    layer = weights_of(words)
    found = scored(layer, TEXTS)
    assert found.dtype == np.float32
    for row, text in zip(found, TEXTS, strict=True):
        np.testing.assert_allclose(row, expected(layer.kernel.numpy(), text, words), atol=1e-5, err_msg=text)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradients_are_those_of_a_loop(jit_compile):
    layer = weights_of(2, classes=1)

    @tf.function(jit_compile=jit_compile)
    def gradient(bases, mask):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(bases, mask))
        return tape.gradient(loss, layer.kernel.value)

    text = "ACRTA"
    bases = tf.constant([[distribution(code) for code in text] + [[0.0] * 4] * 2])
    found = gradient(bases, tf.constant([[True] * 5 + [False] * 2])).numpy()
    kernel = np.zeros(layer.kernel.shape)
    for index in np.ndindex(kernel.shape):
        kernel[index] = 1
        np.testing.assert_allclose(found[index], expected(kernel, text, 2)[0], atol=1e-6)
        kernel[index] = 0


def test_inner_products_of_what_is_counted_are_the_weighted_degree_kernel():
    one, other, longest = "ACGTACG", "ACCTACG", 3
    layer = weights_of(longest, classes=1)

    def counted(text):
        with tf.GradientTape() as tape:
            score = layer(tf.constant([[distribution(code) for code in text]]), tf.ones([1, 7], tf.bool))
        return tape.gradient(score, layer.kernel.value).numpy().ravel().astype(float)

    shared = [sum(one[i : i + k] == other[i : i + k] for i in range(8 - k)) for k in (1, 2, 3)]
    np.testing.assert_allclose(counted(one) @ counted(other), np.dot([3 / 6, 2 / 6, 1 / 6], shared), rtol=1e-5)


def test_what_is_further_from_the_middle_than_the_longest_sequence_counts_nothing():
    layer = weights_of(1)
    text = "ACGTTGCATGCAAGT"
    frame = text[7 - layer.half : 7 + layer.half + 1]
    whole, part = (
        layer(tf.constant([[distribution(code) for code in bases]]), tf.ones([1, len(bases)], tf.bool))
        for bases in (text, frame)
    )
    assert len(frame) < len(text)
    np.testing.assert_allclose(whole, part, atol=1e-5)


def test_no_sequence_at_all():
    layer = weights_of(2)
    assert layer(tf.zeros([0, 5, 4]), tf.zeros([0, 5], tf.bool)).shape == (0, 3)


def classifier(rows, training=None, **inputs):
    keras.utils.set_random_seed(3)
    config = Config(
        Bases(**{"max_length": LONGEST, "motifs": 0, **inputs}),
        Label(),
        Recurrent(cell="rnn", units=4, dropout=0.0),
        Training(**(training or {})),
    )
    pipeline = ClassificationPipeline.fit(config, rows)
    return pipeline, build_model(config, pipeline)


ROWS = [{"text": text, "label": label} for text, label in zip(TEXTS, "ababab", strict=True)]


def test_a_classifier_adds_them_to_its_scores():
    pipeline, model = classifier(ROWS, position_weights=2)
    batch = batch_of(pipeline, ROWS, LONGEST)
    without = model(batch).numpy()
    kernel = np.random.default_rng(2).normal(size=model.position_weights.kernel.shape)
    model.position_weights.kernel.assign(kernel)
    added = model(batch).numpy() - without
    np.testing.assert_allclose(added, [expected(kernel, text, 2) for text in TEXTS], atol=1e-4)
    assert_every_weight_learns(model, batch, jit_compile=False)
    assert_padding_changes_nothing(model, batch)
    assert_alone_as_together(model, {name: values[:4] for name, values in batch.items()})


def test_weights_begin_at_zero_and_there_are_none_unless_asked_for():
    _, model = classifier(ROWS, position_weights=1)
    assert not np.any(model.position_weights.kernel)
    _, without = classifier(ROWS)
    assert without.position_weights is None
    assert len(without.weights) == len(model.weights) - 1


def test_a_strand_that_is_turned_is_turned_for_them_too():
    pipeline, model = classifier(ROWS, position_weights=2, other_strand=0.999999)
    model.position_weights.kernel.assign(np.random.default_rng(2).normal(size=model.position_weights.kernel.shape))
    turned = [{**row, "text": reverse_complement(row["text"])} for row in ROWS]
    batches = [batch_of(pipeline, rows, LONGEST) for rows in (ROWS, turned)]
    np.testing.assert_allclose(model(batches[0], training=True), model(batches[1], training=False), atol=1e-5)


@pytest.mark.parametrize("words", [0, 1])
def test_they_learn_a_rule_of_places(words):
    # One G among A: where it stands is all that tells, at every second place the other label.
    rows = [{"text": "A" * place + "G" + "A" * (5 - place), "label": "ab"[place % 2]} for place in range(6)]
    pipeline, model = classifier(rows, position_weights=words)
    # A network whose steps know nothing of each other, and the largest of them: it is blind to places.
    for weight in model.recurrent.weights:
        if "recurrent_kernel" in weight.path:
            weight.assign(tf.zeros_like(weight))
    model.recurrent.trainable = False
    answers = answers_after_training(pipeline, model, rows, steps=60)
    right = np.mean([answer["label"] == row["label"] for answer, row in zip(answers, rows, strict=True)])
    assert right == 1 if words else right < 1


def test_tags_have_no_window_to_weigh():
    config = Config(Bases(position_weights=2), Tags(scheme="plain"), Recurrent(), Training())
    with pytest.raises(UsageError, match="position_weights score a whole window"):
        BaseReader(config, BaseCodec(config.inputs, [8]))


def test_a_configuration_from_before_has_none():
    values = Config(Bases(), Label(), Recurrent(), Training()).to_dict()
    del values["inputs"]["position_weights"]
    assert Config.from_dict(values).inputs.position_weights == 0
