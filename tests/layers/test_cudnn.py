"""cuDNN's side of a layer, as far as a CPU allows: its weights, its masks, its op's arguments.

The kernel itself runs on GPUs only. In its place is what its documentation says, see `cudnn_standin`.
"""

import cudnn_standin
import numpy as np
import pytest
import tensorflow as tf
import textbook
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.layers import GRU, LSTM, SimpleRNN, SimplifiedGRU, cudnn, cudnn_weights
from seqtasks.layers.sequence import Manner, Sequence

FEATURES, UNITS = 3, 4
CASES = {
    "LSTM": (lambda **more: LSTM(UNITS, **more), textbook.lstm),
    "LSTM without bias": (lambda **more: LSTM(UNITS, use_bias=False, **more), textbook.lstm),
    "GRU": (lambda **more: GRU(UNITS, reset_after=True, **more), textbook.gru_reset_after),
    "GRU without bias": (lambda **more: GRU(UNITS, reset_after=True, use_bias=False, **more), textbook.gru_reset_after),
}
# Every row is masked from its end; the last but one throughout.
FITTING = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 0]], bool)


def make(case, **more):
    """Returns a layer with random weights, its equations, and its weights in float64, zeros for a missing bias."""
    build, equations = CASES[case]
    layer = build(**more)
    layer.build((None, None, FEATURES))
    rng = np.random.default_rng(0)
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    weights = [tf.constant(weight, tf.float64) for weight in layer.get_weights()]
    if len(weights) == 2:
        weights.append(tf.zeros(layer.bias_shape(), tf.float64))
    return layer, equations, weights


def numbers(layer, batch_size, length, seed=1):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(batch_size, length, FEATURES))
    return inputs, [rng.normal(size=(batch_size, UNITS)) for _ in layer.state_size]


@pytest.mark.parametrize("case", CASES)
def test_packed_weights_are_the_layer_s_equations_in_cudnn_s_order(case):
    layer, equations, weights = make(case)
    inputs, states = numbers(layer, 2, 5)
    mode, gates = layer.make_cell().cudnn
    params = cudnn_weights.pack(layer.cell_weights(), gates)
    assert params.shape == (len(gates) * UNITS * (FEATURES + UNITS + 2),)
    outputs, finals = cudnn_standin.run(mode, inputs, states, params.numpy(), np.array([5, 5]))
    expected, last = textbook.unroll(equations, layer, weights, tf.constant(inputs), states, None)
    np.testing.assert_allclose(outputs, expected, atol=1e-6)
    for one, other in zip(finals, last, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_every_weight_has_one_place_in_the_buffer():
    for case in ("LSTM", "GRU"):
        layer, _, _ = make(case)
        count, start, pieces = 0, 0, {}
        for name, weight in layer.cell_weights().items():
            pieces[name] = np.arange(start, start + np.prod(weight.shape)).reshape(weight.shape).astype("float32")
            start += pieces[name].size
        count = len(layer.make_cell().cudnn[1])
        params = cudnn_weights.pack({name: tf.constant(p) for name, p in pieces.items()}, layer.make_cell().cudnn[1])
        held = np.sort(params.numpy())
        # The LSTM's second bias is zero.
        missing = count * UNITS if case == "LSTM" else 0
        np.testing.assert_array_equal(held, np.sort(np.concatenate([np.arange(start), np.zeros(missing)])))


@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_masked_steps_carry_the_states_as_the_layers_do(case, backwards, sequences, monkeypatch):
    monkeypatch.setattr(cudnn, "run_kernel", cudnn_standin.run_kernel)
    layer, equations, weights = make(case)
    inputs, states = numbers(layer, *FITTING.shape)
    for mask in (FITTING, None):
        sequence = Sequence(
            tf.constant(inputs, tf.float32),
            tuple(tf.constant(state, tf.float32) for state in states),
            None if mask is None else tf.constant(mask),
        )
        assert cudnn.fits(sequence)
        manner = Manner(backwards, sequences)
        outputs, finals = cudnn.infer(layer.make_cell(), sequence, layer.cell_weights(), manner)
        expected, last = textbook.unroll(equations, layer, weights, tf.constant(inputs), states, mask, backwards)
        if sequences:
            expected = tf.reverse(expected, [1]) if backwards else expected
            np.testing.assert_allclose(outputs, expected, atol=1e-5)
        else:
            assert outputs is None
        for one, other in zip(finals, last, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), max_size=3))
@settings(max_examples=60, deadline=None)
def test_what_fits_is_masked_from_the_end_only(rows):
    mask = np.array(rows, bool).reshape(len(rows), 4)
    sequence = Sequence(tf.zeros([len(rows), 4, 2]), (), tf.constant(mask))
    ends_early = all(row == sorted(row, reverse=True) for row in mask.tolist())
    assert bool(cudnn.fits(sequence)) == (ends_early and len(rows) > 0)


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize(("shape", "expected"), [((0, 4, 2), False), ((3, 0, 2), False), ((1, 1, 2), True)])
def test_empty_batches_do_not_fit(shape, expected, masked):
    mask = tf.ones(shape[:2], tf.bool) if masked else None
    assert bool(cudnn.fits(Sequence(tf.zeros(shape), (), mask))) == expected


@pytest.mark.parametrize("case", CASES)
def test_the_kernel_s_op_takes_what_it_is_given(case):
    layer, _, _ = make(case)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, None, FEATURES])])
    def trace(inputs):
        states = tuple(layer.get_initial_state(tf.shape(inputs)[0]))
        outputs, finals = cudnn.infer(layer.make_cell(), Sequence(inputs, states), layer.cell_weights(), Manner())
        assert outputs.shape.as_list() == [None, None, UNITS]
        assert [final.shape.as_list() for final in finals] == [[None, UNITS]] * len(states)
        return outputs

    (node,) = [op for op in trace.get_concrete_function().graph.get_operations() if op.type.startswith("Cudnn")]
    assert node.type == "CudnnRNNV3"
    assert node.get_attr("rnn_mode").decode() == layer.make_cell().cudnn[0]
    assert node.get_attr("direction") == b"unidirectional"
    assert node.get_attr("input_mode") == b"linear_input"
    assert not node.get_attr("is_training")
    assert not node.get_attr("time_major")


def test_what_cudnn_computes_is_supported_and_nothing_else():
    def supported(layer, dtype=tf.float32, recurrent_mask=None):
        sequence = Sequence(tf.zeros([1, 2, 3], dtype), (), recurrent_mask=recurrent_mask)
        return cudnn.supports(layer.make_cell(), sequence)

    assert supported(LSTM(2))
    assert supported(GRU(2, reset_after=True))
    assert not supported(GRU(2))
    assert not supported(LSTM(2, peephole=True))
    assert not supported(LSTM(2, output_activation="linear"))
    assert not supported(SimpleRNN(2))
    assert not supported(SimplifiedGRU(2))
    assert not supported(LSTM(2), dtype=tf.float16)
    assert not supported(LSTM(2), recurrent_mask=tf.ones([1, 2]))
