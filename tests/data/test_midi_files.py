import json

import pytest

from seqtasks.data.dataset import complete_splits
from seqtasks.data.midi import write_midi
from seqtasks.data.midi_files import MidiFiles
from seqtasks.data.sources import ReadOptions
from seqtasks.data.tfds_midi import TfdsMidi
from seqtasks.errors import DataError, UsageError


def read(path, files=None, **options):
    return (files or MidiFiles()).read(path, ReadOptions(**options))


def pieces(dataset):
    return {split: [example["frames"] for example in examples] for split, examples in dataset.splits.items()}


@pytest.fixture
def write(tmp_path):
    def _write(content):
        path = tmp_path / "pieces.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return _write


def test_folders_are_splits(tmp_path):
    for folder, pitch in [("Train/bach", 60), ("dev", 62), ("test", 64)]:
        write_midi(tmp_path / "music" / folder / "b.mid", [[pitch]])
        write_midi(tmp_path / "music" / folder / "A.MIDI", [[pitch + 1]])
    (tmp_path / "music/test/._b.mid").write_bytes(b"of another program")
    (tmp_path / "music/test/notes.txt").write_text("of no use")
    expected = {"train": [[[61]], [[60]]], "validation": [[[63]], [[62]]], "test": [[[65]], [[64]]]}
    dataset = read(tmp_path / "music")
    assert pieces(dataset) == expected
    assert dataset.notes == []
    assert dataset.places["train"][1] == (tmp_path / "music/Train/bach/b.mid", 0)
    assert dataset.splits["train"][0]["key"] == ""
    # From a folder further up the splits are the same.
    write_midi(tmp_path / "loose.mid", [[70]])
    dataset = read(tmp_path)
    assert pieces(dataset) == expected
    assert dataset.notes == [f"1 file outside the splits' folders of {tmp_path} not used"]


def test_without_such_folders_every_file_is_train(tmp_path):
    for name in ("one.mid", "bach/two.mid", "bach/three.mid"):
        write_midi(tmp_path / name, [[60, 64], [60]])
    dataset = read(tmp_path)
    assert pieces(dataset) == {"train": [[[60, 64], [60]]] * 3}
    assert {split: len(examples) for split, examples in complete_splits(dataset).splits.items()} == {
        "train": 1,
        "validation": 1,
        "test": 1,
    }


def test_fields_choose_the_grid_and_the_drums(tmp_path):
    write_midi(tmp_path / "a.mid", [[36], [38]], frames_per_quarter=2, drums=True)
    assert pieces(read(tmp_path, MidiFiles(2, drums=True))) == {"train": [[[36], [38]]]}
    assert pieces(read(tmp_path, frames_per_quarter=4, drums=True)) == {"train": [[[36], [], [38]]]}
    with pytest.raises(DataError, match=r"a\.mid: no notes, but for drums"):
        read(tmp_path)


def test_bad_files_are_named_or_skipped(tmp_path):
    write_midi(tmp_path / "a.mid", [[60]])
    (tmp_path / "b.mid").write_bytes((tmp_path / "a.mid").read_bytes()[:-9])
    with pytest.raises(DataError, match=r"^\S+/b\.mid: the MIDI file is cut off\. Leave .* --skip-bad-rows$") as caught:
        read(tmp_path)
    assert caught.value.path == tmp_path / "b.mid"
    dataset = read(tmp_path, skip_bad_rows=True)
    assert pieces(dataset) == {"train": [[[60]]]}
    assert len(dataset.places["train"]) == dataset.skipped == 1
    assert dataset.notes == ["train: skipped 1 bad piece"]
    (tmp_path / "a.mid").unlink()
    with pytest.raises(DataError, match="no piece of the train split can be read"):
        read(tmp_path, skip_bad_rows=True)


def test_nothing_to_read(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        read(tmp_path / "none")
    (tmp_path / "song.mp3").touch()
    with pytest.raises(DataError, match=r"no MIDI files, which end in \.mid or \.midi\. Found: song\.mp3"):
        read(tmp_path)
    with pytest.raises(UsageError, match="--features"):
        read(tmp_path, features={"key": "genre"})


def test_json(write):
    path = write({"test": [[[60]]], "train": [[[64, 60, 64], []], [[0], [127]]], "valid": [[[], [62]]]})
    dataset = read(path)
    assert list(dataset.splits) == ["train", "validation", "test"]
    assert pieces(dataset) == {
        "train": [[[60, 64], []], [[0], [127]]],
        "validation": [[[], [62]]],
        "test": [[[60]]],
    }
    assert dataset.splits["test"] == [{"frames": [[60]], "key": ""}]


@pytest.mark.parametrize(
    ("piece", "message"),
    [
        ([[60], [61, 128]], "frame 2: expected pitches from 0 to 127, received 128"),
        ([[-1]], "frame 1: expected pitches from 0 to 127, received -1"),
        ([[60], [60.0]], r"frame 2: .* received 60\.0"),
        ([[True]], "frame 1: .* received true"),
        ([["C4"]], 'frame 1: .* received "C4"'),
        ([60], "frame 1: expected a list of pitches, received 60"),
        ("C4", "expected a list of frames"),
        ([[], []], "no notes"),
    ],
)
def test_bad_pieces_of_json_are_named_or_skipped(write, piece, message):
    path = write({"train": [[[60]]], "valid": [[[60]], piece, [[62]]]})
    with pytest.raises(DataError, match=rf"pieces\.json: valid, piece 2[,:] {message}\. Leave"):
        read(path)
    dataset = read(path, skip_bad_rows=True)
    assert pieces(dataset)["validation"] == [[[60]], [[62]]]
    assert (dataset.skipped, dataset.notes) == (1, ["validation: skipped 1 bad piece"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"train": [', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", 'expected {"train": pieces'),
        ({"tran": []}, r"unknown split 'tran'\. Did you mean 'train'"),
        ({"valid": [], "dev": []}, "two entries for the validation split: valid, dev"),
        ({"train": {}}, "expected a list of pieces as train"),
        ({"train": []}, "no piece of the train split can be read"),
    ],
)
def test_json_of_another_layout(write, content, message):
    with pytest.raises(DataError, match=rf"pieces\.json: {message}"):
        read(write(content))


def test_the_adapter_of_tfds(tmp_path):
    write_midi(tmp_path / "a.mid", [[36], [], [38, 42]], frames_per_quarter=4, drums=True)
    values = {"midi": (tmp_path / "a.mid").read_bytes(), "key": 1}
    adapter = TfdsMidi()
    assert adapter.fits(values)
    assert not adapter.fits({"midi": "text", "key": 1})
    assert not adapter.fits(values | {"key": [1]})
    names = {"midi": None, "key": ("funk", "jazz").__getitem__}
    assert adapter.example(values, names) == {"frames": [[36], [], [38, 42]], "key": "jazz"}
    assert adapter.example(values | {"key": "é".encode()}, {"midi": None, "key": None})["key"] == "é"
    with pytest.raises(DataError, match="not a MIDI file"):
        adapter.example({"midi": b"RIFF", "key": 1}, names)
