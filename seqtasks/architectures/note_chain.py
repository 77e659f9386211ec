"""One-to-many: a model of music that predicts one note after the other, each given those before it."""

import numpy as np
import tensorflow as tf

from seqtasks.architectures.next_step import NEVER
from seqtasks.architectures.one_to_many import LanguageModel
from seqtasks.data.music import FIRST_KEY_ID, FIRST_PITCH_ID, FRAME_END_ID
from seqtasks.data.symbols import END_ID, PADDING_ID


class NoteChain(LanguageModel):
    """A language model of pieces, in which only what may follow the symbol before has a probability.

    By the chain rule, a frame's probability is the product of those of its notes and its end, as each frame is written
    in one way only. See `LanguageModel` for arguments and use.

    Reference:
        Larochelle & Murray, The Neural Autoregressive Distribution Estimator, AISTATS 2011 (the chain rule over the
        parts of a vector).
    """

    def __init__(self, config, counts, **kwargs):
        super().__init__(config, counts, **kwargs)
        self.barriers = np.where(may_follow(len(counts)), 0.0, NEVER).astype("float32")

    def score(self, outputs):
        scores = super().score(tf.cast(outputs[:, :-1], self.compute_dtype))
        return scores + tf.gather(self.barriers, tf.cast(outputs[:, -1], tf.int32))

    def counted(self, batch):
        """Returns the steps of counted frames, and those that end one; see `seqtasks.metrics.frames`."""
        return batch["counted"], batch["counted"] & (batch["targets"] == FRAME_END_ID)

    def _scorable(self, outputs, symbols):
        """Adds the symbols read, which tell what may follow."""
        outputs = tf.cast(super()._scorable(outputs, symbols), tf.float32)
        return tf.concat([outputs, tf.cast(symbols, tf.float32)[..., None]], axis=-1)


def may_follow(num_symbols: int) -> np.ndarray:
    """Returns which symbol may stand behind which, bool `[V, V]`, the one before in the rows.

    A key begins a piece, a frame's pitches stand in the vocabulary's order, and a piece ends with a frame.

    Args:
        num_symbols: Entries V of the vocabulary; see `seqtasks.data.music`.
    """
    before, after = np.arange(num_symbols)[:, None], np.arange(num_symbols)
    pitch = (after >= FIRST_PITCH_ID) & (after < FIRST_KEY_ID)
    in_frame = (before >= FIRST_PITCH_ID) & (before < FIRST_KEY_ID)
    allowed = (after == FRAME_END_ID) | (pitch & (~in_frame | (after > before)))
    allowed |= (before == END_ID) & (after >= FIRST_KEY_ID)
    allowed |= (before == FRAME_END_ID) & (after == END_ID)
    # Behind padding nothing is predicted.
    return allowed | (before == PADDING_ID)
