"""The start of networks that hear."""

import keras
import tensorflow as tf

from seqtasks.data.audio_features import stack_frames
from seqtasks.layers import SpecAugment


class SoundReader(keras.layers.Layer):
    """Frames with some of them hidden in training, several joined into one step.

    Args:
        config: The run's configuration.
        codec: The fitted `seqtasks.data.sound_codec.SoundCodec`.

    Call arguments:
        features: `frames` float `[B, T, bins]` and `mask` bool `[B, T]`.
        training: Whether frames and bands are hidden.

    Output:
        (sequences float `[B, T / stack, stack * bins]`, rounded up, their mask bool `[B, T / stack]`).
    """

    def __init__(self, config, codec, **kwargs):
        super().__init__(**kwargs)
        inputs = config.inputs
        self.bins, self.stack = inputs.bins, inputs.stack
        self.augment = SpecAugment(
            inputs.time_masks,
            inputs.time_width,
            inputs.time_share,
            inputs.frequency_masks,
            inputs.frequency_width,
        )

    def example(self):
        """Returns the features of one frame."""
        return {"frames": tf.zeros([1, 1, self.bins]), "mask": tf.ones([1, 1], tf.bool)}

    def call(self, features, training=False):
        count = tf.reduce_sum(tf.cast(features["mask"], tf.int32), axis=1)
        frames = tf.cast(features["frames"], self.compute_dtype)
        frames = self.augment(frames, count, training=training)
        sequences, _ = stack_frames(frames, count, self.stack)
        return sequences, self.steps_of(features)

    def steps_of(self, features):
        """Returns which steps count, bool `[B, T / stack]`: those made of a frame that does."""
        # A row's frames come first, and so the first of those that are joined says it for all.
        return features["mask"][:, :: self.stack]
