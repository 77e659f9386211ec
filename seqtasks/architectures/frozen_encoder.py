"""Frames through a network that was trained elsewhere."""

import keras
import tensorflow as tf

from seqtasks.errors import UsageError


class FrozenEncoder(keras.layers.Layer):
    """What a saved Keras model finds in a frame. Its weights stay as they are.

    Args:
        path: The file, in Keras's own format. The model takes float images `[N, S, S, channels]` of values from 0 to
            255, as those of `keras.applications` that scale by themselves, and gives vectors `[N, D]`, or maps
            `[N, H, W, D]`, of which the mean over all places is taken.
        shape: S, S and channels.

    Call arguments:
        frames: uint8 `[N, S, S, channels]`.
        before: Not looked at.

    Output:
        float `[N, D]`.

    Raises:
        UsageError: If it cannot be loaded, or takes or gives something else.
    """

    def __init__(self, path, shape, **kwargs):
        super().__init__(**kwargs)
        try:
            self.network = keras.models.load_model(path, compile=False)
            found = self.network(tf.zeros([1, *shape]), training=False)
            width = found.shape[-1] if found.shape.rank in (2, 4) else None
        # Keras raises whatever the part that fails happens to raise.
        except Exception as error:
            raise UsageError(f"inputs.encoder {path} cannot be used: {str(error).splitlines()[0]}") from error
        if width is None:
            raise UsageError(f"inputs.encoder {path} must give vectors, or maps of them. Received: {found.shape}")
        self.network.trainable = False

    def call(self, frames, before):
        found = self.network(tf.cast(frames, tf.float32), training=False)
        found = found if found.shape.rank == 2 else tf.reduce_mean(found, axis=[1, 2])
        return tf.cast(found, self.compute_dtype)
