"""The start of networks that read clips of video."""

import keras
import tensorflow as tf

from seqtasks.architectures.frozen_encoder import FrozenEncoder
from seqtasks.errors import UsageError
from seqtasks.layers.dropout import uniform

LEAST_CONTRAST = 0.05
"""Added to the deviation of a frame's values from 0 to 1, so that the noise of one without contrast stays small."""


class FrameReader(keras.layers.Layer):
    """Frames as vectors: what an encoder finds in each, and a dense layer over it.

    Nothing is taken from later frames, nor from other clips: clips can also be read as they come in; see `step`.

    Args:
        config: The run's configuration.
        codec: The fitted `seqtasks.data.clip_codec.ClipCodec`.

    Call arguments:
        features: `frames` uint8 `[B, T, S, S, channels]`, and `mask` bool `[B, T]`.
        training: Whether some clips are mirrored, and all are moved.

    Output:
        (sequences float `[B, T, frame_features]`, their mask bool `[B, T]`).

    Raises:
        UsageError: For a convolution without filters, or an encoder that cannot be used.
    """

    def __init__(self, config, codec, **kwargs):
        super().__init__(**kwargs)
        inputs = config.inputs
        self.mirror, self.shift = inputs.mirror, inputs.shift
        self.shape = (inputs.frame_size, inputs.frame_size, inputs.channels)
        self.seed_generator = keras.random.SeedGenerator()
        self.encoder = FrozenEncoder(codec.encoder, self.shape) if codec.encoder else FrameEncoder(inputs)
        self.projection = keras.layers.Dense(inputs.frame_features, activation="relu")

    def example(self):
        """Returns the features of one frame."""
        return {"frames": tf.zeros([1, 1, *self.shape], tf.uint8), "mask": tf.ones([1, 1], tf.bool)}

    def call(self, features, training=False):
        frames, mask = features["frames"], features["mask"]
        if training and (self.mirror or self.shift):
            frames = self._moved(frames)
        before = tf.concat([frames[:, :1], frames[:, :-1]], axis=1)
        vectors = self._encoded(*(tf.reshape(value, [-1, *self.shape]) for value in (frames, before)))
        steps = tf.shape(frames)[1] if frames.shape[1] is None else frames.shape[1]
        return tf.reshape(vectors, [-1, steps, vectors.shape[-1]]), mask

    def first_state(self, batch_size):
        """Returns the state before the first frame of so many clips, for `step`."""
        return {"frame": tf.zeros([batch_size, *self.shape], tf.uint8), "begun": tf.zeros([batch_size], tf.bool)}

    def step(self, frame, state):
        """Reads one frame of clips that come in frame by frame.

        Args:
            frame: uint8 `[B, S, S, channels]`.
            state: The state before it.

        Returns:
            (vectors float `[B, frame_features]`, the state after it).
        """
        before = tf.where(state["begun"][:, None, None, None], state["frame"], frame)
        return self._encoded(frame, before), {"frame": frame, "begun": tf.ones_like(state["begun"])}

    def _encoded(self, frames, before):
        """Returns the vectors `[N, frame_features]` of frames `[N, S, S, channels]`, the ones before them given."""
        count = tf.shape(frames)[0]
        if frames.shape[0] is None:
            # TensorFlow's convolution on CPUs gives a wrong shape where there is no image.
            missing = [[0, tf.maximum(1 - count, 0)], [0, 0], [0, 0], [0, 0]]
            frames, before = tf.pad(frames, missing), tf.pad(before, missing)
        return self.projection(self.encoder(frames, before))[:count]

    def _moved(self, frames):
        """Returns clips of which some are mirrored and all are moved, what is beyond an edge as at the edge."""
        count, height, width = tf.shape(frames)[0], *self.shape[:2]
        down, right = tf.unstack(tf.floor(uniform([2, count], self.seed_generator) * (2 * self.shift + 1)))
        turned = uniform([count], self.seed_generator) < self.mirror
        rows = tf.range(height) + tf.cast(down, tf.int32)[:, None] - self.shift
        columns = tf.where(turned[:, None], tf.range(width)[::-1], tf.range(width))
        columns += tf.cast(right, tf.int32)[:, None] - self.shift
        frames = tf.gather(frames, tf.clip_by_value(rows, 0, height - 1), axis=2, batch_dims=1)
        return tf.gather(frames, tf.clip_by_value(columns, 0, width - 1), axis=3, batch_dims=1)


class FrameEncoder(keras.layers.Layer):
    """What convolutions, each pooled to half the size, find anywhere in a frame.

    A frame is brought to mean 0 and deviation 1, and its difference from the one before divided by the same deviation,
    so that light and contrast do not matter.

    Args:
        inputs: The configuration's section of inputs.

    Call arguments:
        frames: uint8 `[N, S, S, channels]`.
        before: The frame before each of them; for a clip's first frame the same one.

    Output:
        The maximum and the mean over all places, float `[N, 2 F]`.

    Raises:
        UsageError: For a convolution without filters.
    """

    def __init__(self, inputs, **kwargs):
        super().__init__(**kwargs)
        if min(inputs.filters, default=1) < 1:
            raise UsageError(f"every layer of filters needs at least one. Received: {inputs.filters}")
        self.motion = inputs.motion
        self.convolutions = [
            keras.layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")
            for filters in inputs.filters
        ]

    def call(self, frames, before):
        images = self._seen(frames, before)
        for convolution in self.convolutions:
            images = tf.nn.max_pool2d(convolution(images), 2, 2, "SAME")
        return tf.concat([tf.reduce_max(images, axis=[1, 2]), tf.reduce_mean(images, axis=[1, 2])], axis=-1)

    def _seen(self, frames, before):
        frames, before = (tf.cast(value, tf.float32) / 255 for value in (frames, before))
        mean, variance = tf.nn.moments(frames, axes=[1, 2], keepdims=True)
        contrast = tf.sqrt(variance) + LEAST_CONTRAST
        frame, difference = (frames - mean) / contrast, (frames - before) / contrast
        seen = {"frames": [frame], "differences": [difference], "both": [frame, difference]}
        return tf.cast(tf.concat(seen[self.motion], axis=-1), self.compute_dtype)
