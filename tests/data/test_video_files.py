import re

import numpy as np
import pytest

from seqtasks.data import video_streams
from seqtasks.data.sources import ReadOptions
from seqtasks.data.video import write_clip
from seqtasks.data.video_files import VideoFiles
from seqtasks.errors import DataError, SeqtasksError, UsageError

SMALL = VideoFiles(frames=2, frame_size=4)


def read(path, files=SMALL, **options):
    return files.read(path, ReadOptions(**options))


def write(folder, *names, value=100):
    """Writes clips whose frames are the value and half of it."""
    clip = np.full((2, 6, 6, 3), value, np.uint8)
    clip[1] //= 2
    for name in names:
        write_clip(folder / name, clip)


def names(dataset):
    return {
        split: [
            f"{example['label']}/{file.stem}" for example, (file, _) in zip(rows, dataset.places[split], strict=True)
        ]
        for split, rows in dataset.splits.items()
    }


def videos(dataset):
    """Returns the videos whose clips a split has, by split."""
    return {split: {re.sub(r"\d+$", "", name) for name in clips} for split, clips in names(dataset).items()}


def test_folders_are_classes_and_splits(tmp_path):
    root = tmp_path / "clips"
    write(root, "Train/run/a.gif", "Train/run/b.mp4", "Train/walk/deep/c.GIF", "dev/run/d.gif", "test/walk/e.gif")
    (root / "test/walk/._e.gif").write_bytes(b"of another program")
    (root / "test/walk/notes.txt").write_text("of no use")
    expected = {"train": ["run/a", "run/b", "walk/c"], "validation": ["run/d"], "test": ["walk/e"]}
    dataset = read(root)
    assert names(dataset) == expected
    assert dataset.notes == []
    for example in dataset.splits["train"]:
        assert list(example) == ["frames", "label"]
        assert example["frames"].shape == (2, 4, 4, 3)
        assert np.abs(example["frames"][:, 0, 0, 0].astype(int) - [100, 50]).max() < 4
    # From a folder further up the splits are the same.
    write(tmp_path, "loose.gif", "other/f.gif")
    dataset = read(tmp_path)
    assert names(dataset) == expected
    assert dataset.notes == [f"2 clips of {tmp_path} outside the folders of splits and classes not used"]


def test_a_class_can_be_called_train(tmp_path):
    write(tmp_path, "train/a1.gif", "train/b1.gif", "train/c1.gif", "car/d1.gif", "car/e1.gif", "car/f1.gif")
    assert {example["label"] for examples in read(tmp_path).splits.values() for example in examples} <= {"train", "car"}


def test_options_choose_the_frames(tmp_path):
    write(tmp_path, "train/a/1.gif", "valid/a/2.gif", "test/a/3.gif")
    dataset = read(tmp_path, frames=5, frame_size=8, channels=1)
    assert dataset.splits["train"][0]["frames"].shape == (5, 8, 8, 1)
    assert read(tmp_path, VideoFiles()).splits["test"][0]["frames"].shape == (16, 64, 64, 3)


def test_clips_numbered_within_a_video_stay_together(tmp_path):
    for label in ("run", "walk"):
        write(tmp_path, *(f"{label}/v_{label}_g{video:02}_c{clip:02}.gif" for video in range(10) for clip in range(4)))
    dataset = read(tmp_path, validation_fraction=0.2)
    assert sum(len(clips) for clips in names(dataset).values()) == 80
    by_split = list(videos(dataset).values())
    assert sum(map(len, by_split)) == len(set().union(*by_split)) == 20
    assert dataset.notes == [
        "clips whose names differ in the last number alone are taken for parts of one video, 20 of them, and kept on "
        "one side where a split is missing. Say it in a groups.csv with columns clip,group if that is wrong",
        "no test split: 16 examples of train held out, never a part of those with the same group (seed 1)",
        "no validation split: 16 examples of train held out, never a part of those with the same group (seed 1)",
    ]


def test_folders_in_a_class_are_videos(tmp_path):
    write(tmp_path, *(f"run/video{video}/{clip}.gif" for video in range(9) for clip in range(3)))
    dataset = read(tmp_path)
    by_split = [{file.parent for file, _ in places} for places in dataset.places.values()]
    assert sum(map(len, by_split)) == len(set().union(*by_split)) == 9


def test_clips_numbered_throughout_are_held_out_one_by_one(tmp_path):
    write(tmp_path, *(f"run/r{number}.gif" for number in range(10)), *(f"walk/w ({n}).gif" for n in range(10)))
    dataset = read(tmp_path)
    assert {split: len(clips) for split, clips in names(dataset).items()} == {"train": 16, "validation": 2, "test": 2}
    assert dataset.notes[0] == (
        "names do not tell which clips are cut from one video: where a split is missing, such clips may lie on both "
        "sides, and scores look too good. Say it in a groups.csv with columns clip,group"
    )


@pytest.mark.parametrize("beside", [False, True])
def test_a_table_of_splits(tmp_path, beside):
    clips = [f"{label}/{label[0]}{number}" for label in ("run", "walk") for number in range(10)]
    write(tmp_path, *(f"mp4/{clip}.gif" for clip in clips))
    sides = [("test" if int(clip[-1]) > 7 else "train", f"http://{int(clip[-1]) // 2}") for clip in clips]
    rows = [f"{clip},x,{split},{source}" for clip, (split, source) in zip(clips, sides, strict=True)]
    table = (tmp_path if beside else tmp_path / "mp4") / "splits.csv"
    table.write_text("\n".join(["\ufeffClip,label,Split,source", *rows, "walk/w99,x,train,y"]) + "\n")
    dataset = read(tmp_path / "mp4")
    found = names(dataset)
    assert found["test"] == ["run/r8", "run/r9", "walk/w8", "walk/w9"]
    assert len(found["validation"]) == 4
    assert len({int(name[-1]) // 2 for name in found["validation"]}) == 1
    assert dataset.notes == [
        "1 row of splits.csv without a clip",
        "no validation split: 4 examples of train held out, never a part of those with the same group (seed 1)",
    ]
    # A video on both sides is told, not mended.
    table.write_text("\n".join(["Clip,label,Split,source", *rows]).replace("http://4", "http://3") + "\n")
    assert read(tmp_path / "mp4").notes[0] == "1 group of splits.csv with clips in more than one split"


def test_a_table_of_groups(tmp_path):
    write(tmp_path, *(f"run/{name}.gif" for name in "abcdef"))
    (tmp_path / "groups.csv").write_text("group,clip\n1,run/a.gif\n1,run\\f.gif\n2,b\n2,c\n3,d\n3,run/e\n")
    dataset = read(tmp_path)
    pairs = [{name[-1] for name in clips} for clips in names(dataset).values()]
    assert sorted(map(sorted, pairs)) == [["a", "f"], ["b", "c"], ["d", "e"]]
    # Folders say the splits, and the table still says the groups.
    write(tmp_path, *(f"train/run/{name}.gif" for name in "abcdef"), "test/run/g.gif")
    (tmp_path / "groups.csv").write_text("clip,group\ntest/run/g,0\na,1\nf,1\nb,2\nc,2\nd,3\ne,3\n")
    found = names(read(tmp_path))
    assert found["test"] == ["run/g"]
    assert len(found["validation"]) == 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("clip,label\na,b\n", r"splits\.csv:1: expected columns clip,split or clip,group\. Received: clip,label"),
        ("", r"splits\.csv:1: expected columns clip,split or clip,group\. Received: $"),
        ("clip,split\nrun/a,trian\n", r"splits\.csv:2: unknown split 'trian'\. Did you mean 'train'"),
        ("clip,split\nrun/a\n", r"splits\.csv:2: unknown split ''\."),
        ("clip,split\na,train\na,test\n", r"splits\.csv:3: a second row for a"),
        ("clip,split\na,train\n", r"splits\.csv: no row for run/b and 1 other clip\. Name clips as CLASS/CLIP"),
    ],
)
def test_tables_that_do_not_fit(tmp_path, table, message):
    write(tmp_path, "x/run/a.gif", "x/run/b.gif", "x/run/c.gif")
    (tmp_path / "x/splits.csv").write_text(table)
    with pytest.raises(DataError, match=message):
        read(tmp_path / "x")


@pytest.mark.parametrize("table", ["clip,label\na,b\n", "clip,split\nz,train\n"])
def test_a_table_beside_that_speaks_of_other_clips_is_none(tmp_path, table):
    write(tmp_path, "x/run/a1.gif", "x/run/b1.gif", "x/run/c1.gif")
    (tmp_path / "splits.csv").write_text(table)
    assert len(read(tmp_path / "x").splits) == 3


def test_bad_clips_are_named_or_skipped(tmp_path):
    write(tmp_path, "train/run/a.gif", "train/run/c.gif", "valid/run/d.gif", "test/run/e.gif")
    bad = tmp_path / "train/run/b.mp4"
    bad.write_bytes(b"no video")
    with pytest.raises(
        DataError, match=r"^\S+/b\.mp4: not a video, [^\n]*: Invalid .*\. Replace it, .*--skip-bad-rows$"
    ) as caught:
        read(tmp_path)
    assert caught.value.path == bad
    dataset = read(tmp_path, skip_bad_rows=True)
    assert names(dataset)["train"] == ["run/a", "run/c"]
    assert (dataset.skipped, dataset.notes) == (1, ["train: skipped 1 bad clip"])
    for name in ("a", "c"):
        (tmp_path / f"train/run/{name}.gif").unlink()
    with pytest.raises(DataError, match="no clip of the train split can be read"):
        read(tmp_path, skip_bad_rows=True)


def test_nothing_to_read(tmp_path):
    with pytest.raises(DataError, match="none: no such folder"):
        read(tmp_path / "none")
    write(tmp_path, "a.gif")
    with pytest.raises(DataError, match=r"a\.gif: expected a folder that holds a folder of clips for each class"):
        read(tmp_path / "a.gif")
    with pytest.raises(DataError, match=r"no clips \(\.avi.* as \w+/CLASS/CLIP or .*\. Found: a\.gif"):
        read(tmp_path)
    with pytest.raises(UsageError, match="--features"):
        read(tmp_path, features={"label": "x"})


def test_folders_of_kinds_of_files_are_no_classes(tmp_path):
    write(tmp_path, "gif/run/a.gif", "mp4/run/a.mp4")
    with pytest.raises(DataError, match=r"received folders for kinds of files, gif and mp4\. Give one .*/gif$"):
        read(tmp_path)


def test_without_train_one_can_evaluate(tmp_path):
    write(tmp_path, "test/run/a1.gif", "test/run/a2.gif")
    dataset = read(tmp_path)
    assert names(dataset) == {"test": ["run/a1", "run/a2"]}
    assert dataset.notes == []


def test_pyav_is_asked_for_once_and_for_videos_only(tmp_path, monkeypatch):
    write(tmp_path, "train/run/a.gif", "valid/run/d.gif", "test/run/e.gif", "test/run/f.mp4")

    def missing():
        raise SeqtasksError("no PyAV")

    monkeypatch.setattr(video_streams, "_av", missing)
    with pytest.raises(SeqtasksError, match="no PyAV"):
        read(tmp_path, skip_bad_rows=True)
    (tmp_path / "test/run/f.mp4").unlink()
    assert len(read(tmp_path).splits) == 3
