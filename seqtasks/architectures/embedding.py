"""Words as vectors."""

import math

import keras
import numpy as np
import tensorflow as tf

from seqtasks.layers.dropout import uniform

UNKNOWN = 1


class WordEmbedding(keras.layers.Layer):
    """Maps word ids to vectors, learned or one-hot, and hides words from the network in training.

    Args:
        num_words: Entries V of the vocabulary, padding and `<UNK>` included.
        size: Size D of a vector.
        counts: How often each entry stands in the training split, `[V]`.
        vectors: Vectors to start from, float32 `[V, D]`, or None.
        one_hot: Give one-hot vectors of size V instead.
        word_dropout: Share of words replaced by `<UNK>`.
        rare_word_dropout: `a` in `a / (a + count)`, the probability that a word is replaced.

    Call arguments:
        words: int32 `[B, T]`.
        training: Whether words are dropped.

    Output:
        float `[B, T, D]`.

    Reference:
        Kiperwasser & Goldberg, Simple and Accurate Dependency Parsing Using Bidirectional LSTM
        Feature Representations, TACL 2016.
    """

    def __init__(
        self, num_words, size, counts, vectors=None, one_hot=False, word_dropout=0.0, rare_word_dropout=0.0, **kwargs
    ):
        super().__init__(**kwargs)
        self.num_words = num_words
        self.size = num_words if one_hot else size
        self.vectors = vectors
        self.one_hot = one_hot
        counts = np.asarray(counts, np.float64)
        rare = rare_word_dropout / (rare_word_dropout + counts) if rare_word_dropout else np.zeros_like(counts)
        self.drop_probability = (1 - (1 - rare) * (1 - word_dropout)).astype("float32")
        self.seed_generator = keras.random.SeedGenerator()

    @classmethod
    def from_settings(cls, config, counts, vectors=None):
        """Returns the embedding that a run's configuration asks for.

        Args:
            config: The run's `seqtasks.config.Config`.
            counts: How often each word stands in the training split, `[V]`.
            vectors: Vectors to start from, or None.
        """
        inputs, model = config.inputs, config.model
        return cls(
            len(counts),
            inputs.embedding_size,
            counts,
            vectors,
            inputs.one_hot,
            model.word_dropout,
            model.rare_word_dropout,
        )

    def build(self, shape):
        if self.one_hot:
            return
        limit = math.sqrt(3 / self.size)
        initializer = keras.initializers.RandomUniform(-limit, limit)
        if self.vectors is not None:
            # An `assign` here would be lost: Keras may build without state and make the variable later.
            def initializer(shape, dtype):
                return tf.cast(self.vectors, dtype)

        self.embeddings = self.add_weight(shape=(self.num_words, self.size), initializer=initializer, name="embeddings")

    def hide(self, words, training):
        """Returns the ids, in training some of them replaced by that of `<UNK>`."""
        if not training or not self.drop_probability.any():
            return words
        draw = uniform(tf.shape(words), self.seed_generator)
        return tf.where(draw < tf.gather(self.drop_probability, words), UNKNOWN, words)

    def call(self, words, training=False):
        words = self.hide(words, training)
        if self.one_hot:
            return tf.one_hot(words, self.num_words, dtype=self.compute_dtype)
        return tf.cast(tf.gather(tf.convert_to_tensor(self.embeddings), words), self.compute_dtype)


class BigramEmbedding(keras.layers.Layer):
    """Maps each pair of neighbouring words to a vector through a hash of their ids.

    Args:
        buckets: Hash buckets; pairs that fall together share a vector.
        size: Size D of a vector.

    Call arguments:
        words: int32 `[B, T]`.
        mask: bool `[B, T]`.

    Output:
        float `[B, T, D]`: at each step the vector of the pair it forms with the step before.

    Reference:
        Joulin et al., Bag of Tricks for Efficient Text Classification, EACL 2017.
    """

    def __init__(self, buckets, size, **kwargs):
        super().__init__(**kwargs)
        self.buckets = buckets
        self.size = size

    def build(self, shape):
        self.embeddings = self.add_weight(shape=(self.buckets, self.size), initializer="zeros", name="embeddings")

    def call(self, words, mask):
        words = tf.cast(words, tf.int64)
        before = tf.pad(words, [[0, 0], [1, 0]])[:, :-1]
        vectors = tf.gather(tf.convert_to_tensor(self.embeddings), _mix(before * 1_000_003 + words) % self.buckets)
        return tf.cast(vectors * tf.cast(mask[:, :, None], vectors.dtype), self.compute_dtype)


def _mix(numbers):
    """Spreads int64 numbers so that any number of buckets fills evenly, as MurmurHash3 ends.

    One multiplication is not enough: modulo 10^k or 2^k, common pairs would share a few vectors.
    """
    for factor in (-49_064_778_989_728_563, -4_265_267_296_055_464_877):
        numbers = tf.bitwise.bitwise_xor(numbers, tf.bitwise.right_shift(numbers, 33)) * factor
    return tf.bitwise.bitwise_xor(numbers, tf.bitwise.right_shift(numbers, 33))
