"""Words spoken by voices that are drawn at random."""

import numpy as np

from seqtasks.data.audio import as_int16
from seqtasks.data.builtin.formants import RATE, Phone, Voice, speak

_PHONES = {
    "iy": Phone(110, (280, 2250, 2900), voice=0.8),
    "ih": Phone(80, (400, 1950, 2550), voice=0.9),
    "eh": Phone(110, (560, 1800, 2450), voice=1.0),
    "aa": Phone(110, (730, 1150, 2440), voice=1.0),
    "ah": Phone(100, (620, 1220, 2400), voice=1.0),
    "ao": Phone(140, (560, 850, 2400), voice=1.0),
    "ow": Phone(100, (500, 900, 2350), voice=1.0),
    "uw": Phone(110, (310, 880, 2250), voice=0.8),
    "r": Phone(80, (340, 1150, 1600), voice=0.7),
    "w": Phone(70, (300, 650, 2200), voice=0.6),
    "y": Phone(70, (270, 2350, 3000), voice=0.6),
    "n": Phone(80, (270, 1450, 2500), voice=0.6),
    "v": Phone(70, (300, 1150, 2300), voice=0.4, hiss=0.02, centre=2600, width=1500),
    "z": Phone(90, (300, 1600, 2550), voice=0.25, hiss=0.03, centre=3600, width=500),
    "s": Phone(120, (320, 1700, 2600), hiss=0.06, centre=3600, width=500),
    "f": Phone(100, (320, 1150, 2300), hiss=0.035, centre=2300, width=1600),
    "th": Phone(90, (320, 1400, 2600), hiss=0.025, centre=2900, width=1400),
    # A stop is a closed mouth, and the burst when it opens.
    "-": Phone(55, (320, 1700, 2500)),
    "t": Phone(25, (320, 1750, 2600), hiss=0.07, centre=3200, width=900),
    "k": Phone(30, (320, 1850, 2300), hiss=0.06, centre=1900, width=400),
}


def utter(words: list[list[str]], rng: np.random.Generator) -> np.ndarray:
    """Returns words spoken by a new voice, with gaps between them and noise behind them, int16 `[S]`.

    Args:
        words: The sounds of each word, as `["n", "ow", "uw"]`.
        rng: Chooses the voice, the pace, the gaps and the noise.
    """
    # Short vocal tracts tend to go with high pitches.
    size = rng.uniform()
    voice = Voice(
        pitch=95 * 2.2**size * rng.uniform(0.9, 1.1),
        scale=0.9 + 0.24 * size + rng.uniform(-0.03, 0.03),
        pace=rng.uniform(0.75, 1.3),
    )
    parts = [_silence(rng, 0.05, 0.25)]
    for word in words:
        sound = speak([_PHONES[name] for name in word], voice, rng)
        parts += [sound * rng.uniform(0.75, 1.0), _silence(rng, 0.03, 0.25)]
    speech = np.concatenate(parts)
    speech *= rng.uniform(0.15, 0.9) / np.abs(speech).max()
    loudness = np.sqrt(np.mean(speech**2))
    noise = rng.standard_normal(len(speech)) * loudness * 10 ** (-rng.uniform(15, 35) / 20)
    return as_int16(speech + noise)


def _silence(rng: np.random.Generator, least: float, most: float) -> np.ndarray:
    return np.zeros(round(rng.uniform(least, most) * RATE), np.float32)
