"""From configuration to a stack of recurrent layers."""

import keras

from seqtasks.config import Recurrent
from seqtasks.layers import GRU, LSTM, Bidirectional, Dropout, SimpleRNN, SimplifiedGRU


def recurrent_layer(config: Recurrent):
    """Returns one recurrent layer over whole sequences, in one or both directions."""
    cells = {
        "rnn": SimpleRNN,
        "simplified_gru": SimplifiedGRU,
        "gru": GRU,
        "lstm": LSTM,
        "peephole_lstm": LSTM,
    }
    options = {"peephole": True} if config.cell == "peephole_lstm" else {}
    layer = cells[config.cell](
        config.units, return_sequences=True, recurrent_dropout=config.recurrent_dropout, **options
    )
    return Bidirectional(layer) if config.bidirectional else layer


class RecurrentStack(keras.layers.Layer):
    """Recurrent layers, one on the other, with the same dropout at every step between them.

    Args:
        config: Cell, sizes and dropout.

    Call arguments:
        sequences: float `[B, T, D]`.
        mask: bool `[B, T]`.
        training: Whether dropout applies.

    Output:
        float `[B, T, units]`, or twice the units when bidirectional.

    Reference:
        Gal & Ghahramani, A Theoretically Grounded Application of Dropout in Recurrent Neural
        Networks, NIPS 2016.
    """

    def __init__(self, config: Recurrent, **kwargs):
        super().__init__(**kwargs)
        self.residual = config.residual
        self.recurrent = [recurrent_layer(config) for _ in range(config.layers)]
        self.dropouts = [Dropout(config.dropout, same_every_step=True) for _ in range(config.layers)]
        self.supports_masking = True

    def call(self, sequences, mask=None, training=False):
        for recurrent, dropout in zip(self.recurrent, self.dropouts, strict=True):
            outputs = recurrent(sequences, mask=mask, training=training)
            if self.residual and outputs.shape[-1] == sequences.shape[-1]:
                outputs = outputs + sequences
            sequences = dropout(outputs, training=training)
        return sequences
