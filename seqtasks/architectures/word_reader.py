"""The start of networks that read texts: words, and pairs of words, as vectors."""

import keras
import tensorflow as tf

from seqtasks.architectures.embedding import BigramEmbedding, WordEmbedding


class WordReader(keras.layers.Layer):
    """Words as vectors, to which those of the pairs they form may be added.

    Args:
        config: The run's configuration.
        codec: The fitted `seqtasks.data.word_codec.WordCodec`.

    Call arguments:
        features: `words` int32 `[B, T]` and `mask` bool `[B, T]`.
        training: Whether words are hidden.

    Output:
        (sequences float `[B, T, D]`, their mask bool `[B, T]`).
    """

    def __init__(self, config, codec, **kwargs):
        super().__init__(**kwargs)
        self.words = WordEmbedding.from_settings(config, codec.counts, codec.vectors)
        buckets = config.inputs.bigram_buckets
        self.bigrams = BigramEmbedding(buckets, self.words.size) if buckets else None

    def example(self):
        """Returns the features of one text."""
        return {"words": tf.zeros([1, 1], tf.int32), "mask": tf.ones([1, 1], tf.bool)}

    def call(self, features, training=False):
        # A word that is hidden is hidden from its pairs too.
        words, mask = self.words.hide(features["words"], training), features["mask"]
        sequences = self.words(words)
        if self.bigrams is not None:
            sequences = sequences + self.bigrams(words, mask)
        return sequences, mask
