"""The start of networks that read sentences word by word: each word as a vector, also by its spelling."""

import keras
import tensorflow as tf

from seqtasks.architectures.embedding import WordEmbedding
from seqtasks.data.token_features import AFFIXES
from seqtasks.layers import CharacterEncoder


class TokenReader(keras.layers.Layer):
    """Words as vectors: their own, what a recurrent encoder makes of their characters, and their affixes'.

    Args:
        config: The run's configuration.
        codec: The fitted `seqtasks.data.token_codec.TokenCodec`.

    Call arguments:
        features: `words` int32 `[B, T]`, `mask` bool `[B, T]`, and as configured `characters` int32 `[B, T, C]` and
            `affixes` int32 `[B, T, 4]`.
        training: Whether dropout applies, and words are hidden.

    Output:
        (sequences float `[B, T, D]`, their mask bool `[B, T]`).
    """

    def __init__(self, config, codec, **kwargs):
        super().__init__(**kwargs)
        inputs = config.inputs
        self.max_characters = inputs.max_characters
        self.words = WordEmbedding.from_settings(config, codec.counts, codec.vectors)
        self.characters = None
        if inputs.characters:
            self.characters = CharacterEncoder(
                len(codec.characters),
                inputs.character_embedding_size,
                inputs.character_units,
                dropout=config.model.embedding_dropout / 2,
            )
        self.affixes = None
        if inputs.affixes:
            self.affixes = [
                keras.layers.Embedding(
                    inputs.affix_buckets + 1, inputs.affix_size, keras.initializers.RandomNormal(stddev=1.0)
                )
                for _ in range(AFFIXES)
            ]

    def example(self):
        """Returns the features of one word."""
        features = {"words": tf.zeros([1, 1], tf.int32), "mask": tf.ones([1, 1], tf.bool)}
        if self.characters is not None:
            features["characters"] = tf.zeros([1, 1, self.max_characters], tf.int32)
        if self.affixes is not None:
            features["affixes"] = tf.zeros([1, 1, AFFIXES], tf.int32)
        return features

    def call(self, features, training=False):
        vectors = [self.words(features["words"], training=training)]
        if self.characters is not None:
            vectors.append(self._spelled(features["characters"], training))
        if self.affixes is not None:
            vectors += [embed(features["affixes"][:, :, i]) for i, embed in enumerate(self.affixes)]
        return tf.concat(vectors, axis=-1), features["mask"]

    def _spelled(self, characters, training):
        """Returns the words' vectors by their characters, `[B, T, 2 * units]`."""
        if training or characters.shape[0] is not None:
            return self.characters(characters, training=training)
        # In exports a batch may be of any size: the words that stand there twice, and padding, are read once.
        shape = tf.shape(characters)
        distinct, places = tf.raw_ops.UniqueV2(x=tf.reshape(characters, [-1, self.max_characters]), axis=[0])
        vectors = self.characters(tf.ensure_shape(distinct, [None, self.max_characters])[None])[0]
        return tf.gather(vectors, tf.reshape(places, shape[:2]))
