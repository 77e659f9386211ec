"""Attention over the steps of a sequence."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="seqtasks")
class AttentionPooling(keras.layers.Layer):
    """Weighs the steps of a sequence and adds them up.

    With e<t> = v · tanh(W x<t> + b), the weights are the softmax of e over the steps that count. A row without any
    gives zeros.

    Args:
        units: The width of the hidden layer; by default as wide as the input.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        sequences: [B, T, D].
        mask: bool [B, T] or None.

    Returns:
        [B, D].

    Reference:
        - Yang et al., "Hierarchical Attention Networks for Document Classification", 2016.
    """

    def __init__(self, units=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.supports_masking = True

    def build(self, sequences_shape):
        width = self.units or sequences_shape[-1]
        self.kernel = self.add_weight(shape=(sequences_shape[-1], width), name="kernel")
        self.bias = self.add_weight(shape=(width,), initializer="zeros", name="bias")
        self.query = self.add_weight(shape=(width, 1), name="query")

    def call(self, sequences, mask=None):
        return tf.reduce_sum(self.weights_of(sequences, mask)[:, :, None] * sequences, axis=1)

    def weights_of(self, sequences, mask=None):
        """Returns each step's weight [B, T]; they sum to 1 over the steps that count."""
        kernel, bias, query = (tf.cast(w, sequences.dtype) for w in (self.kernel, self.bias, self.query))
        scores = tf.squeeze(tf.tensordot(tf.tanh(tf.tensordot(sequences, kernel, 1) + bias), query, 1), -1)
        if mask is None:
            return tf.nn.softmax(scores)
        mask = tf.cast(mask, tf.bool)
        weights = tf.nn.softmax(tf.where(mask, scores, scores.dtype.min))
        return tf.where(mask, weights, tf.zeros_like(weights))

    def compute_output_shape(self, sequences_shape):
        return (sequences_shape[0], sequences_shape[-1])

    def compute_mask(self, sequences, mask=None):
        return None

    def get_config(self):
        return {**super().get_config(), "units": self.units}
