import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures.stack import RecurrentStack, recurrent_layer
from seqtasks.layers import GRU, LSTM, Bidirectional, SimpleRNN, SimplifiedGRU
from seqtasks.sections import Recurrent

CELLS = {
    "rnn": SimpleRNN,
    "simplified_gru": SimplifiedGRU,
    "gru": GRU,
    "lstm": LSTM,
    "peephole_lstm": LSTM,
}
RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(3, 5, 4)).astype("float32")
MASK = np.arange(5) < np.array([[5], [2], [0]])


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_s_name_gives_its_layer(cell, bidirectional):
    layer = recurrent_layer(Recurrent(cell=cell, units=3, bidirectional=bidirectional, recurrent_dropout=0.25))
    directions = [layer.forward_layer, layer.backward_layer] if isinstance(layer, Bidirectional) else [layer]
    assert len(directions) == 1 + bidirectional
    for direction in directions:
        assert type(direction) is CELLS[cell]
        assert direction.units == 3
        assert direction.recurrent_dropout == 0.25
        assert direction.return_sequences
        assert getattr(direction, "peephole", False) == (cell == "peephole_lstm")
    assert layer(INPUTS).shape == (3, 5, 3 * (1 + bidirectional))


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_layers_stand_on_each_other(residual, bidirectional):
    config = Recurrent(cell="gru", units=3, layers=3, bidirectional=bidirectional, residual=residual, dropout=0.5)
    stack = RecurrentStack(config)
    found = stack(INPUTS, mask=MASK)
    first, second, third = stack.recurrent
    # The input has another size, so the first layer's output stands alone.
    one = first(INPUTS, mask=MASK)
    two = second(one, mask=MASK) + residual * one
    np.testing.assert_allclose(found, third(two, mask=MASK) + residual * two, rtol=1e-5, atol=1e-6)
    assert len({id(weight) for weight in stack.trainable_weights}) == 3 * 3 * (1 + bidirectional)


def test_the_first_layer_is_residual_where_sizes_agree():
    stack = RecurrentStack(Recurrent(cell="rnn", units=4, bidirectional=False, residual=True))
    np.testing.assert_allclose(stack(INPUTS), stack.recurrent[0](INPUTS) + INPUTS, rtol=1e-6)


def test_the_same_features_are_dropped_at_every_step():
    keras.utils.set_random_seed(1)
    stack = RecurrentStack(Recurrent(cell="rnn", units=50, bidirectional=False, dropout=0.5))
    kept, dropped = stack(INPUTS).numpy(), stack(INPUTS, training=True).numpy()
    zero = dropped == 0
    assert 0.3 < zero.mean() < 0.7
    assert (zero == zero[:, :1]).all()
    assert (zero[0] != zero[1]).any()
    # Training and inference multiply in another order.
    np.testing.assert_allclose(dropped[~zero], 2 * kept[~zero], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(stack(INPUTS), kept)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_masked_steps_do_not_reach_the_others(bidirectional):
    stack = RecurrentStack(Recurrent(units=3, layers=2, bidirectional=bidirectional, residual=True))
    other = np.where(MASK[:, :, None], INPUTS, RNG.normal(size=INPUTS.shape)).astype("float32")
    found, expected = stack(other, mask=MASK).numpy(), stack(INPUTS, mask=MASK).numpy()
    np.testing.assert_allclose(found[MASK], expected[MASK], rtol=1e-5)
    cut = stack(INPUTS[1:2, :2], mask=np.ones((1, 2), bool))
    np.testing.assert_allclose(expected[1, :2], cut[0], rtol=1e-5, atol=1e-6)
    assert isinstance(stack(INPUTS, mask=tf.constant(MASK)), tf.Tensor)
