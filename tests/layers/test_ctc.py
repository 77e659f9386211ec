import itertools

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.layers.ctc import BLANK_ID, ctc_loss

RNG = np.random.default_rng(0)
SYMBOLS = 4


def masks(lengths, width):
    return tf.sequence_mask(lengths, width)


def spoken(path):
    """Returns what a step-by-step path says: repetitions joined, blanks left out."""
    return tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != BLANK_ID)


def by_enumeration(logits, labels):
    """Returns -log of the summed probabilities of all paths, in float64."""
    logits = logits.astype(np.float64)
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    paths = itertools.product(range(logits.shape[1]), repeat=len(logits))
    right = [sum(logs[t, symbol] for t, symbol in enumerate(path)) for path in paths if spoken(path) == tuple(labels)]
    return -np.log(np.sum(np.exp(right)))


@pytest.mark.parametrize("labels", [[], [1], [1, 2], [2, 2], [3, 1, 3], [1, 1, 1]])
def test_it_sums_over_all_paths(labels):
    logits = RNG.normal(size=[5, SYMBOLS]).astype(np.float32)
    padded = tf.constant([[*labels, *[0] * (4 - len(labels))]], tf.int32)
    loss = ctc_loss(logits[None], masks([5], 5), padded, masks([len(labels)], 4))
    assert loss.numpy()[0] == pytest.approx(by_enumeration(logits, labels), rel=1e-5)


def batch():
    logits = tf.constant(RNG.normal(size=[5, 9, SYMBOLS]), tf.float32)
    labels = tf.constant([[1, 2, 3], [2, 2, 0], [3, 0, 0], [0, 0, 0], [1, 3, 1]])
    return logits, tf.constant([9, 5, 1, 4, 7]), labels, tf.constant([3, 2, 1, 0, 3])


@pytest.mark.parametrize("compiled", [False, True])
def test_loss_and_gradient_are_those_of_tensorflow(compiled):
    logits, lengths, labels, counts = batch()
    weights = tf.constant(RNG.uniform(0.5, 2, size=[5]), tf.float32)

    def ours(logits):
        return ctc_loss(logits, masks(lengths, 9), labels, masks(counts, 3))

    def theirs(logits):
        return tf.nn.ctc_loss(labels, logits, counts, lengths, logits_time_major=False, blank_index=BLANK_ID)

    found = []
    for loss_of in (tf.function(ours, jit_compile=compiled, autograph=False), theirs):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            losses = loss_of(logits)
            total = tf.reduce_sum(losses * weights)
        found.append((losses.numpy(), tape.gradient(total, logits).numpy()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5)
    np.testing.assert_allclose(found[0][1], found[1][1], atol=1e-5)


def test_labels_that_do_not_fit_teach_nothing():
    logits = tf.constant(RNG.normal(size=[2, 3, SYMBOLS]), tf.float32)
    labels = tf.constant([[1, 1], [1, 2]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        # Two equal labels need a blank between them.
        losses = ctc_loss(logits, masks([2, 2], 3), labels, masks([2, 2], 2))
    gradient = tape.gradient(losses, logits).numpy()
    assert losses.numpy()[0] == 0
    assert not gradient[0].any()
    assert losses.numpy()[1] > 0
    assert gradient[1, :2].any()
    assert not gradient[1, 2].any()


def test_padding_changes_nothing():
    logits, lengths, labels, counts = batch()
    short = ctc_loss(logits, masks(lengths, 9), labels, masks(counts, 3))
    more = tf.concat([logits, 5 * tf.ones([5, 4, SYMBOLS])], axis=1)
    longer = tf.pad(labels, [[0, 0], [0, 2]], constant_values=2)
    padded = ctc_loss(more, masks(lengths, 13), longer, masks(counts, 5))
    np.testing.assert_allclose(short, padded, rtol=1e-5)


def test_a_row_without_steps():
    losses = ctc_loss(tf.zeros([2, 1, SYMBOLS]), masks([0, 0], 1), tf.constant([[1], [0]]), masks([1, 0], 1))
    np.testing.assert_array_equal(losses, [0, 0])


def test_probabilities_of_all_labels_sum_to_one():
    logits = RNG.normal(size=[1, 3, 3]).astype(np.float32)
    rows = [row for count in range(4) for row in itertools.product([1, 2], repeat=count)]
    labels = tf.constant([[*row, *[0] * (3 - len(row))] for row in rows])
    losses = ctc_loss(
        np.repeat(logits, len(rows), 0), masks([3] * len(rows), 3), labels, masks(list(map(len, rows)), 3)
    )
    possible = losses.numpy() > 0
    assert np.exp(-losses.numpy()[possible]).sum() == pytest.approx(1, abs=1e-5)
