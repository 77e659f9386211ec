"""The start of networks that hear."""

import keras
import tensorflow as tf

from seqtasks.data.audio_features import stack_frames
from seqtasks.layers import SpecAugment, WarpFrames


class SoundReader(keras.layers.Layer):
    """Frames, in training stretched and some of them hidden, several joined into one step.

    Args:
        config: The run's configuration.
        codec: The fitted `seqtasks.data.sound_codec.SoundCodec`.

    Call arguments:
        features: `frames` float `[B, T, bins]` and `mask` bool `[B, T]`.
        training: Whether frames are stretched, and frames and bands hidden.

    Output:
        (sequences float `[B, T / stack, stack * bins]`, rounded up, their mask bool `[B, T / stack]`).
    """

    def __init__(self, config, codec, **kwargs):
        super().__init__(**kwargs)
        inputs = config.inputs
        self.bins, self.stack = inputs.bins, inputs.stack
        self.warp = WarpFrames(inputs.tempo_change, inputs.voice_change)
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
        frames, count = self.warp(frames, count, training=training)
        frames = self.augment(frames, count, training=training)
        sequences, steps = stack_frames(frames, count, self.stack)
        return sequences, tf.sequence_mask(steps, tf.shape(sequences)[1])
