"""Other tempos and other voices, made of the frames of a sound."""

import keras
import tensorflow as tf

from seqtasks.layers.dropout import uniform


@keras.saving.register_keras_serializable(package="seqtasks")
class WarpFrames(keras.layers.Layer):
    """Stretches frames in time and over frequencies in training, each row by other, uniformly random factors.

    A row that would become longer than all rows are padded to is stretched up to there. Frequencies are stretched from
    the lowest band on, as shorter and longer vocal tracts do, and the highest band fills what is missing above it.

    Args:
        time: By how much a sound may become longer or shorter, as a share of its length.
        frequency: By how much its frequency axis may, likewise.
        seed: Seed of the random numbers.

    Call arguments:
        inputs: Features, float `[B, T, D]`.
        frames: Frames of each row that are not padding, int32 `[B]`.
        training: Whether to stretch anything.

    Output:
        (as the inputs, zero beyond a row's frames; the frames of each row, int32 `[B]`).

    Raises:
        ValueError: For a share outside [0, 1).

    Reference:
        Ko et al., Audio Augmentation for Speech Recognition, Interspeech 2015 (tempo); Jaitly & Hinton, Vocal Tract
        Length Perturbation (VTLP) Improves Speech Recognition, ICML 2013 workshop.
    """

    def __init__(self, time=0.1, frequency=0.1, seed=None, **kwargs):
        super().__init__(**kwargs)
        for name, share in (("time", time), ("frequency", frequency)):
            if not 0 <= share < 1:
                raise ValueError(f"{name} must be at least 0 and below 1. Received: {name}={share}")
        self.time, self.frequency, self.seed = time, frequency, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs, frames, training=False):
        if training and self.time:
            inputs, frames = self._in_time(inputs, frames)
        if training and self.frequency:
            inputs = self._over_frequencies(inputs)
        return inputs, frames

    def _in_time(self, inputs, frames):
        places = inputs.shape[1] if inputs.shape[1] is not None else tf.shape(inputs)[1]
        before = tf.cast(frames, tf.float32)
        after = tf.round(before * self._factors(inputs, self.time))
        after = tf.clip_by_value(after, tf.minimum(before, 1.0), tf.cast(places, tf.float32))
        # A frame stands for the middle of its stretch of time.
        at = (tf.range(places, dtype=tf.float32) + 0.5) * (before / tf.maximum(after, 1.0))[:, None] - 0.5
        at = tf.clip_by_value(at, 0.0, tf.maximum(before - 1.0, 0.0)[:, None])
        low = tf.floor(at)
        share = tf.cast(at - low, inputs.dtype)[:, :, None]
        high = tf.cast(tf.minimum(low + 1.0, tf.maximum(before - 1.0, 0.0)[:, None]), tf.int32)
        one, other = (tf.gather(inputs, place, batch_dims=1) for place in (tf.cast(low, tf.int32), high))
        after = tf.cast(after, tf.int32)
        live = tf.sequence_mask(after, places, dtype=inputs.dtype)[:, :, None]
        return ((1 - share) * one + share * other) * live, after

    def _over_frequencies(self, inputs):
        bands = inputs.shape[2]
        at = tf.range(bands, dtype=tf.float32) * self._factors(inputs, self.frequency)[:, None]
        at = tf.clip_by_value(at, 0.0, bands - 1.0)
        # How much each band counts in each new one, [B, old, new].
        weights = tf.maximum(1.0 - tf.abs(at[:, None] - tf.range(bands, dtype=tf.float32)[:, None]), 0.0)
        return tf.matmul(inputs, tf.cast(weights, inputs.dtype))

    def _factors(self, inputs, share):
        return 1.0 + share * (2.0 * uniform([tf.shape(inputs)[0]], self.seed_generator) - 1.0)

    def get_config(self):
        return {**super().get_config(), "time": self.time, "frequency": self.frequency, "seed": self.seed}
