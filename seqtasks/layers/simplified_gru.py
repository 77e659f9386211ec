"""The GRU without its relevance gate."""

import keras

from seqtasks.layers.cell import Cell
from seqtasks.layers.recurrent import Recurrent


class SimplifiedGRUCell(Cell):
    """The simplified GRU's equations."""

    @property
    def activations(self):
        return [[("sigmoid", self.units), ("tanh", self.units)]]

    def update(self, gates, rest, states, parameters):
        update, candidate = gates
        (before,) = states
        return (before + update * (candidate - before),)


@keras.saving.register_keras_serializable(package="seqtasks")
class SimplifiedGRU(Recurrent):
    """Gated recurrent unit with the update gate alone.

        Γu = σ(W_u [c<t-1>, x<t>] + b_u)
        c̃<t> = tanh(W_c [c<t-1>, x<t>] + b_c)
        c<t> = Γu * c̃<t> + (1 - Γu) * c<t-1>;  a<t> = c<t>

    The weights' columns are Γu's, then c̃'s.

    Args:
        units: The width of c.
        **kwargs: See `Recurrent`.

    Reference:
        - Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014 (with the relevance gate).
    """

    gate_count = 2

    def make_cell(self):
        return SimplifiedGRUCell(self.units)
