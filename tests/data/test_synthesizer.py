import wave

import numpy as np
import pytest

from seqtasks.data.synthesizer import render_wav


def sound(path, frames, seconds_per_frame=0.5, **options):
    render_wav(path, frames, seconds_per_frame, **options)
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getcomptype()) == (1, 2, "NONE")
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
        return samples, file.getframerate()


def peak(samples, rate):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.fft.rfftfreq(len(samples), 1 / rate)[spectrum.argmax()]


@pytest.mark.parametrize(("pitch", "frequency"), [(69, 440.0), (57, 220.0), (60, 261.63), (81, 880.0)])
def test_a_pitch_sounds_at_its_frequency(tmp_path, pitch, frequency):
    samples, rate = sound(tmp_path / "a.wav", [[pitch]] * 4)
    assert rate == 22050
    assert peak(samples, rate) == pytest.approx(frequency, abs=0.6)
    assert 2.0 < len(samples) / rate < 2.2
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_as_loud_as_it_goes_without_clipping(tmp_path):
    for frames, drums in (([[69]], False), ([[48, 52, 55, 60, 64, 67]] * 3, False), ([[42]], True)):
        samples, _ = sound(tmp_path / "a.wav", frames, drums=drums)
        assert 0.9 * 32767 < np.abs(samples).max() < 0.99 * 32767


def test_silence_is_silence(tmp_path):
    samples, rate = sound(tmp_path / "a.wav", [[], [], []])
    assert len(samples) > 1.5 * rate
    assert not samples.any()
    assert not sound(tmp_path / "b.wav", [])[0].any()
    samples, rate = sound(tmp_path / "c.wav", [[], [69], []])
    assert not samples[: rate // 2].any()
    assert samples[rate // 2 : rate].any()
    assert not samples[round(1.1 * rate) :].any()


def test_a_held_note_is_struck_once(tmp_path):
    held, rate = sound(tmp_path / "held.wav", [[69], [69]])
    again, _ = sound(tmp_path / "again.wav", [[69], []])
    loudness = [np.abs(held[round(t * rate) : round((t + 0.05) * rate)]).max() for t in np.arange(0.05, 0.9, 0.05)]
    assert all(np.diff(loudness) < 0)
    assert np.abs(again[round(0.7 * rate) :]).max() == 0


def test_harmonics_above_half_the_rate_are_left_out(tmp_path):
    # Of the highest pitch, 12,544 Hz, nothing can be heard at this rate; of A7 the first harmonic alone.
    assert not sound(tmp_path / "a.wav", [[127]])[0].any()
    samples, rate = sound(tmp_path / "b.wav", [[105]] * 4, rate=8000)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    near = np.abs(np.fft.rfftfreq(len(samples), 1 / rate) - 3520) < 50
    assert spectrum[near].sum() > 0.999 * spectrum.sum()


def test_drums(tmp_path):
    def centre(pitch):
        samples, rate = sound(tmp_path / "a.wav", [[pitch]], drums=True)
        power = np.abs(np.fft.rfft(samples)) ** 2
        return (power * np.fft.rfftfreq(len(samples), 1 / rate)).sum() / power.sum()

    kick, snare, hat = map(centre, (36, 38, 42))
    assert kick < 300 < snare < 6000 < hat
    samples, rate = sound(tmp_path / "b.wav", [[42], [42], []], drums=True)
    strokes = [np.abs(samples[round(t * rate) : round((t + 0.1) * rate)]).max() for t in (0, 0.35, 0.5, 0.85)]
    assert min(strokes[0], strokes[2]) > 20 * max(strokes[1], strokes[3])
    assert np.array_equal(sound(tmp_path / "b.wav", [[42], [42], []], drums=True)[0], samples)


@pytest.mark.parametrize("values", [{"seconds_per_frame": 0}, {"seconds_per_frame": 1, "rate": -1}])
def test_times_must_be_positive(tmp_path, values):
    with pytest.raises(ValueError, match="must be positive"):
        render_wav(tmp_path / "a.wav", [[60]], **values)
    assert list(tmp_path.iterdir()) == []
