"""Pooling over time."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import textbook

from seqtasks.errors import UsageError
from seqtasks.layers import AttentionPooling, SequencePooling

MASKS = textbook.masks()
VALUES = np.random.default_rng(0).normal(size=(*MASKS.shape, 2)).astype("float32")

EXPECTED = {
    "last": lambda rows: rows[-1],
    "max": lambda rows: rows.max(0),
    "mean": lambda rows: rows.mean(0),
    "max+mean": lambda rows: np.concatenate([rows.max(0), rows.mean(0)]),
}


@pytest.mark.parametrize("mode", EXPECTED)
def test_only_steps_that_count(mode):
    layer = SequencePooling(mode)
    pooled = layer(VALUES, mask=MASKS).numpy()
    assert pooled.shape == layer.compute_output_shape(VALUES.shape)
    for row, mask in enumerate(MASKS[:-1]):
        np.testing.assert_allclose(pooled[row], EXPECTED[mode](VALUES[row, mask]), rtol=1e-5)
    assert not np.any(pooled[-1])
    np.testing.assert_allclose(layer(VALUES)[0], EXPECTED[mode](VALUES[0]), rtol=1e-5)


def test_attention_weighs_only_steps_that_count():
    layer = AttentionPooling(4)
    pooled = layer(VALUES, mask=MASKS).numpy()
    weights = layer.weights_of(tf.constant(VALUES), MASKS).numpy()
    assert not np.any(weights[~MASKS])
    np.testing.assert_allclose(weights.sum(1), [1, 1, 1, 1, 0], rtol=1e-6)
    for row, mask in enumerate(MASKS[:-1]):
        steps = VALUES[row, mask]
        scores = np.tanh(steps @ layer.kernel.numpy() + layer.bias.numpy()) @ layer.query.numpy()[:, 0]
        shares = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(pooled[row], shares @ steps, rtol=1e-5)
    assert not np.any(pooled[-1])


@pytest.mark.parametrize("mode", [*EXPECTED, "attention"])
def test_half_precision_gradients_and_saving(mode, tmp_path):
    inputs = keras.Input((None, 2))
    masked = keras.layers.Masking(9.0)(inputs)
    model = keras.Model(inputs, SequencePooling(mode, dtype="mixed_float16")(masked))
    values = tf.constant(np.where(MASKS[:, :, None], VALUES, 9.0).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(values)
        pooled = model(values)
    gradient = tape.gradient(pooled, values).numpy()
    assert pooled.dtype == tf.float16
    assert np.all(np.isfinite(gradient))
    assert not np.any(gradient[~MASKS])
    assert np.any(gradient[MASKS])
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(values), pooled)


def test_an_unknown_mode_is_refused():
    with pytest.raises(UsageError, match="pooling mode is 'first'"):
        SequencePooling("first")
