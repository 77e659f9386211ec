"""The simple recurrent layer."""

import keras

from seqtasks.layers.cell import Cell
from seqtasks.layers.recurrent import Recurrent


class SimpleRNNCell(Cell):
    """The simple recurrent layer's equation: the gate itself is the new state."""

    @property
    def activations(self):
        return [[("tanh", self.units)]]

    def update(self, gates, rest, states, parameters):
        return (gates[0],)


@keras.saving.register_keras_serializable(package="seqtasks")
class SimpleRNN(Recurrent):
    """Simple (Elman) recurrent layer.

        a<t> = tanh(W_a [a<t-1>, x<t>] + b_a)

    Args:
        units: The width of a.
        **kwargs: See `Recurrent`.

    Reference:
        - Elman, "Finding Structure in Time", 1990.
    """

    def make_cell(self):
        return SimpleRNNCell(self.units)
