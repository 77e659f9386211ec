"""Dropout and the random numbers behind it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.layers import Dropout
from seqtasks.layers.dropout import dropout_mask, uniform


def called(layer, compiled):
    return tf.function(layer, jit_compile=True) if compiled else layer


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_share_is_dropped_and_the_mean_kept(rate, compiled):
    found = called(Dropout(rate, seed=3), compiled)(tf.ones([200, 100]), training=True).numpy()
    assert set(np.unique(found)) == {np.float32(0), np.float32(1) / np.float32(1 - rate)}
    # Five standard deviations of a share of 20000.
    assert abs((found == 0).mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / 20000)
    assert abs(found.mean() - 1) < 5 * np.sqrt(rate / (1 - rate) / 20000)


@pytest.mark.parametrize("compiled", [False, True])
def test_every_step_of_a_sequence_loses_the_same_features(compiled):
    inputs = np.random.default_rng(0).normal(size=(8, 6, 40)).astype("float32")
    found = called(Dropout(0.5, same_every_step=True, seed=3), compiled)(inputs, training=True).numpy()
    kept = found != 0
    assert (kept == kept[:, :1]).all()
    assert len(np.unique(kept[:, 0], axis=0)) == 8
    np.testing.assert_allclose(found, np.where(kept, 2 * inputs, 0), rtol=1e-6)
    by_itself = called(Dropout(0.5, seed=3), compiled)(inputs, training=True).numpy() != 0
    assert (by_itself != by_itself[:, :1]).any()


@pytest.mark.parametrize("compiled", [False, True])
def test_a_seed_repeats_the_sequence_of_masks(compiled):
    def masks(seed):
        call = called(Dropout(0.5, seed=seed), compiled)
        return [call(tf.ones([4, 30]), training=True).numpy() for _ in range(3)]

    first, again, other = masks(5), masks(5), masks(6)
    np.testing.assert_array_equal(first, again)
    assert (np.array(first) != np.array(other)).any()
    # And each call draws anew.
    assert (first[0] != first[1]).any()
    assert (first[1] != first[2]).any()


@pytest.mark.parametrize("layer", [Dropout(0.9), Dropout(0.9, same_every_step=True)])
def test_nothing_happens_outside_training(layer):
    inputs = tf.random.stateless_normal([2, 3, 4], seed=[1, 2])
    state = layer.seed_generator.state.numpy()
    np.testing.assert_array_equal(layer(inputs), inputs)
    np.testing.assert_array_equal(layer(inputs, training=False), inputs)
    np.testing.assert_array_equal(layer.seed_generator.state.numpy(), state)


def test_a_rate_of_zero_drops_nothing():
    inputs = tf.ones([2, 3, 4])
    np.testing.assert_array_equal(Dropout(0)(inputs, training=True), inputs)


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan")])
def test_a_rate_outside_its_range_is_an_error(rate):
    with pytest.raises(ValueError, match=f"rate must be at least 0 and below 1. Received: rate={rate}"):
        Dropout(rate)


@pytest.mark.parametrize("same_every_step", [False, True])
def test_configuration_and_saving(same_every_step, tmp_path):
    layer = Dropout(0.25, same_every_step=same_every_step, seed=9, name="dropped")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert copy.get_config() == layer.get_config()
    inputs = tf.ones([3, 4, 20])
    np.testing.assert_array_equal(copy(inputs, training=True), layer(inputs, training=True))
    entry = keras.Input((None, 20))
    model = keras.Model(entry, layer(entry))
    assert model.output_shape == (None, None, 20)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").layers[-1]
    fresh = Dropout(0.25, same_every_step=same_every_step, seed=9)
    np.testing.assert_array_equal(loaded(inputs, training=True), fresh(inputs, training=True))


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_other_precisions(dtype):
    found = Dropout(0.5, seed=1, dtype=dtype)(tf.ones([40, 40], dtype), training=True)
    assert found.dtype == dtype
    assert set(np.unique(tf.cast(found, tf.float32))) == {0, 2}


def test_gradients_pass_where_nothing_is_dropped():
    inputs = tf.Variable(tf.ones([3, 50]))
    with tf.GradientTape() as tape:
        outputs = Dropout(0.5, seed=1)(inputs, training=True)
    np.testing.assert_array_equal(tape.gradient(outputs, inputs), outputs)


def test_masks_pass_through():
    layer = Dropout(0.5)
    masked = keras.layers.Masking(0.0)(tf.ones([2, 3, 4]))
    assert layer(masked)._keras_mask is masked._keras_mask


def test_random_numbers_are_uniform_and_move_on():
    generator = keras.random.SeedGenerator(1)
    first, second = (uniform([20000], generator).numpy() for _ in range(2))
    assert first.dtype == np.float32
    assert first.min() >= 0
    assert first.max() < 1
    # Each tenth holds a tenth.
    assert np.abs(np.histogram(first, 10, (0, 1))[0] - 2000).max() < 5 * np.sqrt(1800)
    assert (first != second).any()
    mask = dropout_mask([4, 5], 0.5, generator, tf.bfloat16)
    assert mask.dtype == tf.bfloat16
    assert mask.shape == (4, 5)
