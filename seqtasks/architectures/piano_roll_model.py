"""One-to-many: a model of music that predicts every pitch of a frame by itself, from the frames before."""

import keras
import tensorflow as tf

from seqtasks.architectures.next_step import NEVER, NextStepModel
from seqtasks.architectures.stack import RecurrentStack
from seqtasks.data.music import FIRST_KEY_ID, FIRST_PITCH_ID, FRAME_END_ID
from seqtasks.data.music_text import PITCHES
from seqtasks.data.symbols import END_ID
from seqtasks.layers import Dropout


class PianoRollModel(NextStepModel):
    """Frames as piano rolls, a recurrent stack, and a sigmoid for each pitch of the next frame.

    It learns whole frames. It goes on from texts and scores them symbol by symbol, as `LanguageModel` does: written in
    order, each note has a probability that follows from those of the pitches between the note before and it.

    Args:
        config: The run's configuration.
        num_symbols: Entries V of the vocabulary; see `seqtasks.data.music`.

    Call arguments:
        inputs: Of each pitch whether it sounds, and in the last column whether a piece begins, `[B, T, P + 1]`.
        mask: bool `[B, T]`.
        states: The states to start from, float `[B, units]` each, lowest layer first; zeros when None.
        training: Whether dropout applies.

    Output:
        (outputs float `[B, T, units]`, the final states).

    Reference:
        Boulanger-Lewandowski et al., Modeling Temporal Dependencies in High-Dimensional Sequences, ICML 2012; Bai et
        al., An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence Modeling, 2018.
    """

    def __init__(self, config, num_symbols, **kwargs):
        super().__init__(config, **kwargs)
        self.num_symbols, self.units = num_symbols, config.model.units
        self.input_dropout = Dropout(config.model.embedding_dropout, same_every_step=True)
        self.recurrent = RecurrentStack(config.model, return_state=True)
        self.pitches = keras.layers.Dense(PITCHES)
        self.pitches.build((None, self.units))
        self.supports_masking = True

    @classmethod
    def from_pipeline(cls, config, pipeline, first=None):
        """Returns the network for a `seqtasks.data.piano_roll_pipeline.PianoRollPipeline`.

        Args:
            config: The run's configuration.
            pipeline: The fitted pipeline.
            first: Not used; there is one member.
        """
        return cls(config, len(pipeline.symbols))

    def call_on_example(self):
        """Makes the weights by reading one frame."""
        self(tf.zeros([1, 1, PITCHES + 1]))

    def call(self, inputs, mask=None, states=None, training=False):
        sequences = self.input_dropout(tf.cast(inputs, self.compute_dtype), training=training)
        return self.recurrent(sequences, mask=mask, states=states, training=training)

    def losses(self, outputs, targets, training):
        logits = tf.cast(self.pitches(outputs), tf.float32)
        labels = tf.cast(targets, tf.float32)
        return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits), axis=-1)

    def counted(self, batch):
        """Returns the frames that are counted; see `seqtasks.metrics.frames`."""
        return batch["counted"], batch["counted"]

    def score(self, outputs):
        """Returns the logarithm of every symbol's probability, float32 `[N, V]`.

        Args:
            outputs: What `read` returned first, `[N, units + 1]`.
        """
        logits = tf.cast(self.pitches(tf.cast(outputs[:, :-1], self.compute_dtype)), tf.float32)
        last = tf.cast(outputs[:, -1:], tf.int32)
        # Of each pitch: that no pitch below it in order sounds, counted from the first on.
        silent = tf.cumsum(tf.pad(-tf.nn.softplus(logits), [[0, 0], [1, 0]]), axis=1)
        passed = tf.maximum(last - FIRST_PITCH_ID + 1, 0)
        silent -= tf.gather(silent, passed, batch_dims=1)
        notes = tf.where(tf.range(PITCHES) >= passed, silent[:, :-1] - tf.nn.softplus(-logits), NEVER)
        before, behind = tf.fill([tf.shape(outputs)[0], FRAME_END_ID], NEVER), self.num_symbols - FIRST_KEY_ID
        return tf.pad(tf.concat([before, silent[:, -1:], notes], axis=1), [[0, 0], [0, behind]], constant_values=NEVER)

    def read(self, inputs, mask):
        """Reads symbols from the start of a piece.

        Args:
            inputs: Symbols int32 `[B, T]`.
            mask: bool `[B, T]`.

        Returns:
            (outputs float32 `[B, T, units + 1]`, of which `score` makes the next symbol's scores; the states after).
        """
        ends = mask & _ends(inputs)
        ended = tf.cumsum(tf.cast(ends, tf.int32), axis=1)
        total = tf.reduce_sum(tf.cast(ends, tf.int32), axis=1)
        width = tf.maximum(tf.reduce_max(total), 0) + 1
        # Each frame is the sum of its symbols. As a product, that would take memory by the square of a piece's length.
        rows = tf.shape(inputs)[0]
        frame = ended - tf.cast(ends, tf.int32) + width * tf.range(rows)[:, None]
        columns = tf.where(mask[:, :, None], _columns(inputs), 0.0)
        rolls = tf.math.unsorted_segment_sum(columns, frame, rows * width)
        rolls = tf.reshape(rolls, [rows, width, PITCHES + 1])
        # The last frame may have no end yet.
        outputs, states = self(rolls, mask=tf.sequence_mask(total, width))
        heard = tf.cast(tf.gather(outputs, tf.maximum(ended - 1, 0), batch_dims=1), tf.float32)
        final = tf.gather(outputs, tf.maximum(total - 1, 0), batch_dims=1)
        return _with_last(heard, inputs), [*states, tf.gather(rolls, total, batch_dims=1), final]

    def step(self, symbols, states):
        """Reads one more symbol.

        Args:
            symbols: int32 `[B]`.
            states: The states before: the stack's, the frame as far as it goes, and the output of those before it.

        Returns:
            (the next symbol's scores float32 `[B, V]`, the states after).
        """
        *before, frame, heard = states
        frame, ends = frame + _columns(symbols), _ends(symbols)[:, None]
        output, after = self.recurrent.step(tf.cast(frame, self.compute_dtype), before)
        kept = [tf.where(ends, new, old) for new, old in zip([*after, output], [*before, heard], strict=True)]
        scores = self.score(_with_last(tf.cast(kept[-1], tf.float32), symbols))
        return scores, [*kept[:-1], tf.where(ends, 0.0, frame), kept[-1]]


def _ends(symbols):
    """Returns whether a symbol ends a frame; what begins a piece is one of its own."""
    return (symbols == FRAME_END_ID) | (symbols == END_ID)


def _columns(symbols):
    """Returns each symbol's part of its frame's piano roll, float32 `[..., P + 1]`."""
    return tf.one_hot(tf.where(symbols == END_ID, PITCHES, symbols - FIRST_PITCH_ID), PITCHES + 1)


def _with_last(outputs, symbols):
    """Adds the symbols read, behind which only certain others stand."""
    return tf.concat([outputs, tf.cast(symbols, tf.float32)[..., None]], axis=-1)
