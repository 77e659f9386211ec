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

    @property
    def fused_dtypes(self):
        return (tf.float32,)

    def run_fused(self, x, states, weights, steps):
        both = tf.concat([weights["kernel"], weights["recurrent_kernel"]], axis=0)
        bias = weights.get("bias", tf.zeros([3 * self.units], x.dtype))
        # The kernel's order is r, z.
        (z, r, h), (bias_z, bias_r, bias_h) = tf.split(both, 3, axis=-1), tf.split(bias, 3)
        gates, bias_gates = tf.concat([r, z], axis=-1), tf.concat([bias_r, bias_z], axis=0)
        inputs = tf.TensorArray(x.dtype, tf.shape(x)[0], element_shape=x.shape[1:]).unstack(x)
        outputs = tf.TensorArray(x.dtype, steps, element_shape=states[0].shape)

        def body(t, state, outputs):
            state = tf.raw_ops.GRUBlockCell(
                x=inputs.read(t), h_prev=state, w_ru=gates, w_c=h, b_ru=bias_gates, b_c=bias_h
            ).h
            return t + 1, state, outputs.write(t, state)

        _, _, outputs = tf.while_loop(lambda t, *_: t < steps, body, (0, states[0], outputs))
        return (outputs.stack(),)


class ResetAfterGRUCell(Cell):
    """The GRU's equations, the relevance gate applied to the product: one product a step."""

    @property
    def activations(self):
        return [[("sigmoid", 2 * self.units), ("linear", self.units)]]

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
