import hashlib
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.data.audio import as_float
from seqtasks.data.audio_features import LogMel
from seqtasks.data.builtin import spoken_words
from seqtasks.data.builtin.formants import RATE, Phone, Voice, speak


@pytest.fixture(scope="module")
def splits():
    return spoken_words.generate(1)


@pytest.fixture(scope="module")
def single():
    return spoken_words.generate_single(1)


def digest(splits):
    told = [(split, example["text"], example["audio"].tobytes()) for split in splits for example in splits[split]]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def test_deterministic_in_the_seed(splits, monkeypatch):
    assert {name: len(examples) for name, examples in splits.items()} == spoken_words.SIZES
    monkeypatch.setattr(spoken_words, "SIZES", {"train": 20, "test": 5})
    again, once, other = (spoken_words.generate(seed) for seed in (1, 1, 2))
    assert digest(again) == digest(once) != digest(other)
    for before, after in zip(splits["train"], again["train"], strict=False):
        assert before["text"] == after["text"]
        assert np.array_equal(before["audio"], after["audio"])


def test_utterances_are_well_formed(splits):
    words, lengths = Counter(), Counter()
    for examples in splits.values():
        for example in examples:
            said = example["text"].split()
            words.update(said)
            lengths[len(said)] += 1
            audio = example["audio"]
            assert audio.dtype == np.int16
            assert 0.2 < len(audio) / RATE / len(said) < 1.5
            assert 3000 < np.abs(audio.astype(int)).max() <= 32767
            # It starts and ends with nothing but noise.
            edge = np.sqrt(np.mean(as_float(audio[:200]) ** 2))
            assert edge < 0.4 * np.sqrt(np.mean(as_float(audio) ** 2))
    assert words.keys() == set(spoken_words.WORDS)
    assert min(words.values()) > 0.6 * max(words.values())
    assert lengths.keys() == {1, 2, 3, 4}
    assert min(lengths.values()) > 0.7 * max(lengths.values())
    sounds = [example["audio"].tobytes() for examples in splits.values() for example in examples]
    assert len(set(sounds)) == len(sounds)


def spectrum(sound):
    inner = sound[400:1400] * np.hanning(1000)
    return np.abs(np.fft.rfft(inner, 8000))


def test_vowels_have_their_formants_at_any_pitch():
    for pitch in (100, 180):
        for formants in ((280, 2250, 2900), (730, 1150, 2440), (310, 880, 2250)):
            voice = Voice(pitch, 1.0, 1.0)
            sound = speak([Phone(250, formants, voice=1.0)], voice, np.random.default_rng(0))
            power = spectrum(sound)
            # Pulses put harmonics where they are; the strongest near each formant stand out from between them.
            for formant in formants[:2]:
                near = power[formant - 150 : formant + 150].max()
                valley = power[1400:1700].max() if formant < 1300 else power[1200:1600].max()
                assert near > 1.5 * valley, (pitch, formants, formant)


def test_the_voice_has_its_pitch():
    for pitch in (100, 150, 210):
        sound = speak([Phone(300, (500, 1500, 2500), voice=1.0)], Voice(pitch, 1.0, 1.0), np.random.default_rng(1))
        inner = sound[600:1400]
        echo = np.correlate(inner, inner, "full")[len(inner) :]
        period = 30 + int(echo[30:120].argmax()) + 1
        assert RATE / period == pytest.approx(pitch, rel=0.1)


def test_fricatives_are_noise_in_their_band_and_stops_are_silent():
    voice, rng = Voice(120, 1.0, 1.0), np.random.default_rng(0)
    power = spectrum(speak([Phone(300, hiss=1.0, centre=3200, width=300)], voice, rng)) ** 2
    assert power[2500:3900].sum() > 0.95 * power.sum()
    assert not speak([Phone(100)], voice, rng).any()
    short, long = (speak([Phone(200, voice=1.0)], Voice(120, 1.0, pace), rng) for pace in (0.5, 2.0))
    assert len(short) * 2 < len(long)


def centroid_features(examples):
    """The mean log-mel energies of each third of what is louder than the noise, loudness left out."""
    front, rows = LogMel(bins=24, normalize=False), []
    size = max(len(example["audio"]) for example in examples)
    audio = np.stack([np.pad(as_float(example["audio"]), (0, size - len(example["audio"]))) for example in examples])
    features, frames = front(audio, np.array([len(example["audio"]) for example in examples], np.int32))
    for row, count in zip(features.numpy(), frames.numpy(), strict=True):
        row = row[:count]
        loud = np.flatnonzero(row.mean(1) > np.median(row[:4].mean(1)) + 1)
        row = row[loud[0] : loud[-1] + 1] if len(loud) > 3 else row
        rows.append(np.concatenate([part.mean(0) for part in np.array_split(row - row.mean(), 3)]))
    return np.array(rows)


def test_words_can_be_told_apart_whoever_speaks(single):
    """A nearest centroid finds what chance, 1 in 12, would not; the network has order to go by as well."""
    tf.keras.utils.set_random_seed(1)
    train, test = single["train"][:300], single["test"]
    known, asked = centroid_features(train), centroid_features(test)
    labels = np.array([example["label"] for example in train])
    centroids = np.stack([known[labels == word].mean(0) for word in spoken_words.WORDS])
    found = ((asked[:, None] - centroids) ** 2).sum(-1).argmin(1)
    right = np.mean([spoken_words.WORDS[i] == example["label"] for i, example in zip(found, test, strict=True)])
    assert right > 0.8
