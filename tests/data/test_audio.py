import builtins
import io
import struct
import wave

import numpy as np
import pytest
import soundfile

from seqtasks.data.audio import as_float, as_int16, check_audio_package, encode_wav, read_audio, resample, write_wav
from seqtasks.errors import DataError, SeqtasksError


def tone(frequency=440.0, rate=8000, seconds=0.5, strength=0.5):
    return (strength * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def encoded(audio, rate=8000, kind="WAV", subtype=None):
    content = io.BytesIO()
    soundfile.write(content, audio, rate, format=kind, subtype=subtype)
    return content.getvalue()


@pytest.mark.parametrize(
    ("kind", "subtype", "error"),
    [
        ("WAV", "PCM_16", 4e-5),
        ("WAV", "PCM_U8", 1e-2),
        ("WAV", "PCM_24", 1e-6),
        ("WAV", "FLOAT", 0),
        ("WAVEX", "PCM_16", 4e-5),
        ("FLAC", "PCM_16", 4e-5),
        ("OGG", "VORBIS", 0.05),
    ],
)
def test_formats(tmp_path, kind, subtype, error):
    content = encoded(tone(), 8000, kind, subtype)
    (tmp_path / "a.wav").write_bytes(content)
    for source in (content, tmp_path / "a.wav", str(tmp_path / "a.wav")):
        audio = read_audio(source, 8000)
        assert audio.dtype == np.float32
        assert audio.shape == (4000,)
        assert np.abs(audio - tone()).max() <= error


def test_channels_are_mixed_down():
    left, right = tone(300), tone(700, strength=0.2)
    audio = read_audio(encoded(np.stack([left, right], axis=1), subtype="FLOAT"), 8000)
    assert np.allclose(audio, (left + right) / 2, atol=1e-7)


@pytest.mark.parametrize(("rate", "sample_rate"), [(44100, 8000), (16000, 8000), (8000, 16000), (11025, 8000)])
def test_another_rate(rate, sample_rate):
    audio = read_audio(encoded(tone(440, rate), rate, subtype="FLOAT"), sample_rate)
    assert len(audio) == sample_rate // 2
    # The filter has nothing to go by beyond either end.
    inner = slice(sample_rate // 20, -sample_rate // 20)
    assert np.abs(audio - tone(440, sample_rate))[inner].max() < 2e-3
    assert audio.dtype == np.float32


def test_what_the_new_rate_cannot_carry_is_filtered_out():
    high = read_audio(encoded(tone(6500, 16000), 16000, subtype="FLOAT"), 8000)
    assert np.abs(high[400:-400]).max() < 2e-3
    square = np.sign(tone(50, 16000))
    assert np.abs(resample(square, 16000, 8000)).max() <= 1


def test_floating_point_beyond_full_scale_is_scaled_down():
    audio = read_audio(encoded(tone(strength=4), subtype="FLOAT"), 8000)
    assert np.abs(audio).max() == pytest.approx(1)
    assert np.allclose(audio, tone(strength=1), atol=1e-3)


def test_sixteen_bits_and_back():
    audio = np.array([-1, -0.5, 0, 0.25, 1], np.float32)
    assert as_int16(audio).tolist() == [-32768, -16384, 0, 8192, 32767]
    every = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(as_int16(as_float(every)), every)
    assert as_int16(every) is every
    assert as_float(every).dtype == np.float32


def test_write_and_read(tmp_path):
    stereo = np.stack([tone(), -tone()], axis=1)
    for audio, channels in ((tone(), 1), (as_int16(tone()), 1), (stereo, 2), (np.zeros(0, np.float32), 1)):
        write_wav(tmp_path / "new" / "a.wav", audio, 11025)
        assert (tmp_path / "new" / "a.wav").read_bytes() == encode_wav(audio, 11025)
        with wave.open(str(tmp_path / "new" / "a.wav")) as file:
            assert file.getparams()[:4] == (channels, 2, 11025, len(audio))
    assert np.array_equal(as_int16(read_audio(encode_wav(as_int16(tone()), 8000), 8000)), as_int16(tone()))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.wav"]
    with pytest.raises(ValueError, match="sample_rate must be from 1000 to 768000"):
        encode_wav(tone(), 0)


def damaged():
    wav, flac = (encoded(tone(), 8000, kind) for kind in ("WAV", "FLAC"))
    noise = np.random.default_rng(0).normal(0, 0.1, 32000)
    ogg = encoded(noise, 8000, "OGG")
    broken = tone()
    broken[1000] = np.nan
    infinite = tone()
    infinite[2000] = -np.inf
    slow = bytearray(wav)
    slow[24:28] = struct.pack("<I", 50)
    return {
        "text": (b"of no use" * 20, r"not a sound file \(WAV, FLAC or OGG\): Format not recognised$"),
        "nothing": (b"", "no sound: the file is empty$"),
        "no samples": (encode_wav(np.zeros(0, np.float32), 8000), "no sound: the file holds no samples$"),
        "half a WAV": (wav[: len(wav) // 2], "the sound file is cut off$"),
        "last sample": (wav[:-2], "the sound file is cut off$"),
        "half a header": (wav[:20], r"not a sound file \(WAV, FLAC or OGG\): "),
        "half a FLAC": (flac[: len(flac) // 2], "the sound is cut off or broken: "),
        "half an OGG": (ogg[: len(ogg) // 2], "the sound file is cut off$"),
        "last byte of an OGG": (ogg[:-1], "the sound file is cut off$"),
        "NaN": (encoded(broken, subtype="FLOAT"), r"the sample at 0\.125 s is no finite number: nan$"),
        "inf": (encoded(infinite, subtype="FLOAT"), r"the sample at 0\.250 s is no finite number: -inf$"),
        "slow": (bytes(slow), "expected 1,000 to 768,000 samples a second, received 50$"),
    }


@pytest.mark.parametrize("name", damaged())
def test_what_is_no_sound_is_told_in_one_line(tmp_path, name):
    content, message = damaged()[name]
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(DataError, match=rf"^{tmp_path}/a\.wav: {message}") as caught:
        read_audio(tmp_path / "a.wav", 8000)
    assert "\n" not in str(caught.value)
    assert "BytesIO" not in str(caught.value)
    with pytest.raises(DataError, match=f"^b: {message}"):
        read_audio(content, 8000, path="b")


def test_no_such_file(tmp_path):
    with pytest.raises(DataError, match=r"none\.wav: cannot be read: No such file or directory$"):
        read_audio(tmp_path / "none.wav", 8000)


def test_a_length_that_was_not_known_when_writing_began():
    wav = bytearray(encode_wav(tone(), 8000))
    wav[4:8] = wav[40:44] = b"\xff\xff\xff\xff"
    assert len(read_audio(bytes(wav), 8000)) == 4000
    with_notes = bytes(wav[:36]) + b"LIST\x03\0\0\0abc\0" + encode_wav(tone(), 8000)[36:]
    assert len(read_audio(with_notes, 8000)) == 4000


def test_a_missing_package_is_named(monkeypatch):
    whole = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "soundfile":
            raise OSError("sndfile library not found")
        return whole(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SeqtasksError, match=r'not found\. Install it with pip install "seqtasks\[speech\]"'):
        check_audio_package()
