"""Turns what TFDS stores of sounds into examples."""

from collections.abc import Callable
from pathlib import PurePosixPath

import numpy as np

from seqtasks.data.audio import as_int16, resample
from seqtasks.task import Example

FILE = "audio/filename"
"""The feature with the name of a sound's file, where a builder has one."""


def examples_of(stored, roles: dict[str, str], features) -> tuple[list[Example], list[str], int]:
    """Returns the examples of a split, the names of their files as far as they are told, and how many were left out."""
    naming = {role: _naming(features[feature]) for role, feature in roles.items() if role != "audio"}
    examples, stems, dropped = [], [], 0
    for record in stored.as_numpy_iterator():
        audio = record[roles["audio"]]
        told = {role: name(record[roles[role]]) for role, name in naming.items()}
        if not audio.size or not all(told.values()):
            dropped += 1
            continue
        examples.append({"audio": _compact(audio), **told})
        stems.append(PurePosixPath(record.get(FILE, b"").decode("utf-8", "replace")).stem)
    return examples, stems, dropped


def is_named(feature) -> bool:
    """Returns whether a feature is a string, an integer, or a sequence of strings or class labels."""
    import tensorflow_datasets as tfds

    if hasattr(feature, "items") or len(feature.shape) > 1:
        return False
    one = feature.feature if isinstance(feature, tfds.features.Sequence) else feature
    number = np.dtype(feature.np_dtype).kind in "iu" and feature.shape == ()
    return number or isinstance(one, tfds.features.ClassLabel) or np.dtype(feature.np_dtype).kind in "OSU"


def _naming(feature) -> Callable:
    """Returns the function from a stored transcript or label to its text, `""` where there is none."""
    import tensorflow_datasets as tfds

    one = feature.feature if isinstance(feature, tfds.features.Sequence) else feature

    def name(value) -> str:
        if isinstance(one, tfds.features.ClassLabel):
            return one.names[value] if value >= 0 else ""
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    return lambda value: " ".join(" ".join(map(name, np.atleast_1d(value).tolist())).split())


def _compact(audio: np.ndarray) -> np.ndarray:
    """Returns one channel of samples in as few bytes as they need."""
    if np.issubdtype(audio.dtype, np.integer):
        audio = audio if audio.ndim == 1 else np.round(audio.mean(axis=1)).astype(np.int64)
        small = audio.min() >= -32768 and audio.max() <= 32767
        return audio.astype(np.int16 if small else np.int32)
    return np.clip(audio if audio.ndim == 1 else audio.mean(axis=1), -1, 1).astype(np.float32)


def to_rate(splits: dict[str, list[Example]], rate: int, sample_rate: int) -> None:
    """Brings all sounds to 16 bits and the rate, in place."""
    every = [example for examples in splits.values() for example in examples]
    # TFDS does not tell of how many bits the integers are: 16, 24 or 32.
    wide = [np.abs(example["audio"].astype(np.int64)).max() for example in every if example["audio"].dtype == np.int32]
    bits = 15 if not wide else 23 if max(wide) <= 2**23 else 31
    for example in every:
        audio = example["audio"]
        if np.issubdtype(audio.dtype, np.integer) and (rate != sample_rate or bits > 15):
            audio = (audio / 2.0**bits).astype(np.float32)
        example["audio"] = as_int16(resample(audio, rate, sample_rate))
