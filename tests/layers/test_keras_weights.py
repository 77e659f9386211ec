"""The layers against Keras's own with the same weights, and the way there and back."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import textbook

from seqtasks.errors import UsageError
from seqtasks.layers import LSTM, Bidirectional, SimplifiedGRU, from_keras, to_keras

SEQUENCES = {"return_sequences": True, "return_state": True, "bias_initializer": "random_normal"}
KERAS = {
    "SimpleRNN": lambda: keras.layers.SimpleRNN(3, **SEQUENCES),
    "GRU": lambda: keras.layers.GRU(3, reset_after=False, **SEQUENCES),
    "GRU reset after": lambda: keras.layers.GRU(3, **SEQUENCES),
    "GRU without bias": lambda: keras.layers.GRU(3, use_bias=False, return_sequences=True),
    "LSTM": lambda: keras.layers.LSTM(3, unit_forget_bias=False, **SEQUENCES),
    "LSTM backwards": lambda: keras.layers.LSTM(3, go_backwards=True, return_sequences=True),
    "Bidirectional": lambda: keras.layers.Bidirectional(keras.layers.LSTM(3, **SEQUENCES)),
    "Bidirectional last": lambda: keras.layers.Bidirectional(keras.layers.GRU(3), merge_mode="ave"),
    "Bidirectional apart": lambda: keras.layers.Bidirectional(
        keras.layers.SimpleRNN(3, return_sequences=True), merge_mode=None
    ),
}


def outputs_and_gradients(layer, inputs, mask):
    weights = [variable.value for variable in layer.trainable_weights]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = tf.nest.flatten(layer(inputs, mask=mask, training=True))
        loss = sum(tf.reduce_sum(tf.sin(3 * output)) for output in outputs)
    return [*outputs, *tape.gradient(loss, [inputs, *weights])]


@pytest.mark.parametrize("name", KERAS)
def test_same_outputs_and_gradients_as_keras(name):
    theirs = KERAS[name]()
    theirs.build((None, None, 2))
    ours = from_keras(theirs)
    inputs = tf.constant(np.random.default_rng(0).normal(size=(5, 5, 2)), tf.float32)
    for mask in (None, tf.constant(textbook.masks())):
        received, expected = outputs_and_gradients(ours, inputs, mask), outputs_and_gradients(theirs, inputs, mask)
        assert len(received) == len(expected)
        for one, other in zip(received, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", KERAS)
def test_there_and_back(name):
    theirs = KERAS[name]()
    theirs.build((None, None, 2))
    back = to_keras(from_keras(theirs))
    assert type(back) is type(theirs)
    for one, other in zip(back.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    inputs = np.random.default_rng(0).normal(size=(2, 4, 2)).astype("float32")
    for one, other in zip(tf.nest.flatten(back(inputs)), tf.nest.flatten(theirs(inputs)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_layer_not_yet_built_converts_too():
    assert not from_keras(keras.layers.LSTM(3)).built
    assert not to_keras(LSTM(3)).built


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Dense(3),
        keras.layers.LSTM(3, activation="relu"),
        keras.layers.GRU(3, recurrent_activation="hard_sigmoid"),
        keras.layers.LSTM(3, zero_output_for_mask=True),
    ],
)
def test_what_has_no_counterpart_here_is_refused(layer):
    with pytest.raises(UsageError):
        from_keras(layer)


@pytest.mark.parametrize("layer", [SimplifiedGRU(3), LSTM(3, peephole=True), LSTM(3, output_activation="linear")])
def test_what_has_no_counterpart_in_keras_is_refused(layer):
    with pytest.raises(UsageError, match="no counterpart"):
        to_keras(layer)


def test_bidirectional_refuses_what_it_cannot_run():
    for arguments in (
        (keras.layers.LSTM(3),),
        (LSTM(3), "average"),
        (LSTM(3), "concat", LSTM(3)),
        (LSTM(3), "concat", LSTM(3, go_backwards=True, return_sequences=True)),
    ):
        with pytest.raises(UsageError):
            Bidirectional(*arguments)
