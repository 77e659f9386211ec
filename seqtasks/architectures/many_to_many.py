"""Many-to-many with equal lengths: one tag a step."""

import keras
import tensorflow as tf

from seqtasks.architectures.readers import reader_of
from seqtasks.architectures.stack import RecurrentStack
from seqtasks.data import gene_states
from seqtasks.layers import CRF, Dropout, bio_constraints


class Tagger(keras.Model):
    """A reader of the input, a recurrent stack, and a CRF or softmax over the tags.

    Args:
        config: The run's configuration.
        reader: A layer that turns features into (sequences float `[B, T, D]`, mask bool `[B, T]`).
        tags: The tags, in the order of their ids.
        auxiliary: Number of tags of each further column learned beside, by column.
        crf: The CRF of another tagger to share, or None for one of its own.

    Call arguments:
        features: What the reader reads, `mask` bool `[B, T]` among it.
        training: Whether dropout applies.

    Output:
        By name, float32 `[B, T, K]` scores: `tags`, and in training each auxiliary column's.

    Reference:
        Lample et al., Neural Architectures for Named Entity Recognition, NAACL 2016.
    """

    def __init__(self, config, reader, tags, auxiliary, crf=None, **kwargs):
        super().__init__(**kwargs)
        model, targets = config.model, config.targets
        self.settings = config
        self.reader = reader
        self.input_dropout = Dropout(model.embedding_dropout, same_every_step=True)
        self.recurrent = RecurrentStack(model)
        self.hidden = keras.layers.Dense(model.hidden_units, activation="tanh") if model.hidden_units else None
        # Of genes the network tells states apart, each of which stands for a label.
        self.tag_of = gene_states.labels_of_states() if targets.scheme == "genes" else None
        size = len(tags) if self.tag_of is None else len(gene_states.STATES)
        self.projection = keras.layers.Dense(size, dtype="float32")
        self.auxiliary = {
            name: keras.layers.Dense(size, dtype="float32", name=f"auxiliary_{name}")
            for name, size in auxiliary.items()
        }
        self.crf = crf
        if crf is None and model.head == "crf":
            transitions, starts = bio_constraints(tags) if targets.scheme == "BIO" else (None, None)
            if targets.scheme == "genes":
                transitions = gene_states.transitions()
            self.crf = CRF(size, transitions, starts, constrain_likelihood=True, dtype="float32")

    @classmethod
    def from_pipeline(cls, config, pipeline, first=None):
        """Returns the network for a `seqtasks.data.tagging.TaggingPipeline`.

        Args:
            config: The run's configuration.
            pipeline: The fitted pipeline.
            first: The first member of the ensemble that this one joins, or None. They share a CRF,
                so that the mean of their scores is decoded by one.
        """
        auxiliary = {name: len(values) for name, values in pipeline.auxiliary.items()}
        reader = reader_of(config, pipeline.codec)
        tagger = cls(config, reader, pipeline.tags, auxiliary, crf=first.crf if first else None)
        if first is None and tagger.crf is not None and pipeline.pairs is not None:
            tagger.crf.start_from(pipeline.pairs)
        return tagger

    def call_on_example(self):
        """Makes the weights by tagging one step."""
        self(self.reader.example(), training=True)

    def call(self, features, training=False):
        sequences, mask = self.reader(features, training=training)
        sequences = self.input_dropout(sequences, training=training)
        states = self.recurrent(sequences, mask=mask, training=training)
        hidden = states if self.hidden is None else self.hidden(states)
        if self.settings.model.skip:
            hidden = tf.concat([hidden, sequences], axis=-1)
        scores = {"tags": self.projection(hidden)}
        if training:
            scores |= {name: project(states) for name, project in self.auxiliary.items()}
        return scores

    def loss_of(self, batch, training=True):
        """Returns the mean negative log-likelihood of a word's tag, a scalar.

        Args:
            batch: Features, `tags` int32 `[B, T]` and `auxiliary/NAME` int32 `[B, T]`.
            training: Whether dropout applies.
        """
        scores, mask = self(batch, training=training), batch["mask"]
        words = tf.maximum(tf.reduce_sum(tf.cast(mask, tf.float32)), 1.0)
        if self.crf is None:
            loss = _cross_entropy(scores["tags"], batch["tags"], mask)
        else:
            loss = -tf.reduce_sum(self.crf.log_likelihood(scores["tags"], tf.maximum(batch["tags"], 0), mask)) / words
        weight = self.settings.targets.auxiliary_weight
        for name in self.auxiliary:
            if name in scores and f"auxiliary/{name}" in batch:
                loss += weight * _cross_entropy(scores[name], batch[f"auxiliary/{name}"], mask)
        return loss

    def outputs_of(self, batch):
        """Returns the likeliest tags and how sure each is.

        Args:
            batch: Features.

        Returns:
            `tags` int32 `[B, T]`, and `scores` float32 `[B, T]`, each chosen tag's marginal
            probability.
        """
        return self.answers(self(batch, training=False), batch)

    def answers(self, scores, batch):
        """Returns what `outputs_of` does, from scores as `call` gives them."""
        emissions, mask = scores["tags"], batch["mask"]
        if self.crf is None:
            probabilities = tf.nn.softmax(emissions)
            tags = tf.argmax(emissions, axis=-1, output_type=tf.int32)
        else:
            probabilities = self.crf.marginals(emissions, mask)
            tags, _ = self.crf.decode(emissions, mask)
        if self.tag_of is not None:
            tags = tf.gather(self.tag_of, tags)
            probabilities = probabilities @ tf.one_hot(self.tag_of, max(self.tag_of) + 1, dtype=probabilities.dtype)
        return {"tags": tags, "scores": tf.gather(probabilities, tags, batch_dims=2)}


def _cross_entropy(logits, tags, mask):
    """Mean over the steps that are neither padding nor of an unknown tag."""
    weights = tf.cast(mask & (tags >= 0), tf.float32)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(tags, 0), logits)
    return tf.reduce_sum(losses * weights) / tf.maximum(tf.reduce_sum(weights), 1.0)
