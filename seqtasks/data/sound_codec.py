"""Sounds as numbers."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from seqtasks.data.audio import as_float
from seqtasks.data.audio_features import LogMel, decode_wav, frame_mask
from seqtasks.data.batching import bucket_boundaries
from seqtasks.data.limits import Limits
from seqtasks.data.pipeline import Encoded
from seqtasks.data.requests import Request
from seqtasks.errors import UsageError
from seqtasks.files import write_json
from seqtasks.sections import Sound

BUCKETS = 3
SAMPLES_AT_ONCE = 2_000_000
SOUNDS_MEASURED = 2_000
"""How many sounds of the training split say what is usual."""


class SoundCodec:
    """Turns sounds into frames.

    Args:
        inputs: What goes in.
        lengths: Numbers of frames to pad to.
        means: What is taken from each band; 0 when None.
        scale: What all are divided by then.
    """

    def __init__(self, inputs: Sound, lengths: list[int], means: list[float] | None = None, scale: float = 1.0):
        self.inputs, self.lengths = inputs, lengths
        self.means, self.scale = [0.0] * inputs.bins if means is None else means, scale

    @classmethod
    def fit(cls, inputs: Sound, train: list) -> "SoundCodec":
        """Chooses the numbers of frames to pad to, of which whole steps can be made, and measures the bands."""
        frames = log_mel(inputs).frames(_samples(train))
        codec = cls(inputs, bucket_boundaries(frames, BUCKETS, multiple=4 * inputs.stack))
        if inputs.normalize == "level":
            some = train[:: -(-len(train) // SOUNDS_MEASURED) or 1]
            measured = codec.encode(some).steps["frames"].astype(np.float64)
            if len(measured):
                codec.means = measured.mean(axis=0).tolist()
                codec.scale = float(measured.std(axis=0).mean()) or 1.0
        return codec

    def save(self, folder) -> None:
        """Writes what was learned into `folder`."""
        values = {"lengths": self.lengths, "means": self.means, "scale": self.scale}
        write_json(Path(folder) / "sounds.json", values)

    @classmethod
    def load(cls, inputs: Sound, folder) -> "SoundCodec":
        """Reads what `save` wrote."""
        return cls(inputs, **json.loads((Path(folder) / "sounds.json").read_text("utf-8")))

    def graph(self) -> "SoundFeatures":
        """Returns the `tf.Module` that computes the features, for training and export alike."""
        return SoundFeatures(self.inputs, self.means, self.scale)

    def steps(self, examples: list) -> np.ndarray:
        """Returns how many steps the network reads of each sound, int64 `[E]`."""
        frames = log_mel(self.inputs).frames(_samples(examples))
        return -(-frames // self.inputs.stack)

    def encode(self, examples: list) -> Encoded:
        """Encodes sounds as `frames`."""
        graph = self.graph()
        compute = tf.function(graph.features, input_signature=list(graph.requests()["serving_default"].specs))
        lengths = _samples(examples)
        splits = np.concatenate([[0], np.cumsum(graph.log_mel.frames(lengths))]).astype(np.int64)
        frames = np.zeros([int(splits[-1]), self.inputs.bins], np.float32)
        for indices in _parts(lengths):
            audio = np.zeros([len(indices), int(lengths[indices].max())], np.float32)
            for row, index in zip(audio, indices, strict=True):
                row[: lengths[index]] = as_float(examples[index]["audio"])
            features = compute(audio, lengths[indices].astype(np.int32))
            found, mask = (features[name].numpy() for name in ("frames", "mask"))
            for row, live, index in zip(found, mask, indices, strict=True):
                frames[splits[index] : splits[index + 1]] = row[live]
        return Encoded(splits, {"frames": frames})


class SoundFeatures(tf.Module):
    """Computes the energy of sounds in frequency bands, frame by frame.

    Args:
        inputs: What goes in.
        means: What is taken from each band.
        scale: What all are divided by then.

    Raises:
        UsageError: For bands and frames that cannot be.
    """

    def __init__(self, inputs: Sound, means: list[float], scale: float):
        super().__init__()
        self.rate, self.log_mel = inputs.sample_rate, log_mel(inputs)
        self.limits = Limits(inputs)
        self.means, self.scale = np.array(means, np.float32), np.float32(scale)

    def features(self, audio: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns `frames` float32 `[B, T, bins]`, T at least 1, and their `mask` bool `[B, T]`.

        Args:
            audio: Samples between -1 and 1, float32 `[B, S]`.
            length: Samples of each row that are not padding, int32 `[B]`.
        """
        frames, count = self.log_mel(audio, tf.clip_by_value(length, 0, tf.shape(audio)[1]))
        live = frame_mask(frames, count)
        if not self.log_mel.normalize:
            frames = (frames - self.means) / self.scale * live
            # However loud it is, all energies of a sound rise and fall alike.
            values = tf.maximum(tf.reduce_sum(live, axis=[1, 2], keepdims=True) * self.log_mel.bins, 1.0)
            frames = (frames - tf.reduce_sum(frames, axis=[1, 2], keepdims=True) / values) * live
        return {"frames": frames, "mask": live[:, :, 0] > 0}

    def features_of_wav(self, wav_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns what `features` does, of 16-bit WAV files of the right rate.

        Args:
            wav_bytes: The files' bytes, string `[B]`.
        """
        # Two bytes a sample, and the more channels, the fewer samples.
        wav_bytes = self.limits.heard(wav_bytes, tf.strings.length(wav_bytes) // 2, self.rate)
        return self.features(*decode_wav(wav_bytes, self.rate))

    def features_of_samples(self, audio: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns what `features` does, of no more than anybody may send."""
        samples = tf.fill(tf.shape(audio)[:1], tf.shape(audio)[1])
        return self.features(self.limits.heard(audio, samples, self.rate), length)

    def requests(self) -> dict[str, Request]:
        """Returns how signatures are asked; see `seqtasks.data.requests`."""
        audio = (tf.TensorSpec([None, None], tf.float32, "audio"), tf.TensorSpec([None], tf.int32, "length"))
        wav = (tf.TensorSpec([None], tf.string, "wav_bytes"),)
        return {"serving_default": Request(audio, self.features_of_samples), "wav": Request(wav, self.features_of_wav)}


def log_mel(inputs: Sound) -> LogMel:
    """Returns what turns samples into frames.

    Args:
        inputs: What goes in.

    Raises:
        UsageError: For bands and frames that cannot be.
    """
    try:
        return LogMel(inputs.sample_rate, inputs.bins, inputs.window, inputs.hop, normalize=inputs.normalize == "bands")
    except ValueError as error:
        raise UsageError(f"inputs: {error}") from None


def _samples(examples: list) -> np.ndarray:
    return np.array([len(example["audio"]) for example in examples], np.int64)


def _parts(lengths: np.ndarray):
    """Yields the indices of sounds of like length, so many at once as memory allows."""
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and (end + 1 - start) * lengths[order[end]] <= SAMPLES_AT_ONCE:
            end += 1
        yield order[start:end]
        start = end
