import sys

import numpy as np
import pytest

from seqtasks.data.audio import encode_wav, write_wav
from seqtasks.errors import DataError, SeqtasksError, UsageError
from seqtasks.sections import Sound
from seqtasks.serving.rows import dense
from seqtasks.serving.sound_inputs import LoadedSound, SoundInputs

RAW = SoundInputs(Sound(sample_rate=8000))
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)).astype(np.float32)


def test_a_file_is_shown_by_its_path(tmp_path):
    file = tmp_path / "a.wav"
    write_wav(file, TONE, 8000)
    for given in (file, str(file)):
        loaded = RAW.load(given)
        assert RAW.show(loaded) == str(file)
        np.testing.assert_allclose(loaded.audio, TONE, atol=1e-4)
    assert RAW.load(loaded) is loaded


def test_other_rates_are_resampled_and_channels_mixed_down(tmp_path):
    import soundfile

    at = np.arange(22_050) / 22_050
    tone = np.sin(2 * np.pi * 440 * at)
    soundfile.write(tmp_path / "a.flac", np.stack([tone, 0 * tone], axis=1), 22_050)
    audio = RAW.load(tmp_path / "a.flac").audio
    assert audio.shape == (8000,)
    np.testing.assert_allclose(audio[500:-500], TONE[500:-500], atol=2e-3)


def test_bytes_and_samples_have_a_neutral_name():
    integers = np.round(TONE * 32768).astype(np.int16)
    wide = np.stack([TONE, -TONE], axis=1).astype(np.float64)
    for given, expected in ((encode_wav(TONE, 8000), TONE), (integers, TONE), (TONE, TONE), (wide, 0 * TONE)):
        loaded = RAW.load(given)
        assert RAW.show(loaded) == "sound of 1.00 s"
        assert loaded.audio.dtype == np.float32
        np.testing.assert_allclose(loaded.audio, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (3, "each the path of a file, its bytes, or an array of samples. Received: 3"),
        ([0.1, 0.2], r"Received: \[0.1, 0.2\]"),
        (np.zeros(3, np.int32), r"Received: int32 \[3\]"),
        (np.zeros([2, 2, 2], np.float32), r"Received: float32 \[2, 2, 2\]"),
        (np.array([0.5, 1.5]), "between -1 and 1. Received: .* up to 1.5"),
        (np.array([0.5, np.nan]), "between -1 and 1"),
    ],
)
def test_anything_else_is_refused(given, told):
    with pytest.raises(UsageError, match=told):
        RAW.load(given)


def test_files_that_cannot_be_read_are_told_in_one_line(tmp_path):
    whole = encode_wav(TONE, 8000)
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    for name, told in (("cut.wav", "the sound file is cut off"), ("none.wav", "cannot be read: No such file")):
        with pytest.raises(DataError, match=told) as error:
            RAW.load(tmp_path / name)
        assert str(error.value).startswith(str(tmp_path / name))
        assert "\n" not in str(error.value)


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    write_wav(tmp_path / "a.wav", TONE, 8000)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(SeqtasksError, match=r'pip install "seqtasks\[speech\]"'):
        RAW.load(tmp_path / "a.wav")
    assert len(RAW.load(TONE).audio) == 8000  # samples need no package


def test_arguments_of_each_signature():
    loaded = [RAW.load(TONE), RAW.load(TONE[:10]), *RAW.hard]
    for signature in ("serving_default", "n_best"):
        arguments = {name: np.array(dense(rows)) for name, rows in RAW.arguments(signature, loaded).items()}
        assert arguments["audio"].shape == (len(loaded), 8000)
        assert arguments["audio"].dtype == np.float32
        assert arguments["length"].tolist() == [8000, 10, 8000, 1, 4000, 0]
        assert not arguments["audio"][1, 10:].any()
    (files,) = RAW.arguments("wav", loaded).values()
    for content, sound in zip(files, loaded, strict=True):
        if len(sound.audio):
            np.testing.assert_allclose(RAW.load(content).audio, sound.audio, atol=1e-4)


def test_hard_sounds_are_loaded_already():
    assert all(isinstance(sound, LoadedSound) and RAW.load(sound) is sound for sound in RAW.hard)
    assert {len(sound.audio) for sound in RAW.hard} > {0, 1}


def test_longer_sounds_take_more_memory():
    assert RAW.size(RAW.load(TONE)) > RAW.size(RAW.load(TONE[:4000])) > RAW.size(RAW.load(TONE[:0])) > 0
