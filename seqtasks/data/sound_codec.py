"""Sounds as numbers."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from seqtasks.data.audio import as_float
from seqtasks.data.audio_features import LogMel, decode_wav
from seqtasks.data.batching import bucket_boundaries
from seqtasks.data.pipeline import Encoded
from seqtasks.data.requests import Request
from seqtasks.errors import UsageError
from seqtasks.files import write_json
from seqtasks.sections import Sound

BUCKETS = 3
SAMPLES_AT_ONCE = 2_000_000


class SoundCodec:
    """Turns sounds into frames.

    Args:
        inputs: What goes in.
        lengths: Numbers of frames to pad to.
    """

    def __init__(self, inputs: Sound, lengths: list[int]):
        self.inputs, self.lengths = inputs, lengths

    @classmethod
    def fit(cls, inputs: Sound, train: list) -> "SoundCodec":
        """Chooses the numbers of frames to pad to, of which whole steps can be made."""
        frames = log_mel(inputs).frames(_samples(train))
        return cls(inputs, bucket_boundaries(frames, BUCKETS, multiple=4 * inputs.stack))

    def save(self, folder) -> None:
        """Writes what was learned into `folder`."""
        write_json(Path(folder) / "sounds.json", {"lengths": self.lengths})

    @classmethod
    def load(cls, inputs: Sound, folder) -> "SoundCodec":
        """Reads what `save` wrote."""
        return cls(inputs, **json.loads((Path(folder) / "sounds.json").read_text("utf-8")))

    def graph(self) -> "SoundFeatures":
        """Returns the `tf.Module` that computes the features, for training and export alike."""
        return SoundFeatures(self.inputs)

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

    Raises:
        UsageError: For bands and frames that cannot be.
    """

    def __init__(self, inputs: Sound):
        super().__init__()
        self.rate, self.log_mel = inputs.sample_rate, log_mel(inputs)

    def features(self, audio: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns `frames` float32 `[B, T, bins]`, T at least 1, and their `mask` bool `[B, T]`.

        Args:
            audio: Samples between -1 and 1, float32 `[B, S]`.
            length: Samples of each row that are not padding, int32 `[B]`.
        """
        frames, count = self.log_mel(audio, tf.clip_by_value(length, 0, tf.shape(audio)[1]))
        return {"frames": frames, "mask": tf.sequence_mask(count, tf.shape(frames)[1])}

    def features_of_wav(self, wav_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns what `features` does, of 16-bit WAV files of the right rate.

        Args:
            wav_bytes: The files' bytes, string `[B]`.
        """
        return self.features(*decode_wav(wav_bytes, self.rate))

    def requests(self) -> dict[str, Request]:
        """Returns how signatures are asked; see `seqtasks.data.requests`."""
        audio = (tf.TensorSpec([None, None], tf.float32, "audio"), tf.TensorSpec([None], tf.int32, "length"))
        wav = (tf.TensorSpec([None], tf.string, "wav_bytes"),)
        return {"serving_default": Request(audio, self.features), "wav": Request(wav, self.features_of_wav)}


def log_mel(inputs: Sound) -> LogMel:
    """Returns what turns samples into frames.

    Args:
        inputs: What goes in.

    Raises:
        UsageError: For bands and frames that cannot be.
    """
    try:
        return LogMel(inputs.sample_rate, inputs.bins, inputs.window, inputs.hop)
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
