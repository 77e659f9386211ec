"""A vector for a word, from its characters."""

import keras
import tensorflow as tf

from seqtasks.layers.bidirectional import Bidirectional
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.lstm import LSTM


@keras.saving.register_keras_serializable(package="seqtasks")
class CharacterEncoder(keras.layers.Layer):
    """Reads each word's characters with a bidirectional LSTM and keeps the last state of both directions.

    Args:
        num_characters: The number of character ids, 0 (padding) included.
        embedding_size: The width of a character's embedding.
        units: The width of each direction.
        dropout: The share of the characters' features dropped in training, the same ones at every
            character of a word.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        characters: int [B, T, C], 0 where there is no character.
        training: Whether to drop out.

    Returns:
        [B, T, 2 * units]; zeros for a word without characters.

    Reference:
        - Lample et al., "Neural Architectures for Named Entity Recognition", 2016.
    """

    def __init__(self, num_characters, embedding_size=25, units=25, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.num_characters, self.embedding_size = num_characters, embedding_size
        self.units, self.dropout = units, dropout
        policy = self.dtype_policy
        self.embedding = keras.layers.Embedding(
            num_characters, embedding_size, keras.initializers.RandomNormal(stddev=1.0), dtype=policy, name="embedding"
        )
        self.dropping = Dropout(dropout, same_every_step=True, dtype=policy, name="dropout")
        self.encoder = Bidirectional(LSTM(units, dtype=policy, name="lstm"), dtype=policy, name="encoder")

    def build(self, characters_shape):
        self.embedding.build(characters_shape)
        self.encoder.build((None, None, self.embedding_size))

    def call(self, characters, training=False):
        characters = tf.convert_to_tensor(characters)
        shape = [tf.shape(characters)[i] if n is None else n for i, n in enumerate(characters.shape)]
        words = tf.reshape(characters, [shape[0] * shape[1], shape[2]])
        embedded = self.dropping(self.embedding(words), training=training)
        # Padding carries the zero states that every word starts from, so a word of padding alone ends with zeros.
        encoded = self.encoder(embedded, mask=words != 0, training=training)
        return tf.reshape(encoded, [shape[0], shape[1], 2 * self.units])

    def compute_output_shape(self, characters_shape):
        return (*characters_shape[:2], 2 * self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "num_characters": self.num_characters,
            "embedding_size": self.embedding_size,
            "units": self.units,
            "dropout": self.dropout,
        }
