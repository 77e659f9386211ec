"""Reads and writes sounds: one channel of samples at one rate."""

import io
import math
import wave
from pathlib import Path

import numpy as np

from seqtasks.errors import DataError, SeqtasksError
from seqtasks.files import replacing

_LOWEST_RATE, _HIGHEST_RATE = 1000, 768_000
_FULL_SCALE = 32768.0


def read_audio(source, sample_rate: int, path=None) -> np.ndarray:
    """Returns a sound as one channel at a rate of one's own choice.

    Channels are mixed down to their mean. Samples beyond -1 and 1, which only files of floating-point
    numbers can hold, are scaled down together with all others.

    Args:
        source: A WAV, FLAC or OGG file, or the bytes of one.
        sample_rate: Samples a second of what is returned.
        path: The file that bytes were read from, for error messages.

    Returns:
        float32 `[S]`, between -1 and 1.

    Raises:
        DataError: If there is no such file, it is no sound or cut off, or it holds no samples or
            samples that are no numbers.
        SeqtasksError: If soundfile is not installed.
    """
    _check_rate(sample_rate)
    if not isinstance(source, bytes):
        path = source
        try:
            source = Path(path).read_bytes()
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", path) from error
    samples, rate = _decode(source, path)
    audio = samples.mean(axis=1)
    peak = np.abs(audio).max()
    if not np.isfinite(peak):
        first = int(np.flatnonzero(~np.isfinite(audio))[0])
        raise DataError(f"the sample at {first / rate:.3f} s is no finite number: {audio[first]}", path)
    return resample(audio / peak if peak > 1 else audio, rate, sample_rate)


def resample(audio: np.ndarray, rate: int, sample_rate: int) -> np.ndarray:
    """Returns a sound at another rate, what the new rate cannot carry filtered out.

    Args:
        audio: float32 `[S]`, between -1 and 1.
        rate: Its samples a second.
        sample_rate: Samples a second of what is returned.
    """
    if rate == sample_rate:
        return audio
    from scipy.signal import resample_poly

    common = math.gcd(rate, sample_rate)
    moved = resample_poly(audio, sample_rate // common, rate // common)
    # Between two samples at full scale the sound itself may rise above it.
    return np.clip(moved, -1, 1).astype(np.float32)


def as_int16(audio: np.ndarray) -> np.ndarray:
    """Returns samples as 16-bit integers, half the memory of float32: -1 becomes -32768."""
    if audio.dtype == np.int16:
        return audio
    scaled = np.round(np.asarray(audio, np.float32) * _FULL_SCALE)
    return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)


def as_float(audio: np.ndarray) -> np.ndarray:
    """Returns samples as float32 between -1 and 1, the inverse of `as_int16`."""
    if audio.dtype == np.int16:
        return audio.astype(np.float32) / np.float32(_FULL_SCALE)
    return np.asarray(audio, np.float32)


def encode_wav(audio: np.ndarray, sample_rate: int) -> bytes:
    """Returns a sound as the bytes of a 16-bit WAV file.

    Args:
        audio: int16, or float32 between -1 and 1; `[S]`, or `[S, channels]`.
        sample_rate: Its samples a second.
    """
    _check_rate(sample_rate)
    audio = np.asarray(audio)
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(audio.shape[1] if audio.ndim > 1 else 1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(as_int16(audio).astype("<i2").tobytes())
    return content.getvalue()


def write_wav(path, audio: np.ndarray, sample_rate: int) -> None:
    """Writes a sound as a 16-bit WAV file.

    Args:
        path: The file to make or replace.
        audio: int16, or float32 between -1 and 1; `[S]`, or `[S, channels]`.
        sample_rate: Its samples a second.
    """
    content = encode_wav(audio, sample_rate)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def check_audio_package() -> None:
    """Raises a `SeqtasksError` that tells how to install soundfile, if it is not installed."""
    _soundfile()


def _soundfile():
    try:
        import soundfile
    # Without its C library it raises an OSError.
    except (ImportError, OSError) as error:
        raise SeqtasksError(
            f'sound files need soundfile: {error}. Install it with pip install "seqtasks[speech]"'
        ) from error
    return soundfile


def _check_rate(sample_rate: int) -> None:
    if not _LOWEST_RATE <= sample_rate <= _HIGHEST_RATE:
        raise ValueError(f"sample_rate must be from {_LOWEST_RATE} to {_HIGHEST_RATE}. Received: {sample_rate}")


def _decode(content: bytes, path) -> tuple[np.ndarray, int]:
    """Returns samples, float32 `[S, channels]`, S at least 1, and their rate."""
    soundfile = _soundfile()
    if not content:
        raise DataError("no sound: the file is empty", path)
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            rate, told = file.samplerate, file.frames
            # How long MP3 is can only be guessed from its start.
            sure = file.format != "MP3"
            try:
                samples = file.read(dtype="float32", always_2d=True)
            except (soundfile.SoundFileError, RuntimeError) as error:
                raise DataError(f"the sound is cut off or broken: {_reason(error)}", path) from error
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise DataError(f"not a sound file (WAV, FLAC or OGG): {_reason(error)}", path) from error
    if (sure and len(samples) < told) or _is_cut_off(content):
        raise DataError("the sound file is cut off", path)
    if not len(samples):
        raise DataError("no sound: the file holds no samples", path)
    if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        raise DataError(f"expected {_LOWEST_RATE:,} to {_HIGHEST_RATE:,} samples a second, received {rate:,}", path)
    return samples, rate


def _reason(error: Exception) -> str:
    # The whole message speaks of a BytesIO, which is none of the reader's business.
    return getattr(error, "error_string", str(error)).strip().rstrip(".")


def _is_cut_off(content: bytes) -> bool:
    """Returns whether a WAV or OGG file stops short: the decoder takes what is left without a word."""
    if content.startswith(b"OggS"):
        page = content[content.rfind(b"OggS") :]
        if len(page) < 27 or not page[5] & 4:  # The last page of a stream says so.
            return True
        return len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])
    if not content.startswith(b"RIFF"):
        return False
    start = 12
    while start + 8 <= len(content):
        size = int.from_bytes(content[start + 4 : start + 8], "little")
        if content[start : start + 4] == b"data":
            # Programs that write into a pipe do not know the size, and put down the largest.
            return start + 8 + size > len(content) and size < 0x7FFFF000
        start += 8 + size + size % 2
    return False
