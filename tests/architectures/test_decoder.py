"""The half of an encoder-decoder that writes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures.decoder import Decoder, Memory
from seqtasks.errors import UsageError
from seqtasks.sections import Recurrent

BATCH, STEPS, READ, SIZE, INPUT, UNITS, DEPTH = 3, 5, 4, 3, 2, 6, 5
MASK = tf.constant([[True] * READ, [True, False, True, False], [False] * READ])
CASES = {
    "no attention": {"attention": "none"},
    "no attention, three layers": {"attention": "none", "layers": 3, "cell": "gru", "residual": True},
    "multiplicative": {"cell": "gru"},
    "additive": {"attention": "additive", "cell": "rnn"},
    "two layers": {"layers": 2, "cell": "peephole_lstm"},
    "three layers, residual": {"layers": 3, "residual": True, "attention": "additive"},
    "feeding": {"input_feeding": True, "cell": "simplified_gru"},
    "feeding, additive, two layers": {"input_feeding": True, "attention": "additive", "layers": 2},
    "feeding, three layers, residual": {"input_feeding": True, "layers": 3, "residual": True, "cell": "gru"},
}


def make(dtype="float32", **model):
    """Returns a decoder with random weights, inputs, states to start from and a memory."""
    config = Recurrent(**{"cell": "lstm", "units": UNITS, "dropout": 0.0, **model})
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    keras.utils.set_random_seed(1)
    decoder = Decoder(config, SIZE, INPUT, DEPTH)
    decoder.build()
    decoder.built = True
    keras.config.set_dtype_policy(before)
    rng = np.random.default_rng(0)
    decoder.set_weights([rng.normal(size=weight.shape) for weight in decoder.get_weights()])

    def some(*shape):
        return tf.constant(rng.normal(size=shape), dtype)

    states = decoder.start([some(BATCH, width) for layer in decoder.recurrent for width in layer.state_size])
    memory = None
    if decoder.attends:
        values = some(BATCH, READ, DEPTH)
        memory = Memory(values, decoder.attention.keys(values), MASK)
    return decoder, some(BATCH, STEPS, INPUT), states, memory


@pytest.mark.parametrize("name", CASES)
def test_the_whole_is_its_steps(name):
    decoder, inputs, states, memory = make(**CASES[name])
    outputs, weights = decoder(inputs, states, memory=memory)
    assert outputs.shape == (BATCH, STEPS, SIZE)
    assert len(states) == sum(len(layer.state_size) for layer in decoder.recurrent) + decoder.feeds
    assert (weights is None) == (memory is None)
    for t in range(STEPS):
        output, states, looked = decoder.step(inputs[:, t], states, memory)
        np.testing.assert_allclose(output, outputs[:, t], atol=1e-5)
        if memory is not None:
            np.testing.assert_allclose(looked, weights[:, t], atol=1e-5)


@pytest.mark.parametrize("feeding", [False, True])
def test_one_layer_is_luong_s_decoder(feeding):
    decoder, inputs, states, memory = make("float64", cell="gru", input_feeding=feeding)
    outputs, weights = decoder(inputs, states, memory=memory)
    (kernel, recurrent, bias), (general,) = decoder.recurrent[0].get_weights(), decoder.attention.get_weights()
    readout, shift = decoder.readout.get_weights()
    (kernel_z, kernel_r, kernel_h), (z_z, z_r, z_h), (b_z, b_r, b_h) = (
        np.split(one, 3, axis=-1) for one in (kernel, recurrent, bias)
    )

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    for row in range(BATCH):
        s, fed = states[0][row].numpy(), np.zeros(SIZE)
        steps = memory.values[row].numpy()[MASK[row].numpy()]
        for t in range(STEPS):
            x = np.concatenate([inputs[row, t], fed]) if feeding else inputs[row, t].numpy()
            keep = sigmoid(x @ kernel_z + s @ z_z + b_z)
            relevance = sigmoid(x @ kernel_r + s @ z_r + b_r)
            s = keep * s + (1 - keep) * np.tanh(x @ kernel_h + (relevance * s) @ z_h + b_h)
            shares = np.exp([s @ (m @ general) for m in steps])
            shares /= shares.sum()
            context = shares @ steps if len(steps) else np.zeros(DEPTH)
            fed = np.tanh(np.concatenate([s, context]) @ readout + shift)
            np.testing.assert_allclose(outputs[row, t], fed, rtol=1e-9)
            np.testing.assert_allclose(weights[row, t].numpy()[MASK[row].numpy()], shares, rtol=1e-9)


def test_the_layers_above_hear_what_the_lowest_attended_to():
    decoder, inputs, states, memory = make(layers=3, cell="rnn")
    first, second, third = decoder.recurrent
    lowest, _ = first(inputs, initial_state=states[:1])
    context, _ = decoder.attention(lowest, memory.values, mask=MASK)
    middle, _ = second(tf.concat([lowest, context], axis=-1), initial_state=states[1:2])
    highest, _ = third(tf.concat([middle, context], axis=-1), initial_state=states[2:])
    expected = decoder.readout(tf.concat([highest, context], axis=-1))
    np.testing.assert_allclose(decoder(inputs, states, memory=memory)[0], expected, atol=1e-6)


@pytest.mark.parametrize("feeding", [False, True])
def test_dropout_takes_the_same_at_every_step(feeding):
    decoder, inputs, states, memory = make(dropout=0.5, layers=2, input_feeding=feeding)
    outputs, _ = decoder(inputs, states, memory=memory, training=True)
    gone = outputs.numpy() == 0
    assert 0 < gone[:, 0].sum() < gone[:, 0].size
    assert (gone == gone[:, :1]).all()
    assert not np.array_equal(gone, decoder(inputs, states, memory=memory, training=True)[0].numpy() == 0)
    plain, _ = decoder(inputs, states, memory=memory)
    assert np.all(plain.numpy() != 0)


def test_a_layer_s_dropout_takes_the_same_at_every_step():
    # The readout leaves the layer's two units apart, so that an output is 0 where either is dropped.
    decoder, inputs, states, _ = make(dropout=0.5, attention="none", units=2, cell="rnn")
    decoder.readout.set_weights([np.eye(2, SIZE), np.zeros(SIZE)])
    outputs, _ = decoder(tf.repeat(inputs, 20, axis=0), [tf.repeat(states[0], 20, axis=0)], training=True)
    gone = outputs.numpy()[:, :, :2] == 0
    assert (gone == gone[:, :1]).all()
    assert 0.6 < gone[:, 0].mean() < 0.9


@pytest.mark.parametrize("feeding", [False, True])
def test_gradients_reach_all_that_it_starts_from(feeding):
    decoder, inputs, states, memory = make(input_feeding=feeding, attention="additive", layers=2)
    sources = [inputs, *states, memory.values, *(weight.value for weight in decoder.trainable_weights)]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        memory = Memory(memory.values, decoder.attention.keys(memory.values), MASK)
        total = tf.reduce_sum(decoder(inputs, states, memory=memory)[0] ** 2)
    for gradient in tape.gradient(total, sources):
        assert np.any(gradient)
        assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"input_feeding": True, "attention": "none"}, "attention=none attends to nothing"),
        ({"input_feeding": True, "recurrent_dropout": 0.2}, "which recurrent_dropout does not: set it to 0"),
    ],
)
def test_what_contradicts_itself_is_refused(model, message):
    with pytest.raises(UsageError, match=message):
        make(**model)
