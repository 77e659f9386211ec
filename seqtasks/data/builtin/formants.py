"""A formant synthesizer: speech from a list of sounds, by pulses and noise through resonators.

Voiced sounds are glottal pulses, each of which rings in the resonators of the vocal tract as these are
tuned at that moment; fricatives and the bursts of stops are noise in a band; stops begin with silence.
"""

from dataclasses import dataclass

import numpy as np

RATE = 8000

_FRAME = RATE // 200
_FFT = 256
_FREQUENCIES = np.arange(_FFT // 2 + 1) * (RATE / _FFT)
_DELAY = np.exp(-2j * np.pi * _FREQUENCIES / RATE)
_BANDWIDTHS = np.array([70.0, 100.0, 160.0, 250.0])
_FOURTH = 3400.0
_HIGHEST = 3800.0
# The voice falls off above this frequency, so that all pitches sound of the same kind.
_TILT = 400.0
_GLIDE, _SWELL = 9, 3


@dataclass(frozen=True)
class Phone:
    """A sound of speech.

    Args:
        milliseconds: How long it lasts.
        formants: The three lowest resonances of the vocal tract, in hertz.
        voice: Strength of the glottal pulses.
        hiss: Strength of the noise.
        centre: Middle of the noise's band, in hertz.
        width: How far the band reaches to either side.
    """

    milliseconds: float
    formants: tuple[float, float, float] = (500.0, 1500.0, 2500.0)
    voice: float = 0.0
    hiss: float = 0.0
    centre: float = 3000.0
    width: float = 1000.0


@dataclass(frozen=True)
class Voice:
    """Who speaks.

    Args:
        pitch: Pulses a second.
        scale: What all resonances are multiplied by: above 1 for a short vocal tract, as children have.
        pace: What all lengths are multiplied by.
    """

    pitch: float
    scale: float
    pace: float


def speak(phones: list[Phone], voice: Voice, rng: np.random.Generator) -> np.ndarray:
    """Returns sounds spoken one after the other, each gliding into the next, float32 `[S]`.

    Args:
        phones: The sounds of a word.
        voice: Who speaks.
        rng: Where the randomness of every utterance comes from.
    """
    pace = voice.pace * rng.uniform(0.85, 1.15, len(phones))
    counts = [max(2, round(phone.milliseconds * slow / 5)) for phone, slow in zip(phones, pace, strict=True)]
    told = np.array([(*p.formants, _FOURTH, p.voice, p.hiss, p.centre, p.width) for p in phones])
    tracks = np.repeat(told, counts, axis=0)
    tracks[:, :4] *= voice.scale * rng.uniform(0.97, 1.03, 4)
    formants = np.minimum(_smooth(tracks[:, :4], _GLIDE), _HIGHEST)
    # Beyond either end there is silence, into which a word fades.
    strengths = _smooth(np.pad(tracks[:, 4:6], [(_SWELL, _SWELL), (0, 0)]), _SWELL)[_SWELL:-_SWELL]
    sound = np.zeros(len(tracks) * _FRAME + _FFT, np.float32)
    _add_pulses(sound, formants, strengths[:, 0], voice, rng)
    _add_noise(sound, tracks[:, 6:] * [voice.scale, 1], strengths[:, 1], rng)
    return sound


def _smooth(tracks: np.ndarray, size: int) -> np.ndarray:
    """Returns the moving average over time; the ends go on as they are."""
    padded = np.pad(tracks, [(size // 2, size // 2), (0, 0)], mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, size, axis=0).mean(axis=-1)


def _add_pulses(sound, formants, strength, voice: Voice, rng) -> None:
    frames = len(formants)
    # The voice falls towards the end of a word, and trembles.
    pitch = voice.pitch * np.linspace(1.08, 0.9, frames) * rng.uniform(0.97, 1.03)
    phase = np.cumsum(np.repeat(pitch / RATE, _FRAME)) + rng.uniform()
    starts = np.flatnonzero(np.diff(np.floor(phase)))
    starts = starts[strength[starts // _FRAME] > 0]
    loud = strength[starts // _FRAME] * rng.uniform(0.9, 1.1, len(starts))
    angle = 2 * np.pi * formants[starts // _FRAME] / RATE
    radius = np.exp(-np.pi * _BANDWIDTHS / RATE)
    first, second = (-2 * radius * np.cos(angle))[:, :, None], (radius**2)[:, None]
    # Resonators in a row, each of which lets the lowest frequencies pass as they are.
    rooms = ((1 + first + second) / (1 + first * _DELAY + second * _DELAY**2)).prod(axis=1)
    rings = np.fft.irfft(rooms / (1 + 1j * _FREQUENCIES / _TILT) * loud[:, None])
    for start, ring in zip(starts, rings, strict=True):
        sound[start : start + _FFT] += ring


def _add_noise(sound, bands, strength, rng) -> None:
    frames = np.flatnonzero(strength > 0)
    centre, width = bands[frames, :1], bands[frames, 1:]
    grains = rng.standard_normal((len(frames), 2 * _FRAME)) * np.hanning(2 * _FRAME)
    shape = np.exp(-(((_FREQUENCIES - centre) / width) ** 2) / 2)
    # As loud for a narrow band as for a wide one.
    shape *= strength[frames, None] / np.sqrt((shape**2).mean(axis=1, keepdims=True))
    grains = np.fft.irfft(np.fft.rfft(grains, _FFT) * shape)
    for frame, grain in zip(frames, grains, strict=True):
        sound[frame * _FRAME : frame * _FRAME + _FFT] += grain
