"""Renders frames of pitches as sound."""

import wave

import numpy as np

from seqtasks.data.midi import held_notes
from seqtasks.files import replacing

_CONCERT_PITCH, _CONCERT_FREQUENCY = 69, 440.0
_HARMONICS = (1.0, 0.45, 0.25, 0.12, 0.06, 0.03)
_ATTACK, _RELEASE, _FADE = 0.012, 0.08, 1.2
_PEAK = 0.95 * 32767

_BASS_DRUMS = (35, 36)
_TOMS = (41, 43, 45, 47, 48, 50)
# 22 and 26 are the edges of the hi-hat on Roland's drum kits, with which the groove data set was played.
_CLOSED, _CYMBALS = (22, 42, 44), (22, 26, *range(42, 60))
_STROKE = 0.4


def render_wav(path, frames, seconds_per_frame: float, rate: int = 22050, drums: bool = False) -> None:
    """Writes frames as a 16-bit mono WAV file, as loud as it goes without clipping.

    Args:
        path: The file to make or replace.
        frames: For each frame the MIDI pitches that sound in it. The same pitch in frames that follow
            each other is one held note, but for drums, which are struck in every frame.
        seconds_per_frame: How long a frame lasts.
        rate: Samples a second.
        drums: Take the pitches as General MIDI's drums.
    """
    if seconds_per_frame <= 0 or rate <= 0:
        raise ValueError(f"seconds_per_frame and rate must be positive. Received: {seconds_per_frame}, {rate}")
    tail = _STROKE if drums else _RELEASE
    sound = np.zeros(round((len(frames) * seconds_per_frame + tail) * rate) + 1)
    rng = np.random.default_rng(0)
    for pitch, start, end in held_notes(frames, joined=not drums):
        first = round(start * seconds_per_frame * rate)
        note = _stroke(pitch, rate, rng) if drums else _note(pitch, (end - start) * seconds_per_frame, rate)
        sound[first : first + len(note)] += note[: len(sound) - first]
    peak = np.abs(sound).max()
    samples = np.round(sound * (_PEAK / peak if peak else 0)).astype("<i2")
    with replacing(path) as temporary, wave.open(str(temporary), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def _note(pitch: int, seconds: float, rate: int) -> np.ndarray:
    """Returns a tone with its harmonics, which fades like a plucked string's and ends softly."""
    time = np.arange(round((seconds + _RELEASE) * rate)) / rate
    frequency = _CONCERT_FREQUENCY * 2 ** ((pitch - _CONCERT_PITCH) / 12)
    tone = np.zeros_like(time)
    for number, strength in enumerate(_HARMONICS, start=1):
        # Above half the rate a harmonic would come back as a false low one.
        if number * frequency < rate / 2:
            tone += strength * np.exp(-number * time / (4 * _FADE)) * np.sin(2 * np.pi * number * frequency * time)
    rise = np.minimum(1, time / _ATTACK)
    fall = np.clip((seconds + _RELEASE - time) / _RELEASE, 0, 1)
    return tone * rise * fall * np.exp(-time / _FADE)


def _stroke(pitch: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Returns the stroke of a drum: a falling tone for bass drum and toms, noise for all others."""
    time = np.arange(round(_STROKE * rate)) / rate
    if pitch in _BASS_DRUMS or pitch in _TOMS:
        lowest = 50.0 if pitch in _BASS_DRUMS else 70.0 + 10 * (pitch - _TOMS[0])
        phase = 2 * np.pi * (lowest * time + 4 * (1 - np.exp(-time / 0.03)))
        return np.sin(phase) * np.exp(-time / 0.1)
    noise = rng.uniform(-1, 1, len(time))
    if pitch in _CYMBALS:
        # The difference of neighbouring samples keeps the high frequencies.
        return 0.4 * np.diff(noise, prepend=0) * np.exp(-time / (0.03 if pitch in _CLOSED else 0.12))
    return 0.7 * noise * np.exp(-time / 0.06)
