"""One vector from a sequence of them."""

import keras
import tensorflow as tf

from seqtasks.errors import UsageError
from seqtasks.layers.attention_pooling import AttentionPooling

POOLING_MODES = ("last", "max", "mean", "attention", "max+mean")


def masked_last(sequences, mask=None):
    """Returns the last step that counts [B, D] of sequences [B, T, D]; zeros for a row without any."""
    if mask is None:
        return sequences[:, -1]
    mask = tf.cast(mask, tf.bool)
    places = tf.where(mask, tf.range(tf.shape(sequences)[1])[None, :], -1)
    chosen = mask & (places == tf.reduce_max(places, axis=1, keepdims=True))
    return tf.reduce_sum(tf.where(chosen[:, :, None], sequences, tf.zeros_like(sequences)), axis=1)


def masked_max(sequences, mask=None):
    """Returns the greatest value of each feature [B, D] over the steps that count; zeros for a row without any."""
    if mask is None:
        return tf.reduce_max(sequences, axis=1)
    mask = tf.cast(mask, tf.bool)[:, :, None]
    greatest = tf.reduce_max(tf.where(mask, sequences, sequences.dtype.min), axis=1)
    return tf.where(tf.reduce_any(mask, axis=1), greatest, tf.zeros_like(greatest))


def masked_mean(sequences, mask=None):
    """Returns the mean of each feature [B, D] over the steps that count; zeros for a row without any."""
    if mask is None:
        return tf.reduce_mean(sequences, axis=1)
    mask = tf.cast(mask, tf.bool)[:, :, None]
    count = tf.maximum(tf.reduce_sum(tf.cast(mask, sequences.dtype), axis=1), 1)
    return tf.reduce_sum(tf.where(mask, sequences, tf.zeros_like(sequences)), axis=1) / count


@keras.saving.register_keras_serializable(package="seqtasks")
class SequencePooling(keras.layers.Layer):
    """Reduces a sequence to one vector. Steps that the mask leaves out never count.

    Args:
        mode: "last" (the last step that counts), "max", "mean", "attention" (see `AttentionPooling`) or "max+mean"
            (both, side by side).
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        sequences: [B, T, D].
        mask: bool [B, T] or None.

    Returns:
        [B, D], or [B, 2 D] for "max+mean"; zeros for a row without steps that count.

    Raises:
        UsageError: The mode is not known.
    """

    def __init__(self, mode="last", **kwargs):
        super().__init__(**kwargs)
        if mode not in POOLING_MODES:
            raise UsageError(f"pooling mode is {mode!r}; use one of {', '.join(POOLING_MODES)}.")
        self.mode = mode
        self.attention = AttentionPooling(dtype=self.dtype_policy, name="attention") if mode == "attention" else None
        self.supports_masking = True

    def build(self, sequences_shape):
        if self.attention is not None:
            self.attention.build(sequences_shape)

    def call(self, sequences, mask=None):
        if self.attention is not None:
            return self.attention(sequences, mask=mask)
        poolings = {"last": masked_last, "max": masked_max, "mean": masked_mean}
        pooled = [poolings[name](sequences, mask) for name in self.mode.split("+")]
        return pooled[0] if len(pooled) == 1 else tf.concat(pooled, axis=-1)

    def compute_output_shape(self, sequences_shape):
        return (sequences_shape[0], sequences_shape[-1] * (1 + self.mode.count("+")))

    def compute_mask(self, sequences, mask=None):
        return None

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}
