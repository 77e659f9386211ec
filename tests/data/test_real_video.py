"""The readers of video on real corpora, where they are at hand."""

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.data.gif_frames import decode_gif_frames
from seqtasks.data.sources import ReadOptions
from seqtasks.data.tfds_video import TfdsVideo
from seqtasks.data.video_files import VideoFiles


@pytest.fixture(scope="module")
def fights(corpora):
    folder = corpora / "files/video/surveillance_fight"
    return {kind: VideoFiles(8, 32).read(folder / kind, ReadOptions()) for kind in ("gif", "mp4")}


def labels(dataset):
    return {split: dict(Counter(example["label"] for example in rows)) for split, rows in dataset.splits.items()}


def test_no_source_is_on_two_sides(fights, corpora):
    rows = (corpora / "files/video/surveillance_fight/splits.csv").read_text().splitlines()[1:]
    sources = {row.split(",")[0]: row.split(",", 3)[3] for row in rows}
    for dataset in fights.values():
        found = labels(dataset)
        assert found["test"] == {"fight": 20, "noFight": 34}
        assert sum(found["train"].values()) + sum(found["validation"].values()) == 246
        sides = [{sources[f"{file.parent.name}/{file.stem}"] for file, _ in p} for p in dataset.places.values()]
        assert sum(map(len, sides)) == len(set().union(*sides)) == 46
    assert fights["gif"].notes == fights["mp4"].notes


def test_both_kinds_of_file_show_the_same(fights):
    # The GIFs end after two seconds, so that what moves is elsewhere.
    pairs = zip(fights["gif"].splits["test"], fights["mp4"].splits["test"], strict=True)
    differences = [np.abs(gif["frames"][0].astype(float) - mp4["frames"][0]).mean() for gif, mp4 in pairs]
    assert max(differences) < 8


def test_gifs_in_the_graph(fights):
    dataset = fights["gif"]
    contents = [file.read_bytes() for file, _ in dataset.places["test"]]
    decoded, length = decode_gif_frames(tf.constant(contents), 8, 32)
    read = np.stack([example["frames"] for example in dataset.splits["test"]])
    assert np.abs(decoded - read).max() <= 1.01
    assert set(length.numpy()) <= set(range(8, 17))


def test_ucf101(corpora):
    dataset = TfdsVideo(frames=4, frame_size=24).read("ucf101", ReadOptions(data_dir=str(corpora / "tfds")))
    assert labels(dataset) == {"train": {"Punch": 12, "YoYo": 12}, "test": {"Punch": 6, "YoYo": 6}}
    assert {example["frames"].shape for example in dataset.splits["train"]} == {(4, 24, 24, 3)}
