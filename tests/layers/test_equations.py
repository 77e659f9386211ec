"""Every recurrent layer against its equations: outputs and every gradient, in every way of running it."""

import numpy as np
import pytest
import tensorflow as tf
import textbook

from seqtasks.layers import GRU, LSTM, SimpleRNN, SimplifiedGRU

CASES = {
    "SimpleRNN": (SimpleRNN, {}, textbook.simple_rnn),
    "SimplifiedGRU": (SimplifiedGRU, {}, textbook.simplified_gru),
    "GRU": (GRU, {}, textbook.gru),
    "GRU reset after": (GRU, {"reset_after": True}, textbook.gru_reset_after),
    "LSTM": (LSTM, {}, textbook.lstm),
    "LSTM linear": (LSTM, {"output_activation": "linear"}, textbook.lstm),
    "LSTM peephole": (LSTM, {"peephole": True}, textbook.lstm),
}
MASKS = textbook.masks()
BATCH, LENGTH, FEATURES, UNITS = *MASKS.shape, 2, 3


def make(case, **more):
    kind, options, equations = CASES[case]
    layer = kind(UNITS, return_sequences=True, return_state=True, dtype="float64", **options, **more)
    layer.build((None, None, FEATURES))
    rng = np.random.default_rng(0)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    inputs = tf.constant(rng.normal(size=(BATCH, LENGTH, FEATURES)))
    states = [tf.constant(rng.normal(size=(BATCH, UNITS))) for _ in layer.state_size]
    upstream = [tf.constant(rng.normal(size=(BATCH, LENGTH, UNITS)))]
    upstream += [tf.constant(rng.normal(size=(BATCH, UNITS))) for _ in states]
    return layer, equations, inputs, states, upstream


def with_gradients(run, inputs, states, weights, upstream):
    sources = [inputs, *states, *weights]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        outputs = tf.nest.flatten(run(inputs, states))
    return outputs, tape.gradient(outputs, sources, output_gradients=upstream)


def assert_same(received, expected):
    for one, other in zip(tf.nest.flatten(received), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-10)


def compare(case, training, go_backwards, jit_compile, dynamic):
    layer, equations, inputs, states, upstream = make(case, go_backwards=go_backwards)
    weights = [variable.value for variable in layer.weights]
    shapes = [None, None, FEATURES] if dynamic else inputs.shape

    @tf.function(
        jit_compile=jit_compile,
        autograph=False,
        input_signature=[
            tf.TensorSpec(shapes, tf.float64),
            tf.TensorSpec([None, None] if dynamic else MASKS.shape, tf.bool),
        ],
    )
    def ours(inputs, mask):
        def run(inputs, states):
            return layer(inputs, initial_state=states, mask=mask, training=training)

        return with_gradients(run, inputs, states, weights, upstream)

    def reference(mask):
        values = [tf.convert_to_tensor(weight) for weight in layer.get_weights()]

        def run(inputs, states):
            return textbook.unroll(equations, layer, values, inputs, states, mask, go_backwards)

        return with_gradients(run, inputs, states, values, upstream)

    assert_same(ours(inputs, tf.constant(MASKS)), reference(MASKS))
    if go_backwards:
        assert_same(ours(inputs, tf.ones_like(MASKS)), reference(None))


@pytest.mark.parametrize("case", CASES)
def test_compiled_training_follows_the_equations(case):
    compare(case, training=True, go_backwards=False, jit_compile=True, dynamic=False)


@pytest.mark.parametrize("case", CASES)
def test_graph_training_backwards_with_dynamic_shapes_follows_the_equations(case):
    compare(case, training=True, go_backwards=True, jit_compile=False, dynamic=True)


@pytest.mark.parametrize("case", ["GRU", "GRU reset after", "LSTM peephole"])
def test_inference_and_its_gradient_follow_the_equations(case):
    compare(case, training=False, go_backwards=True, jit_compile=False, dynamic=True)


@pytest.mark.parametrize("case", CASES)
def test_call_equals_iterated_step(case):
    layer, _, inputs, states, _ = make(case)
    sequence, *finals = layer(inputs, initial_state=states)
    outputs, now = [], states
    for t in range(LENGTH):
        output, now = layer.step(inputs[:, t], now)
        outputs.append(output)
    assert_same([sequence, *finals], [tf.stack(outputs, 1), *now])


def test_without_sequences_the_output_and_its_gradient_are_the_last_state_s():
    layer, equations, inputs, states, upstream = make("LSTM")
    layer.return_sequences = layer.return_state = False
    weights = [tf.convert_to_tensor(weight) for weight in layer.get_weights()]
    received = with_gradients(
        lambda x, s: layer(x, initial_state=s, mask=MASKS, training=True),
        inputs,
        states,
        [variable.value for variable in layer.weights],
        upstream[1:2],
    )
    expected = with_gradients(
        lambda x, s: textbook.unroll(equations, layer, weights, x, s, MASKS)[1][0],
        inputs,
        states,
        weights,
        upstream[1:2],
    )
    assert_same(received, expected)


def test_the_gru_gate_of_keras_is_one_minus_the_textbook_s():
    layer, _, inputs, _, _ = make("GRU")
    kernel, recurrent, bias = layer.get_weights()
    bias[:UNITS] = -50.0  # z = 0, so Γu = 1: the state is the candidate and forgets
    layer.set_weights([kernel * 0, recurrent, bias])
    _, after = layer.step(inputs[:, 0], [tf.zeros([BATCH, UNITS], tf.float64)])
    np.testing.assert_allclose(after[0], np.tile(np.tanh(bias[2 * UNITS :]), (BATCH, 1)))
