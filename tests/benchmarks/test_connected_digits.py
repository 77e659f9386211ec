import csv

import numpy as np
import pytest
from seqtasks.benchmarks import connected_digits

from seqtasks.data.audio import read_audio, write_wav
from seqtasks.data.audio_files import AudioFiles
from seqtasks.data.sources import ReadOptions
from seqtasks.errors import DataError

SPLIT_OF = {0: "test", 4: "test", 5: "valid", 9: "valid", 10: "train", 49: "train"}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Two speakers, three digits; every recording hums at a frequency of its own."""
    folder, at = tmp_path_factory.mktemp("recordings"), np.arange(1600) / 8000
    for digit in (0, 3, 7):
        for number, speaker in enumerate(("ann", "bob")):
            for index in SPLIT_OF:
                tone = 0.4 * np.sin(2 * np.pi * (300 + 250 * digit + 100 * number + index) * at)
                write_wav(folder / f"{digit}_{speaker}_{index}.wav", tone.astype(np.float32), 8000)
    (folder / "notes.txt").write_text("no recording")
    return folder


@pytest.fixture
def make(recordings, monkeypatch, tmp_path):
    """Runs the program on fewer sounds: `make(name, seed)` gives the folder that it wrote."""
    monkeypatch.setattr(connected_digits, "SIZES", {"train": 30, "valid": 8, "test": 12})

    def make(name, seed):
        folder = tmp_path / name
        monkeypatch.setattr("sys.argv", ["connected_digits", str(recordings), str(folder), "--seed", str(seed)])
        connected_digits.main()
        return folder

    return make


def test_recordings_are_parted_by_their_index(recordings):
    found = connected_digits.read_recordings(recordings)
    assert list(found) == ["train", "valid", "test"]
    assert all(set(speakers) == {"ann", "bob"} for speakers in found.values())
    for index, split in SPLIT_OF.items():
        audio = read_audio(recordings / f"7_bob_{index}.wav", 8000)
        for name, speakers in found.items():
            there = any(digit == "seven" and np.array_equal(audio, known) for digit, known in speakers["bob"])
            assert there == (name == split)


def test_a_sound_is_its_digits_with_gaps_between_them(recordings):
    speakers, rng = connected_digits.read_recordings(recordings)["train"], np.random.default_rng(0)
    lengths = set()
    for _ in range(60):
        audio, text = connected_digits.connect(speakers, rng)
        words = text.split()
        lengths.add(len(words))
        assert set(words) <= {"zero", "three", "seven"}
        assert np.abs(audio).max() <= 1
        gaps = len(audio) - 1600 * len(words)
        assert 0 <= gaps <= 0.4 * 8000 * (len(words) + 1)
    assert lengths == {2, 3, 4, 5, 6, 7}


def test_the_folder_is_read_as_it_was_written(make):
    folder = make("digits", 1)
    dataset = AudioFiles().read(folder, ReadOptions())
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {"train": 30, "validation": 8, "test": 12}
    with open(folder / "test.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == [example["text"] for example in dataset.splits["test"]]
    assert all((folder / row["audio"]).is_file() for row in rows)


def test_the_same_seed_makes_the_same_files(make):
    one, again, other = (make(name, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert len(files) == 30 + 8 + 12 + 3
    assert all((one / file).read_bytes() == (again / file).read_bytes() for file in files)
    assert any((one / file).read_bytes() != (other / file).read_bytes() for file in files)


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(DataError, match="expected recordings named"):
        connected_digits.read_recordings(tmp_path)
