"""Cells for keras.layers.RNN with the equations of those of our layers that Keras has no layer for.

Their weights have the names, shapes and order of ours.
"""

import keras
from keras import ops


class Cell(keras.layers.Layer):
    """What both cells share: weights, and the product of a step."""

    gate_count, states = 1, 1

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units if self.states == 1 else [units] * self.states
        self.output_size = units

    def build(self, inputs_shape):
        width = self.gate_count * self.units
        self.kernel = self.add_weight(shape=(inputs_shape[-1], width), name="kernel")
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, width), initializer="orthogonal", name="recurrent_kernel"
        )
        self.bias = self.add_weight(shape=(width,), initializer="zeros", name="bias")

    def sums(self, inputs, before):
        """Returns the gates' sums, one tensor a gate."""
        both = ops.matmul(inputs, self.kernel) + ops.matmul(before, self.recurrent_kernel) + self.bias
        return ops.split(both, self.gate_count, axis=-1)


class LSTMCell(Cell):
    """The LSTM, with peepholes or with a linear output."""

    gate_count, states = 4, 2

    def __init__(self, units, peephole=False, output_activation="tanh", **kwargs):
        super().__init__(units, **kwargs)
        self.peephole, self.output_activation = peephole, keras.activations.get(output_activation)

    def build(self, inputs_shape):
        super().build(inputs_shape)
        if self.peephole:
            self.peephole_kernel = self.add_weight(shape=(3, self.units), initializer="zeros", name="peephole_kernel")

    def call(self, inputs, states):
        a, c = states
        update, forget, candidate, output = self.sums(inputs, a)
        if self.peephole:
            see_update, see_forget, see_output = ops.unstack(self.peephole_kernel)
            update, forget = update + see_update * c, forget + see_forget * c
        c = ops.sigmoid(update) * ops.tanh(candidate) + ops.sigmoid(forget) * c
        if self.peephole:
            output = output + see_output * c
        a = ops.sigmoid(output) * self.output_activation(c)
        return a, [a, c]


class SimplifiedGRUCell(Cell):
    """The GRU without its relevance gate."""

    gate_count = 2

    def call(self, inputs, states):
        (before,) = states if isinstance(states, (list, tuple)) else (states,)
        update, candidate = self.sums(inputs, before)
        update = ops.sigmoid(update)
        after = update * ops.tanh(candidate) + (1 - update) * before
        return after, [after]
