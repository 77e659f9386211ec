"""From configuration to a stack of recurrent layers."""

import keras

from seqtasks.layers import GRU, LSTM, Bidirectional, Dropout, SimpleRNN, SimplifiedGRU
from seqtasks.sections import Recurrent


def recurrent_layer(config: Recurrent, return_state: bool = False, bidirectional: bool | None = None):
    """Returns one recurrent layer over whole sequences, in one or both directions.

    Args:
        config: Cell, sizes and dropout.
        return_state: Whether it also returns its final states.
        bidirectional: Whether to read in both directions; as the configuration says when None.
    """
    cells = {
        "rnn": SimpleRNN,
        "simplified_gru": SimplifiedGRU,
        "gru": GRU,
        "lstm": LSTM,
        "peephole_lstm": LSTM,
    }
    options = {"peephole": True} if config.cell == "peephole_lstm" else {}
    layer = cells[config.cell](
        config.units,
        return_sequences=True,
        return_state=return_state,
        recurrent_dropout=config.recurrent_dropout,
        **options,
    )
    both = config.bidirectional if bidirectional is None else bidirectional
    return Bidirectional(layer) if both else layer


class RecurrentStack(keras.layers.Layer):
    """Recurrent layers, one on the other, with the same dropout at every step between them.

    Args:
        config: Cell, sizes and dropout.
        return_state: Whether to return the final states too.

    Call arguments:
        sequences: float `[B, T, D]`.
        mask: bool `[B, T]`.
        states: The states to start from, the lowest layer's first; zeros when None.
        training: Whether dropout applies.

    Output:
        float `[B, T, units]`, or twice the units when bidirectional; with `return_state` a tuple of it and the list of
        all layers' final states, the lowest layer's first.

    Reference:
        Gal & Ghahramani, A Theoretically Grounded Application of Dropout in Recurrent Neural
        Networks, NIPS 2016.
    """

    def __init__(self, config: Recurrent, return_state: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.residual, self.return_state = config.residual, return_state
        self.recurrent = [recurrent_layer(config, return_state) for _ in range(config.layers)]
        self.dropouts = [Dropout(config.dropout, same_every_step=True) for _ in range(config.layers)]
        self.supports_masking = True

    @property
    def state_size(self):
        """The widths of all layers' states, the lowest layer's first."""
        return [size for layer in self.recurrent for size in layer.state_size]

    def call(self, sequences, mask=None, states=None, training=False):
        finals = []
        for recurrent, dropout, before in zip(self.recurrent, self.dropouts, self._by_layer(states), strict=True):
            outputs = recurrent(sequences, initial_state=before, mask=mask, training=training)
            if self.return_state:
                outputs, *after = outputs
                finals += after
            sequences = dropout(self._added(outputs, sequences), training=training)
        return (sequences, finals) if self.return_state else sequences

    def step(self, inputs, states):
        """Runs one step through all layers, without dropout: for decoding.

        Args:
            inputs: float `[B, D]`.
            states: All layers' states before the step, the lowest layer's first.

        Returns:
            (output float `[B, units]`, the states after the step).
        """
        finals = []
        for recurrent, before in zip(self.recurrent, self._by_layer(states), strict=True):
            outputs, after = recurrent.step(inputs, before)
            finals += after
            inputs = self._added(outputs, inputs)
        return inputs, finals

    def _added(self, outputs, inputs):
        return outputs + inputs if self.residual and outputs.shape[-1] == inputs.shape[-1] else outputs

    def _by_layer(self, states):
        if states is None:
            return [None] * len(self.recurrent)
        rest, found = list(states), []
        for layer in self.recurrent:
            own, rest = rest[: len(layer.state_size)], rest[len(layer.state_size) :]
            found.append(own)
        return found
