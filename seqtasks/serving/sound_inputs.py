"""Sounds as the rows of a signature's arguments."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqtasks.data.audio import as_float, encode_wav, read_audio
from seqtasks.errors import UsageError

SAMPLES_A_BYTE = 64
"""About how many samples take as much memory as a byte of text does."""


class LoadedSound(NamedTuple):
    """A sound at the model's rate.

    Args:
        name: How a prediction shows it.
        audio: Samples between -1 and 1, float32 `[S]`.
    """

    name: str
    audio: np.ndarray


class SoundInputs:
    """Reads sounds; see `seqtasks.serving.raw_inputs.RawInputs`.

    Args:
        inputs: The configuration's section of inputs.
    """

    what = "sounds, each the path of a file, its bytes, or an array of samples"
    key = "file"

    def __init__(self, inputs):
        self.rate = inputs.sample_rate

    @property
    def hard(self) -> tuple[LoadedSound, ...]:
        """Silence, a single sample, a click between silence, and nothing at all."""
        click = np.zeros(self.rate // 2, np.float32)
        click[len(click) // 2] = 1
        return (
            LoadedSound("silence", np.zeros(self.rate, np.float32)),
            LoadedSound("one sample", np.full(1, 0.5, np.float32)),
            LoadedSound("a click", click),
            LoadedSound("no sound", np.zeros(0, np.float32)),
        )

    def load(self, given) -> LoadedSound:
        """Returns the sound, brought to the model's rate where it is a file.

        Args:
            given: The path of a file that soundfile reads, the bytes of one, or samples at the model's rate: int16, or
                float between -1 and 1, `[S]`, or `[S, channels]`, which are mixed down to their mean.

        Raises:
            UsageError: For anything else.
            DataError: If the file cannot be read.
            SeqtasksError: If soundfile is not installed.
        """
        if isinstance(given, LoadedSound):
            return given
        if isinstance(given, str | Path):
            return LoadedSound(str(given), read_audio(given, self.rate))
        if isinstance(given, bytes):
            return self._named(read_audio(given, self.rate))
        return self._named(_samples(given))

    def show(self, loaded: LoadedSound) -> str:
        """Returns the path, or how long the sound is."""
        return loaded.name

    def size(self, loaded: LoadedSound) -> int:
        """Returns a size that grows with the samples."""
        return 1 + len(loaded.audio) // SAMPLES_A_BYTE

    def arguments(self, signature: str, loaded: list[LoadedSound]) -> dict[str, list]:
        """Returns `audio` and `length`, or for the signature `wav` the bytes of 16-bit WAV files, `wav_bytes`."""
        if signature == "wav":
            return {"wav_bytes": [encode_wav(sound.audio, self.rate) for sound in loaded]}
        return {"audio": [sound.audio for sound in loaded], "length": [len(sound.audio) for sound in loaded]}

    def _named(self, audio: np.ndarray) -> LoadedSound:
        return LoadedSound(f"sound of {len(audio) / self.rate:.2f} s", audio)


def _samples(given) -> np.ndarray:
    if not isinstance(given, np.ndarray):
        raise UsageError(f"expected a list of {SoundInputs.what}. Received: {given!r}")
    told = f"Received: {given.dtype} {list(given.shape)}"
    if given.ndim not in (1, 2) or not (given.dtype == np.int16 or np.issubdtype(given.dtype, np.floating)):
        raise UsageError(f"expected samples as int16 or float, [samples] or [samples, channels]. {told}")
    audio = as_float(given)
    audio = audio if audio.ndim == 1 else audio.mean(axis=1)
    if not (np.abs(audio) <= 1).all():  # nor is what is no number
        raise UsageError(f"expected samples between -1 and 1. {told}, up to {np.abs(audio).max():g}")
    return audio
