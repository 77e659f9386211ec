"""Masks over time and frequency that make a recognizer of sounds robust."""

import keras
import tensorflow as tf

from seqtasks.layers.dropout import uniform


@keras.saving.register_keras_serializable(package="seqtasks")
class SpecAugment(keras.layers.Layer):
    """Sets stretches of frames and bands of frequencies to zero in training (SpecAugment, without warping).

    Zero is the mean of features that are normalized. Every row has masks of its own, whose places and
    widths are uniformly random; they may overlap. Frames that are stacked must be so afterwards.

    Args:
        time_masks: How many stretches of frames.
        time_width: The most frames of a stretch.
        time_share: The most of a row's frames that one stretch may take.
        frequency_masks: How many bands.
        frequency_width: The most neighbouring frequencies of a band.
        seed: Seed of the random numbers.

    Call arguments:
        inputs: Features, float `[B, T, D]`.
        frames: Frames of each row that are not padding, int32 `[B]`.
        training: Whether to mask anything.

    Output:
        As the inputs.

    Raises:
        ValueError: For counts or widths below 0, or a share outside [0, 1].

    Reference:
        Park et al., SpecAugment: A Simple Data Augmentation Method for Automatic Speech Recognition,
        Interspeech 2019.
    """

    def __init__(
        self,
        time_masks=2,
        time_width=20,
        time_share=0.2,
        frequency_masks=2,
        frequency_width=8,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        counts = {
            "time_masks": time_masks,
            "time_width": time_width,
            "frequency_masks": frequency_masks,
            "frequency_width": frequency_width,
        }
        for name, count in counts.items():
            if count < 0:
                raise ValueError(f"{name} must not be negative. Received: {name}={count}")
        if not 0 <= time_share <= 1:
            raise ValueError(f"time_share must be from 0 to 1. Received: time_share={time_share}")
        self.time_masks = time_masks
        self.time_width = time_width
        self.time_share = time_share
        self.frequency_masks = frequency_masks
        self.frequency_width = frequency_width
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs, frames, training=False):
        if not training:
            return inputs
        shape = tf.shape(inputs)
        frames = tf.cast(frames, tf.float32)[:, None]
        if self.time_masks and self.time_width:
            most = tf.minimum(float(self.time_width), tf.floor(frames * self.time_share))
            kept = self._kept(shape[0], self.time_masks, shape[1], frames, most)
            inputs = inputs * tf.cast(kept, inputs.dtype)[:, :, None]
        if self.frequency_masks and self.frequency_width:
            size = tf.cast(shape[2], tf.float32)
            most = tf.minimum(float(self.frequency_width), size)
            kept = self._kept(shape[0], self.frequency_masks, shape[2], size, most)
            inputs = inputs * tf.cast(kept, inputs.dtype)[:, None, :]
        return inputs

    def _kept(self, rows, masks, places, size, most):
        """Returns which places no mask covers, bool `[B, places]`.

        Args:
            rows: Number of rows.
            masks: Masks a row.
            places: Number of places.
            size: How many of them there are to cover.
            most: The widest mask.
        """
        random = uniform(tf.stack([rows, masks, 2]), self.seed_generator)
        width = tf.floor(random[:, :, 0] * (most + 1))
        start = tf.floor(random[:, :, 1] * (size - width + 1))[:, :, None]
        place = tf.cast(tf.range(places), tf.float32)
        covered = (place >= start) & (place < start + width[:, :, None])
        return ~tf.reduce_any(covered, axis=1)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {
            **super().get_config(),
            "time_masks": self.time_masks,
            "time_width": self.time_width,
            "time_share": self.time_share,
            "frequency_masks": self.frequency_masks,
            "frequency_width": self.frequency_width,
            "seed": self.seed,
        }
