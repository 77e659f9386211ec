"""A run that classifies clips, from files to answers frame by frame."""

import json

import numpy as np
import pytest
import tensorflow as tf

import seqtasks
from seqtasks.data.video import encode_gif, fit_clip, write_clip
from seqtasks.errors import DataError, UsageError
from seqtasks.serving import streaming

SETTINGS = {
    "inputs.frames": 4,
    "inputs.frame_size": 8,
    "inputs.filters": "4",
    "inputs.frame_features": 4,
    "model.units": 4,
    "training.epochs": 1,
    "training.batch_size": 4,
}


def write_clips(folder) -> None:
    """Writes clips of a bar that moves left or right, in colours that GIFs keep."""
    for split, count in (("train", 4), ("valid", 2), ("test", 2)):
        for label, way in (("left", -1), ("right", 1)):
            for number in range(count):
                write_clip(folder / split / label / f"{number}.gif", bar(3 * number, way))


def bar(start: int, way: int) -> np.ndarray:
    clip = np.full((6, 12, 16, 3), (10, 200, 90), np.uint8)
    for time in range(6):
        clip[time, :, (start + way * time) % 16] = 255
    return clip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with `clips`, a run in `runs` that skipped a broken clip, and its export in `saved`."""
    folder = tmp_path_factory.mktemp("video")
    write_clips(folder / "clips")
    (folder / "clips/train/left/broken.gif").write_bytes(b"GIF89a")
    options = {"output_dir": folder / "runs", "settings": SETTINGS, "quiet": True}
    with pytest.raises(DataError, match=r"broken\.gif: the GIF is broken.*--skip-bad-rows"):
        seqtasks.run("video", folder / "clips", **options)
    seqtasks.run("video", folder / "clips", skip_bad_rows=True, **options)
    seqtasks.export("video", output_dir=folder / "runs", export_dir=folder / "saved", verify=False)
    return folder


@pytest.fixture
def stream(folder):
    return streaming.stream("video", output_dir=folder / "runs")


def test_the_run_tells_what_it_skipped(folder):
    assert "train: skipped 1 bad clip" in (folder / "runs/video/latest/report.md").read_text()


def test_files_are_predicted_as_they_were_evaluated(folder):
    files = [str(file) for file in sorted((folder / "clips/test").rglob("*.gif"))]
    found = seqtasks.predict("video", files, output_dir=folder / "runs")
    assert [prediction["file"] for prediction in found] == files
    evaluated = (folder / "runs/video/latest/evaluation/test.predictions.jsonl").read_text().splitlines()
    for prediction, row in zip(found, map(json.loads, evaluated), strict=True):
        assert prediction["probabilities"] == pytest.approx(row["probabilities"], abs=1e-5)
    exported = seqtasks.predict(folder / "saved/video/1", files)
    for here, there in zip(found, exported, strict=True):
        assert here["probabilities"] == pytest.approx(there["probabilities"], abs=1e-5)


def test_an_export_takes_files_and_frames_as_they_are(folder):
    clip = bar(5, 1)
    (expected,) = seqtasks.predict("video", [clip], output_dir=folder / "runs")
    signatures = tf.saved_model.load(str(folder / "saved/video/1")).signatures
    for found in (
        signatures["serving_default"](frames=tf.constant(clip[None]), length=tf.constant([6])),
        signatures["gif"](gif_bytes=tf.constant([encode_gif(clip)])),
    ):
        # They round a little otherwise as they make frames small.
        assert found["probabilities"].numpy()[0] == pytest.approx([*expected["probabilities"].values()], abs=2e-2)
        assert found["classes"].numpy().tolist() == [[b"left", b"right"]]


def test_frame_by_frame_as_the_whole_clip(folder, stream):
    for clip in (bar(2, 1), bar(9, -1)):
        (expected,) = seqtasks.predict("video", [clip], output_dir=folder / "runs")
        stream.reset()
        for frame in clip[[0, 2, 3, 5]]:  # as they are sampled
            found = stream.step(frame)
        assert found["frames"] == 4
        assert found["label"] == expected["label"]
        assert found["score"] == pytest.approx(expected["score"], abs=1e-5)
        assert found["probabilities"] == pytest.approx(expected["probabilities"], abs=1e-5)


def test_there_is_an_answer_after_every_frame(stream):
    found = [stream.step(fit_clip(bar(0, 1), 1, size)[0]) for size in (8, 40)]
    assert [answer["frames"] for answer in found] == [1, 2]
    assert all(sum(answer["probabilities"].values()) == pytest.approx(1) for answer in found)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (bar(0, 1), r"uint8 \[6, 12, 16, 3\]"),
        (bar(0, 1)[0] / 255, r"float64 \[12, 16, 3\]"),
        (bar(0, 1)[0, :0], r"uint8 \[0, 16, 3\]"),
        ("a.gif", "'a.gif'"),
    ],
)
def test_anything_but_a_frame_is_refused(stream, frame, told):
    with pytest.raises(UsageError, match=rf"expected a frame, uint8 \[H, W, 1 or 3\]\. Received: {told}"):
        stream.step(frame)
    assert stream.frames == 0


def test_exports_are_refused(folder):
    with pytest.raises(UsageError, match="is an export, which takes whole clips"):
        streaming.stream(folder / "saved/video/1")
