"""Clips of video as numbers."""

import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf

from seqtasks.data.gif_frames import decode_gif_frames
from seqtasks.data.pipeline import Encoded
from seqtasks.data.requests import Request
from seqtasks.data.video import fit_clip
from seqtasks.errors import UsageError
from seqtasks.files import replacing
from seqtasks.sections import Clip

ENCODER = "encoder.keras"


class ClipCodec:
    """Turns clips into frames of the configured number and size. There is nothing to learn.

    Args:
        inputs: What goes in.
        encoder: The file of the frozen encoder, if there is one.
    """

    def __init__(self, inputs: Clip, encoder: Path | None = None):
        self.inputs, self.encoder = inputs, encoder

    @classmethod
    def fit(cls, inputs: Clip, train: list) -> "ClipCodec":
        """Returns the codec.

        Raises:
            UsageError: If there is no such encoder.
        """
        if inputs.encoder and not Path(inputs.encoder).is_file():
            raise UsageError(f"inputs.encoder {inputs.encoder}: no such file")
        return cls(inputs, Path(inputs.encoder) if inputs.encoder else None)

    def save(self, folder) -> None:
        """Writes the encoder into `folder`, so that the run stays whole without the file it came from."""
        if self.encoder:
            with replacing(Path(folder) / ENCODER) as temporary:
                shutil.copyfile(self.encoder, temporary)

    @classmethod
    def load(cls, inputs: Clip, folder) -> "ClipCodec":
        """Returns the codec, with the encoder that `save` wrote."""
        return cls(inputs, Path(folder) / ENCODER if inputs.encoder else None)

    @property
    def lengths(self) -> list[int]:
        """Lengths to pad to: all clips are of one."""
        return [self.inputs.frames]

    def graph(self) -> "ClipFeatures":
        """Returns the `tf.Module` that computes the features in exports."""
        return ClipFeatures(self.inputs)

    def encode(self, examples: list) -> Encoded:
        """Encodes clips as `frames`."""
        size, inputs = self.inputs.frame_size, self.inputs
        frames = np.empty((len(examples), inputs.frames, size, size, inputs.channels), np.uint8)
        for place, example in zip(frames, examples, strict=True):
            place[:] = fit_clip(example["frames"], inputs.frames, size, inputs.channels)
        splits = np.arange(len(examples) + 1, dtype=np.int64) * inputs.frames
        return Encoded(splits, {"frames": frames.reshape(-1, *frames.shape[2:])})


class ClipFeatures(tf.Module):
    """Samples and resizes clips.

    Args:
        inputs: What goes in.
    """

    def __init__(self, inputs: Clip):
        super().__init__()
        self.frames, self.size, self.channels = inputs.frames, inputs.frame_size, inputs.channels

    def features(self, frames: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns `frames` uint8 `[B, T, S, S, channels]` and their `mask` bool `[B, T]`, T and S as configured.

        They are those of `seqtasks.data.video.fit_clip`, but for its rounding to whole numbers: no value differs by
        more than 1 of 255, and none where the size is the right one already.

        Args:
            frames: Clips of any number of frames of any height and width, uint8 `[B, *, H, W, channels]`.
            length: How many frames each clip has, int32 `[B]`; what is behind them does not count. A clip without
                frames is masked throughout.
        """
        missing = tf.maximum(1 - tf.shape(frames)[1:4], 0)
        frames = tf.pad(frames, tf.stack([[0, 0], *([0, missing[axis]] for axis in range(3)), [0, 0]]))
        length = tf.clip_by_value(length, 0, tf.shape(frames)[1])

        def fit(clip):
            places = (2 * tf.range(self.frames) + 1) * clip[1] // (2 * self.frames)
            taken = tf.cast(tf.gather(clip[0], places), tf.float32)
            return tf.image.resize(taken, [self.size, self.size], antialias=True)

        # Clip by clip: as floats, all of them at their own size might not fit into memory.
        shape = self.frames, self.size, self.size, self.channels
        return self._features(tf.map_fn(fit, (frames, length), fn_output_signature=tf.TensorSpec(shape)), length)

    def features_of_gifs(self, gif_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns what `features` does, of GIFs; see `seqtasks.data.gif_frames.decode_gif_frames`.

        Args:
            gif_bytes: Contents of GIF files, string `[B]`.
        """
        return self._features(*decode_gif_frames(gif_bytes, self.frames, self.size, self.channels))

    def requests(self) -> dict[str, Request]:
        """Returns how the signatures are asked; see `seqtasks.data.requests`."""
        frames = tf.TensorSpec([None, None, None, None, self.channels], tf.uint8, name="frames")
        length = tf.TensorSpec([None], tf.int32, name="length")
        gif_bytes = tf.TensorSpec([None], tf.string, name="gif_bytes")
        return {
            "serving_default": Request((frames, length), self.features),
            "gif": Request((gif_bytes,), self.features_of_gifs),
        }

    def _features(self, frames: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        mask = tf.tile(length[:, None] > 0, [1, self.frames])
        return {"frames": tf.cast(tf.round(frames), tf.uint8), "mask": mask}
