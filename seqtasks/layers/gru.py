"""The GRU layer."""

import keras
import tensorflow as tf

from seqtasks.layers.cell import Cell, affine
from seqtasks.layers.recurrent import Recurrent


class GRUCell(Cell):
    """The GRU's equations, the relevance gate applied to the state before its product."""

    @property
    def activations(self):
        # The candidate's operand needs the relevance gate, so its product is a second stage.
        return [[("sigmoid", 2 * self.units)], [("tanh", self.units)]]

    def recurrent_matrices(self, weights):
        return tf.split(weights["recurrent_kernel"], [2 * self.units, self.units], axis=-1)

    def operand(self, stage, gates, states):
        if stage == 0:
            return states[0]
        _, relevance = tf.split(gates[0], 2, axis=-1)
        return relevance * states[0]

    def update(self, gates, rest, states, parameters):
        keep, _ = tf.split(gates[0], 2, axis=-1)
        (before,), candidate = states, gates[1]
        return (candidate + keep * (before - candidate),)


class ResetAfterGRUCell(Cell):
    """The GRU's equations, the relevance gate applied to the product: one product a step."""

    @property
    def activations(self):
        return [[("sigmoid", 2 * self.units), ("linear", self.units)]]

    @property
    def cudnn(self):
        # cuDNN has r before z.
        return "gru", (1, 0, 2)

    @property
    def rest_width(self):
        return self.units

    def project(self, inputs, weights):
        # The cell adds its input to the product before Γr multiplies it, so in the product's candidate columns the
        # input is the recurrent bias alone, and the input's own candidate part follows behind.
        gates, kernel = 2 * self.units, weights["kernel"]
        if "bias" not in weights:
            projected = affine(inputs, kernel)
            recurrent = tf.zeros([self.units], projected.dtype)
        else:
            bias_input, bias_recurrent = tf.unstack(weights["bias"])
            both = bias_input + tf.concat([bias_recurrent[:gates], tf.zeros_like(bias_recurrent[gates:])], axis=0)
            projected, recurrent = affine(inputs, kernel, both), bias_recurrent[gates:]
        update_relevance, candidate = tf.split(projected, [gates, self.units], axis=-1)
        return tf.concat([update_relevance, tf.zeros_like(candidate) + recurrent, candidate], axis=-1)

    def update(self, gates, rest, states, parameters):
        keep, relevance = tf.split(gates[0], 2, axis=-1)
        (before,), from_state = states, gates[1]
        candidate = tf.tanh(rest + relevance * from_state)
        return (candidate + keep * (before - candidate),)


@keras.saving.register_keras_serializable(package="seqtasks")
class GRU(Recurrent):
    """Gated recurrent unit.

        Γu = σ(W_u [c<t-1>, x<t>] + b_u);  Γr = σ(W_r [c<t-1>, x<t>] + b_r)
        c̃<t> = tanh(W_c [Γr * c<t-1>, x<t>] + b_c)
        c<t> = Γu * c̃<t> + (1 - Γu) * c<t-1>;  a<t> = c<t>

    The weights' columns are in Keras's order z, r, h, with Keras's gate z = 1 - Γu: as 1 - σ(s) = σ(-s), the weights
    of z are those of Γu with the sign turned. r is Γr, h is c̃.

    With `reset_after` (Keras's default, not ours) Γr multiplies the product instead of the state, the two parts with
    biases of their own: c̃<t> = tanh(W_cx x<t> + b_cx + Γr * (W_cc c<t-1> + b_cc)); `bias` is then [2, 3 units], the
    inputs' row first.

    Args:
        units: The width of c.
        reset_after: Whether Γr is applied after the recurrent product.
        **kwargs: See `Recurrent`.

    Reference:
        - Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014.
    """

    gate_count = 3

    def __init__(self, units, reset_after=False, **kwargs):
        super().__init__(units, **kwargs)
        self.reset_after = reset_after

    def make_cell(self):
        return ResetAfterGRUCell(self.units) if self.reset_after else GRUCell(self.units)

    def bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def get_config(self):
        return {**super().get_config(), "reset_after": self.reset_after}
