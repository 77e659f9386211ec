"""Many-to-one: one label a sequence."""

import keras
import tensorflow as tf

from seqtasks.architectures.position_weights import PositionWeights
from seqtasks.architectures.readers import reader_of
from seqtasks.architectures.stack import RecurrentStack
from seqtasks.layers import Dropout, SequencePooling


class Classifier(keras.Model):
    """A reader of the input, a recurrent stack, its steps pooled into one vector, and a softmax over the classes.

    Where `position_weights` are asked for, what stands at each place of a window of DNA adds to the scores.

    Args:
        config: The run's configuration.
        reader: A layer that turns features into (sequences float `[B, T, D]`, mask bool `[B, T]`).
        num_classes: Number C of classes.

    Call arguments:
        features: What the reader reads.
        training: Whether dropout applies.

    Output:
        float32 `[B, C]`: the classes' scores before the softmax.

    Reference:
        Johnson & Zhang, Supervised and Semi-Supervised Text Categorization using LSTM for Region
        Embeddings, ICML 2016 (a bidirectional LSTM with pooling).
    """

    def __init__(self, config, reader, num_classes, **kwargs):
        super().__init__(**kwargs)
        model = config.model
        self.settings = config
        self.num_classes = num_classes
        self.reader = reader
        self.input_dropout = Dropout(model.embedding_dropout, same_every_step=True)
        self.recurrent = RecurrentStack(model)
        self.pooling = SequencePooling(model.pooling)
        self.dropout = Dropout(model.dropout)
        self.hidden = keras.layers.Dense(model.hidden_units, activation="relu") if model.hidden_units else None
        self.projection = keras.layers.Dense(num_classes, dtype="float32")
        self.position_weights = None
        if getattr(config.inputs, "position_weights", 0):
            self.position_weights = PositionWeights(config.inputs, num_classes)

    @classmethod
    def from_pipeline(cls, config, pipeline, first=None):
        """Returns the network for a `seqtasks.data.classification.ClassificationPipeline`.

        Args:
            config: The run's configuration.
            pipeline: The fitted pipeline.
            first: The first member of the ensemble that this one joins; nothing is shared with it.
        """
        return cls(config, reader_of(config, pipeline.codec), len(pipeline.classes))

    def call_on_example(self):
        """Makes the weights by classifying one step."""
        self(self.reader.example())

    def call(self, features, training=False):
        sequences, mask = self.reader(features, training=training)
        dropped = self.input_dropout(sequences, training=training)
        states = self.recurrent(dropped, mask=mask, training=training)
        scores = self.scores_of(self.pooling(states, mask=mask), training=training)
        if self.position_weights is not None:
            # A reader of bases gives them first, of the strand that it read.
            scores += self.position_weights(sequences[:, :, :4], mask)
        return scores

    def scores_of(self, vector, training=False):
        """Returns the classes' scores, float32 `[B, C]`, from the pooled steps of each sequence, `[B, D]`."""
        vector = self.dropout(vector, training=training)
        if self.hidden is not None:
            vector = self.dropout(self.hidden(vector), training=training)
        return self.projection(vector)

    def loss_of(self, batch, training=True):
        """Returns the mean cross entropy of the labels, a scalar.

        Args:
            batch: Features and `labels` int32 `[B]`; rows with `rows` or a label below 0 do not count.
            training: Whether dropout applies.
        """
        logits = self(batch, training=training)
        smoothing = self.settings.training.label_smoothing
        wanted = tf.one_hot(batch["labels"], self.num_classes) * (1 - smoothing) + smoothing / self.num_classes
        weights = tf.cast((batch["rows"] >= 0) & (batch["labels"] >= 0), tf.float32)
        losses = tf.nn.softmax_cross_entropy_with_logits(wanted, logits)
        return tf.reduce_sum(losses * weights) / tf.maximum(tf.reduce_sum(weights), 1.0)

    def outputs_of(self, batch):
        """Returns the classes' `probabilities`, float32 `[B, C]`, for a batch of features."""
        return self.answers(self(batch, training=False), batch)

    def answers(self, scores, batch):
        """Returns what `outputs_of` does, from scores as `call` gives them."""
        return {"probabilities": tf.nn.softmax(scores)}
