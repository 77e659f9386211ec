"""Transcription: a sequence in, a shorter one out, aligned by connectionist temporal classification."""

import keras
import tensorflow as tf

from seqtasks.architectures.readers import reader_of
from seqtasks.architectures.stack import RecurrentStack
from seqtasks.layers import Dropout
from seqtasks.layers.ctc import BLANK_ID, ctc_loss


class Transcriber(keras.Model):
    """A reader of the input, a recurrent stack, and a softmax over the symbols and a blank at every step.

    Args:
        config: The run's configuration.
        reader: A layer that turns features into (sequences float `[B, T, D]`, mask bool `[B, T]`).
        symbols: Number of symbols, without the blank.

    Call arguments:
        features: What the reader reads.
        training: Whether dropout applies, and the reader hides things.

    Output:
        By name: `scores` float32 `[B, T, 1 + symbols]`, every step's before the softmax, the blank's first; `mask`
        float32 `[B, T]`, 1 for the steps that count.

    Reference:
        Graves, Mohamed & Hinton, Speech Recognition with Deep Recurrent Neural Networks, ICASSP 2013.
    """

    def __init__(self, config, reader, symbols, **kwargs):
        super().__init__(**kwargs)
        model = config.model
        self.settings = config
        self.reader = reader
        self.input_dropout = Dropout(model.embedding_dropout, same_every_step=True)
        self.recurrent = RecurrentStack(model)
        self.hidden = keras.layers.Dense(model.hidden_units, activation="relu") if model.hidden_units else None
        self.projection = keras.layers.Dense(1 + symbols, dtype="float32")

    @classmethod
    def from_pipeline(cls, config, pipeline, first=None):
        """Returns the network for a `seqtasks.data.transcription.TranscriptionPipeline`.

        Args:
            config: The run's configuration.
            pipeline: The fitted pipeline.
            first: The first member of the ensemble that this one joins; nothing is shared with it.
        """
        return cls(config, reader_of(config, pipeline.codec), len(pipeline.symbols))

    def call_on_example(self):
        """Makes the weights by transcribing one step."""
        self(self.reader.example())

    def call(self, features, training=False):
        sequences, mask = self.reader(features, training=training)
        sequences = self.input_dropout(sequences, training=training)
        states = self.recurrent(sequences, mask=mask, training=training)
        logits = self.projection(states if self.hidden is None else self.hidden(states))
        # As a number, so that an ensemble can take the mean of it too.
        return {"scores": logits, "mask": tf.cast(mask, tf.float32)}

    def loss_of(self, batch, training=True):
        """Returns the mean negative log-likelihood of a symbol, a scalar, in nats.

        Args:
            batch: Features and `labels` int32 `[B, L]`, padded with 0; rows with `rows` below 0 do not count.
            training: Whether dropout applies, and the reader hides things.
        """
        found, labels = self(batch, training=training), batch["labels"]
        said = (labels != BLANK_ID) & (batch["rows"] >= 0)[:, None]
        losses = ctc_loss(found["scores"], found["mask"] > 0, labels, said)
        losses = tf.where(batch["rows"] >= 0, losses, 0.0)
        return tf.reduce_sum(losses) / tf.maximum(tf.reduce_sum(tf.cast(said, tf.float32)), 1.0)

    def outputs_of(self, batch):
        """Returns the steps' `scores` float32 `[B, T, 1 + symbols]`, of which `seqtasks.decoding.ctc` makes
        transcripts, and their `mask` bool `[B, T]`.
        """
        return self.answers(self(batch, training=False), batch)

    def answers(self, scores, batch):
        """Returns what `outputs_of` does, from scores as `call` gives them."""
        return {"scores": scores["scores"], "mask": scores["mask"] > 0}
