"""The LSTM layer."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from seqtasks.errors import UsageError
from seqtasks.layers.cell import Cell
from seqtasks.layers.recurrent import Recurrent


@dataclass(frozen=True)
class LSTMCell(Cell):
    """The LSTM's equations.

    Args:
        units: The width of the states.
        peephole: Whether the gates see the memory cell.
        output_activation: "tanh" or "linear".
    """

    peephole: bool = False
    output_activation: str = "tanh"

    @property
    def activations(self):
        # With peepholes the gates' sums are not yet complete before the update.
        gate, candidate = ("linear" if self.peephole else "sigmoid", self.units), ("tanh", self.units)
        return [[gate, gate, candidate, gate]]

    def parameters(self, weights):
        return tf.unstack(weights["peephole_kernel"]) if self.peephole else ()

    @property
    def fused_dtypes(self):
        return (tf.float32, tf.float16) if self.output_activation == "tanh" else ()

    @property
    def cudnn(self):
        # Of cuDNN's gates i, f, c̃, o each is where Keras has it.
        plain = self.output_activation == "tanh" and not self.peephole
        return ("lstm", (0, 1, 2, 3)) if plain else None

    def run_fused(self, x, states, weights, steps):
        a, c = states
        bias = weights.get("bias", tf.zeros([4 * self.units], x.dtype))
        see = self.parameters(weights) if self.peephole else [tf.zeros([self.units], x.dtype)] * 3
        found = tf.raw_ops.BlockLSTMV2(
            seq_len_max=tf.cast(steps, tf.int64),
            x=x,
            cs_prev=c,
            h_prev=a,
            w=tf.concat([weights["kernel"], weights["recurrent_kernel"]], axis=0),
            wci=see[0],
            wcf=see[1],
            wco=see[2],
            b=bias,
            cell_clip=0.0,
            use_peephole=self.peephole,
        )
        return found.h, found.cs

    def update(self, gates, rest, states, parameters):
        _, c_before = states
        update, forget, candidate, output = gates
        if self.peephole:
            see_update, see_forget, see_output = parameters
            update = tf.sigmoid(update + see_update * c_before)
            forget = tf.sigmoid(forget + see_forget * c_before)
        c = update * candidate + forget * c_before
        if self.peephole:
            output = tf.sigmoid(output + see_output * c)
        return output * (tf.tanh(c) if self.output_activation == "tanh" else c), c


@keras.saving.register_keras_serializable(package="seqtasks")
class LSTM(Recurrent):
    """Long short-term memory.

    With `[p, q]` for concatenation and `*` elementwise:

        c̃<t> = tanh(W_c [a<t-1>, x<t>] + b_c)
        Γu, Γf, Γo = σ(W [a<t-1>, x<t>] + b), each with its own W and b
        c<t> = Γu * c̃<t> + Γf * c<t-1>
        a<t> = Γo * tanh(c<t>), or Γo * c<t> with `output_activation="linear"`

    With `peephole`, Γu and Γf also see c<t-1> and Γo sees c<t>, through one weight a unit. The states are (a, c). The
    weights' columns are in Keras's order: Γu (Keras's i), Γf, c̃, Γo.

    Args:
        units: The width of a and c.
        output_activation: "tanh" or "linear": what a<t> makes of c<t>.
        peephole: Whether the gates see the memory cell.
        unit_forget_bias: Whether Γf's bias starts at one.
        peephole_initializer: How the peephole weights [3, units] (for Γu, Γf, Γo) start.
        **kwargs: See `Recurrent`.

    Reference:
        - Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997.
        - Gers, Schraudolph and Schmidhuber, "Learning Precise Timing with LSTM Recurrent Networks", 2002 (peepholes).
    """

    gate_count = 4
    state_count = 2

    def __init__(
        self,
        units,
        output_activation="tanh",
        peephole=False,
        unit_forget_bias=True,
        peephole_initializer="zeros",
        **kwargs,
    ):
        super().__init__(units, **kwargs)
        if output_activation not in ("tanh", "linear"):
            raise UsageError(f"output_activation is {output_activation!r}; use 'tanh' or 'linear'.")
        self.output_activation = output_activation
        self.peephole = peephole
        self.unit_forget_bias = unit_forget_bias
        self.peephole_initializer = keras.initializers.get(peephole_initializer)

    def build(self, sequences_shape, initial_state_shape=None):
        super().build(sequences_shape, initial_state_shape)
        self.peephole_kernel = None
        if self.peephole:
            self.peephole_kernel = self.add_weight(
                shape=(3, self.units), initializer=self.peephole_initializer, name="peephole_kernel"
            )

    def cell_weights(self):
        weights = super().cell_weights()
        return {**weights, "peephole_kernel": self.tensor(self.peephole_kernel)} if self.peephole else weights

    def make_cell(self):
        return LSTMCell(self.units, self.peephole, self.output_activation)

    def initialize_bias(self, shape, dtype=None):
        if not self.unit_forget_bias:
            return self.bias_initializer(shape, dtype=dtype)
        update = self.bias_initializer((self.units,), dtype=dtype)
        others = self.bias_initializer((2 * self.units,), dtype=dtype)
        return keras.ops.concatenate([update, keras.ops.ones((self.units,), dtype=dtype), others])

    def get_config(self):
        return {
            **super().get_config(),
            "output_activation": self.output_activation,
            "peephole": self.peephole,
            "unit_forget_bias": self.unit_forget_bias,
            "peephole_initializer": keras.initializers.serialize(self.peephole_initializer),
        }
