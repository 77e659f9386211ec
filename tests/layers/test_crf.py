"""The conditional random field against brute force over all tag sequences."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.errors import UsageError
from seqtasks.layers import CRF, bio_constraints

TAGS = ["O", "B-X", "I-X"]
LENGTHS = [4, 2, 1, 0]
BATCH, LENGTH, COUNT = len(LENGTHS), 4, len(TAGS)
MASK = tf.sequence_mask(LENGTHS, LENGTH)


def make(**options):
    crf = CRF(COUNT, dtype="float64", **options)
    rng = np.random.default_rng(1)
    crf.set_weights([rng.normal(size=w.shape) for w in crf.get_weights()])
    return crf, rng.normal(size=(BATCH, LENGTH, COUNT)), rng.integers(0, COUNT, (BATCH, LENGTH))


def every_sequence(crf, emissions, row, valid=lambda tags: True):
    """Returns (tags, score) of every valid sequence of a row."""
    transitions, start, end = crf.get_weights()
    found = []
    for tags in itertools.product(range(COUNT), repeat=LENGTHS[row]):
        if valid(tags):
            score = start[tags[0]] + end[tags[-1]] + sum(emissions[row, t, tag] for t, tag in enumerate(tags))
            found.append((tags, score + sum(transitions[i, j] for i, j in itertools.pairwise(tags))))
    return found


def valid_bio(tags):
    return tags[0] != 2 and all(before != 0 or after != 2 for before, after in itertools.pairwise(tags))


def run(crf, emissions, tags, jit_compile):
    dynamic = [None, None]
    signature = [
        tf.TensorSpec([*dynamic, COUNT] if not jit_compile else emissions.shape, tf.float64),
        tf.TensorSpec(dynamic if not jit_compile else tags.shape, tf.int64),
        tf.TensorSpec(dynamic if not jit_compile else tags.shape, tf.bool),
    ]

    @tf.function(jit_compile=jit_compile, autograph=False, input_signature=signature)
    def everything(emissions, tags, mask):
        weights = [variable.value for variable in crf.weights]
        with tf.GradientTape() as tape:
            tape.watch(emissions)
            likelihood = crf.log_likelihood(emissions, tags, mask)
        gradients = tape.gradient(likelihood, [emissions, *weights])
        return likelihood, crf.decode(emissions, mask), crf.marginals(emissions, mask), gradients

    return everything(emissions, tags, MASK)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_against_brute_force(jit_compile, constrained):
    options = {}
    if constrained:
        transitions, starts = bio_constraints(TAGS)
        options = {"transition_constraint": transitions, "start_constraint": starts, "constrain_likelihood": True}
    crf, emissions, tags = make(**options)
    if constrained:
        tags = np.array([[1, 2, 2, 0], [1, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    likelihood, (best, score), marginals, gradients = run(crf, emissions, tags, jit_compile)
    for row, length in enumerate(LENGTHS[:-1]):
        found = every_sequence(crf, emissions, row, valid_bio if constrained else lambda tags: True)
        total = np.log(np.sum(np.exp([value for _, value in found])))
        gold = dict(found)[tuple(tags[row, :length])]
        np.testing.assert_allclose(likelihood[row], gold - total)
        winner, highest = max(found, key=lambda pair: pair[1])
        assert tuple(best[row, :length].numpy()) == winner
        np.testing.assert_allclose(score[row], highest)
        expected = np.zeros((LENGTH, COUNT))
        for sequence, value in found:
            for t, tag in enumerate(sequence):
                expected[t, tag] += np.exp(value - total)
        np.testing.assert_allclose(marginals[row], expected, atol=1e-9)
    assert not np.any(best.numpy()[~MASK.numpy()])
    assert likelihood[-1] == score[-1] == 0
    assert not np.any(marginals[-1])
    numeric = finite_differences(crf, emissions, tags)
    for one, other in zip(gradients, numeric, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)


def finite_differences(crf, emissions, tags, step=1e-5):
    values = [emissions, *crf.get_weights()]
    signature = [tf.TensorSpec(value.shape, tf.float64) for value in values]

    @tf.function(autograph=False, input_signature=signature)
    def likelihood(emissions, *weights):
        for variable, weight in zip(crf.weights, weights, strict=True):
            variable.assign(weight)
        return tf.reduce_sum(crf.log_likelihood(emissions, tags, MASK))

    found = []
    for which, value in enumerate(values):
        slope = np.zeros_like(value)
        for place in np.ndindex(value.shape):
            ends = []
            for sign in (1, -1):
                moved = [array.copy() for array in values]
                moved[which][place] += sign * step
                ends.append(likelihood(*moved).numpy())
            slope[place] = (ends[0] - ends[1]) / (2 * step)
        found.append(slope)
    likelihood(*values)
    return found


def test_constraints_hold_in_decoding_alone_by_default():
    transitions, starts = bio_constraints(TAGS)
    crf, emissions, tags = make(transition_constraint=transitions, start_constraint=starts)
    free, _, _ = make()
    np.testing.assert_array_equal(crf.log_likelihood(emissions, tags, MASK), free.log_likelihood(emissions, tags, MASK))
    emissions[:, :, 2] += 10  # every unconstrained answer is I-X throughout
    assert np.all(free.decode(emissions)[0] == 2)
    for row in crf.decode(emissions)[0].numpy():
        assert valid_bio(tuple(row))


def test_bio_constraints():
    transitions, starts = bio_constraints(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])
    assert starts == [True, True, False, True, False]
    assert [row[2] for row in transitions] == [False, True, True, False, False]
    assert [row[4] for row in transitions] == [False, False, False, True, True]
    assert all(row[0] and row[1] and row[3] for row in transitions)


def test_gold_tags_that_break_the_constraints_cost_a_number():
    transitions, starts = bio_constraints(TAGS)
    crf = CRF(COUNT, transitions, starts, constrain_likelihood=True)
    likelihood = crf.log_likelihood(tf.zeros([1, 2, COUNT]), [[0, 2]])
    assert -2e4 < float(likelihood[0]) < -5e3


def test_long_sequences_stay_finite_in_half_precision_and_extreme_emissions():
    crf = CRF(COUNT, dtype="mixed_float16")
    emissions = tf.cast(300 * tf.random.stateless_normal([2, 400, COUNT], [1, 2]), tf.float16)
    with tf.GradientTape() as tape:
        tape.watch(emissions)
        likelihood = crf.log_likelihood(emissions, tf.zeros([2, 400], tf.int32))
    assert likelihood.dtype == tf.float32
    assert np.all(np.isfinite(likelihood))
    assert np.all(np.isfinite(tape.gradient(likelihood, emissions)))
    np.testing.assert_allclose(tf.reduce_sum(crf.marginals(emissions), -1), 1, atol=1e-3)


def test_an_empty_batch_and_a_single_step():
    crf = CRF(COUNT)
    assert crf.decode(tf.zeros([0, 3, COUNT]))[0].shape == (0, 3)
    tags, score = crf(tf.constant([[[0.0, 2.0, 1.0]]]))
    assert tags.numpy().tolist() == [[1]]
    np.testing.assert_allclose(score, [2.0])


def test_a_saved_model_with_a_crf_reloads(tmp_path):
    transitions, starts = bio_constraints(TAGS)
    inputs = keras.Input((None, 2))
    model = keras.Model(inputs, CRF(COUNT, transitions, starts, name="crf")(keras.layers.Dense(COUNT)(inputs)))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.get_layer("crf").get_config() == model.get_layer("crf").get_config()
    values = np.random.default_rng(0).normal(size=(2, 5, 2)).astype("float32")
    for one, other in zip(model(values), again(values), strict=True):
        np.testing.assert_allclose(one, other)


def test_it_starts_from_what_tags_follow_each_other():
    transitions, starts = bio_constraints(TAGS)
    crf = CRF(COUNT, transitions, starts, constrain_likelihood=True)
    pairs = np.array([[50, 9, 0], [3, 1, 6], [4, 0, 2]])
    crf.start_from(pairs)
    counted = (pairs + 1.0) * transitions
    # Emissions that say nothing leave the Markov chain: the probability of a pair, of those that may stand first.
    first = counted.sum(1) * starts
    tags = np.array([[0, 1], [1, 2], [0, 0]])
    found = crf.log_likelihood(tf.zeros([3, 2, COUNT]), tags)
    expected = [np.log(first[a] / first.sum() * counted[a, b] / counted[a].sum()) for a, b in tags]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert np.isfinite(crf.transitions).all()


def test_a_constraint_of_the_wrong_shape_is_refused():
    with pytest.raises(UsageError, match="transition_constraint has shape"):
        CRF(3, transition_constraint=[[True]])
