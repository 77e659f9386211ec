"""What every recurrent layer promises besides its equations."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
import textbook

from seqtasks.errors import UsageError
from seqtasks.layers import GRU, LSTM, Bidirectional, DeepRNN, SimpleRNN, SimplifiedGRU, engine
from seqtasks.layers.sequence import Manner, Sequence

MASKS = textbook.masks()
RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(*MASKS.shape, 2)).astype("float32")

MAKERS = {
    "SimpleRNN": lambda **more: SimpleRNN(3, use_bias=False, **more),
    "SimplifiedGRU": lambda **more: SimplifiedGRU(3, kernel_regularizer="l2", **more),
    "GRU": lambda **more: GRU(3, recurrent_dropout=0.25, seed=7, go_backwards=True, **more),
    "GRU reset after": lambda **more: GRU(3, reset_after=True, bias_initializer="ones", dropout=0.5, **more),
    "GRU reset after, no bias": lambda **more: GRU(3, reset_after=True, use_bias=False, **more),
    "LSTM": lambda **more: LSTM(3, peephole=True, peephole_initializer="ones", output_activation="linear", **more),
    "Bidirectional": lambda **more: Bidirectional(LSTM(3, unit_forget_bias=False, **more), merge_mode="sum"),
    "DeepRNN": lambda **more: DeepRNN(
        [Bidirectional(LSTM(1, return_sequences=True)), GRU(2, return_sequences=True), LSTM(2, **more)], residual=True
    ),
}


@pytest.mark.parametrize("name", MAKERS)
def test_configuration_and_weights_survive_saving(name, tmp_path):
    layer = MAKERS[name](return_sequences=True)
    assert layer.from_config(layer.get_config()).get_config() == layer.get_config()
    inputs = keras.Input((None, 2))
    masked = keras.layers.Masking(-1.0)(inputs)
    model = keras.Model(inputs, layer(masked))
    assert model.output_shape == (None, None, layer(INPUTS).shape[-1])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    # The file turns the tuples of the built shapes into lists.
    assert json.loads(json.dumps(again.layers[-1].get_config())) == json.loads(json.dumps(layer.get_config()))
    values = np.where(MASKS[:, :, None], INPUTS, -1.0)
    np.testing.assert_array_equal(model(values), again(values))
    assert len(model.weights) == len(again.weights) > 0


@pytest.mark.parametrize("name", MAKERS)
def test_shapes_as_declared_for_empty_batches_and_single_steps(name):
    for options in ({}, {"return_state": True}, {"return_sequences": True}):
        if name == "DeepRNN" and options.get("return_state"):
            continue
        layer = MAKERS[name](**options)
        for shape in ((0, 4, 2), (3, 1, 2)):
            for training in (False, True):
                outputs = layer(np.ones(shape, "float32"), mask=np.ones(shape[:2], bool), training=training)
                received = tf.nest.map_structure(lambda tensor: tuple(tensor.shape), outputs)
                assert received == layer.compute_output_shape(shape)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_mixed_precision(kind, policy):
    full, mixed = (
        Bidirectional(kind(3, return_sequences=True, dtype=dtype), dtype=dtype) for dtype in ("float32", policy)
    )
    full.build(INPUTS.shape)
    mixed.build(INPUTS.shape)
    mixed.set_weights(full.get_weights())
    gradients = []
    for layer in (full, mixed):
        with tf.GradientTape() as tape:
            outputs = layer(INPUTS, mask=MASKS, training=True)
            loss = tf.reduce_sum(tf.cast(outputs, tf.float32) ** 2)
        gradients.append(tape.gradient(loss, [variable.value for variable in layer.weights]))
    assert outputs.dtype == policy.removeprefix("mixed_")
    for one, other in zip(*gradients, strict=True):
        assert other.dtype == tf.float32
        # How far a single number is off depends on the machine's products of 8 bits.
        assert np.linalg.norm(other - one) < 0.05 * np.linalg.norm(one)
    output, _ = mixed.forward_layer.step(INPUTS[:, 0], mixed.forward_layer.get_initial_state(5))
    assert output.dtype == outputs.dtype


@pytest.mark.parametrize(("kind", "options"), [(LSTM, {"peephole": True}), (GRU, {}), (GRU, {"reset_after": True})])
def test_recurrent_dropout_has_the_gradient_tensorflow_finds(kind, options):
    layer = kind(3, dtype="float64", **options)
    layer.build((None, None, 2))
    states = [tf.constant(RNG.normal(size=(5, 3))) for _ in layer.state_size]
    dropped = tf.constant(RNG.integers(0, 2, (5, 3)) * 2.0)
    results = []
    for training in (True, False):
        weights = [variable.value for variable in layer.weights]
        with tf.GradientTape() as tape:
            tape.watch(states)
            sequence = Sequence(tf.constant(INPUTS, tf.float64), tuple(states), recurrent_mask=dropped)
            outputs, finals = engine.run(
                layer.make_cell(), sequence, layer.cell_weights(), Manner(training=training), "loop"
            )
            loss = tf.reduce_sum(outputs**2) + tf.reduce_sum(finals[-1] ** 3)
        results.append([outputs, *tape.gradient(loss, [*states, *weights])])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_dropout_only_in_training_and_repeatable_by_its_seed():
    def outputs(training):
        layer = LSTM(3, dropout=0.5, recurrent_dropout=0.5, seed=3, kernel_initializer="ones", bias_initializer="ones")
        layer.build(INPUTS.shape)
        layer.recurrent_kernel.assign(tf.ones_like(layer.recurrent_kernel) / 4)
        return layer(INPUTS, training=training).numpy()

    np.testing.assert_array_equal(outputs(True), outputs(True))
    assert np.abs(outputs(True) - outputs(False)).max() > 1e-3


def test_dropout_drops_the_same_inputs_at_every_step():
    layer = SimpleRNN(2, dropout=0.5, seed=1, kernel_initializer="identity", recurrent_initializer="zeros")
    layer.return_sequences = True
    outputs = layer(np.ones((20, 6, 2), "float32"), training=True).numpy()
    np.testing.assert_array_equal(outputs, np.repeat(outputs[:, :1], 6, axis=1))
    assert {0.0, np.float32(np.tanh(2.0))} == set(np.round(outputs, 7).ravel()) or len(set(outputs.ravel())) == 2


def test_a_masked_step_s_input_matters_to_nothing():
    for layer in (LSTM(3, return_sequences=True), Bidirectional(GRU(3, return_sequences=True))):
        other = np.where(MASKS[:, :, None], INPUTS, 9.0).astype("float32")
        np.testing.assert_array_equal(layer(INPUTS, mask=MASKS), layer(other, mask=MASKS))


def test_bidirectional_gives_zeros_where_masked():
    outputs = Bidirectional(LSTM(3, return_sequences=True))(INPUTS, mask=MASKS).numpy()
    assert not np.any(outputs[~MASKS])
    assert np.all(outputs[MASKS] != 0)


def test_bidirectional_takes_states_for_both_directions():
    layer = Bidirectional(LSTM(3, return_sequences=True, return_state=True))
    states = [tf.constant(RNG.normal(size=(5, 3)), tf.float32) for _ in layer.state_size]
    output, *finals = layer(INPUTS, initial_state=states)
    forward = layer.forward_layer(INPUTS, initial_state=states[:2])
    backward = layer.backward_layer(INPUTS, initial_state=states[2:])
    np.testing.assert_array_equal(output, np.concatenate([forward[0], backward[0]], -1))
    np.testing.assert_array_equal(finals, [*forward[1:], *backward[1:]])


@pytest.mark.parametrize("training", [False, True])
def test_a_state_of_known_batch_size_starts_a_sequence_of_unknown(training):
    layer = LSTM(3)
    layer.build((None, None, 2))
    states = [tf.ones([1, 3])] * 2
    run = tf.function(
        lambda inputs, mask: layer(inputs, initial_state=states, mask=mask, training=training),
        autograph=False,
        input_signature=[tf.TensorSpec([None, None, 2]), tf.TensorSpec([None, None], tf.bool)],
    )
    np.testing.assert_allclose(
        run(INPUTS[1:2], MASKS[1:2]), layer(INPUTS[1:2], initial_state=states, mask=MASKS[1:2]), atol=1e-6
    )


def test_stateful_goes_on_where_it_stopped():
    whole = LSTM(3, return_state=True)
    pieces = LSTM(3, stateful=True)
    whole.build(INPUTS.shape)
    pieces.build(INPUTS.shape)
    for one, other in zip(pieces.trainable_weights, whole.trainable_weights, strict=True):
        one.assign(other)
    pieces(INPUTS[:, :2])
    np.testing.assert_allclose(pieces(INPUTS[:, 2:]), whole(INPUTS)[0], atol=1e-6)
    pieces.reset_state()
    np.testing.assert_allclose(pieces(INPUTS), whole(INPUTS)[0], atol=1e-6)


def test_deep_rnn_adds_inputs_where_widths_agree_and_steps_as_it_calls():
    lower, upper = GRU(2, return_sequences=True), LSTM(3, return_sequences=True)
    deep = DeepRNN([lower, upper], residual=True)
    outputs = deep(INPUTS, mask=MASKS)
    np.testing.assert_allclose(outputs, upper(lower(INPUTS, mask=MASKS) + INPUTS, mask=MASKS), atol=1e-6)
    states, stepped = deep.get_initial_state(5), []
    assert len(states) == len(deep.state_size) == 3
    for t in range(INPUTS.shape[1]):
        output, states = deep.step(INPUTS[:, t], states)
        stepped.append(output)
    np.testing.assert_allclose(deep(INPUTS), np.stack(stepped, 1), atol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LSTM(0),
        lambda: LSTM(3, dropout=1.0),
        lambda: LSTM(3, output_activation="relu"),
        lambda: LSTM(3)(INPUTS, initial_state=[np.zeros((5, 3), "float32")]),
        lambda: LSTM(3, stateful=True).build((None, None, 2)),
        lambda: DeepRNN([]),
        lambda: DeepRNN([LSTM(3), LSTM(3)]),
    ],
)
def test_what_cannot_be_meant_is_refused(make):
    with pytest.raises(UsageError):
        make()
