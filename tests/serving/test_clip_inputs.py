import numpy as np
import pytest
import tensorflow as tf

from seqtasks.data.video import fit_clip, read_clip, write_clip
from seqtasks.errors import DataError, UsageError
from seqtasks.sections import Clip
from seqtasks.serving.clip_inputs import ClipInputs, LoadedClip
from seqtasks.serving.rows import dense

CLIP = np.random.default_rng(0).integers(0, 256, (6, 12, 10, 3), np.uint8)
RAW = ClipInputs(Clip(frames=4, frame_size=8))


def test_files_bytes_and_arrays(tmp_path):
    path = tmp_path / "a.gif"
    write_clip(path, CLIP)
    expected = read_clip(path, 4, 8)
    for given, name in ((path, str(path)), (str(path), str(path)), (path.read_bytes(), "clip of ")):
        loaded = RAW.load(given)
        np.testing.assert_array_equal(loaded.frames, expected)
        assert RAW.show(loaded).startswith(name)
    loaded = RAW.load(CLIP)
    np.testing.assert_array_equal(loaded.frames, fit_clip(CLIP, 4, 8))
    assert RAW.show(loaded) == "clip of 6 frames, 10 x 12"
    assert RAW.load(loaded) is loaded


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (7, "expected a list of clips, each the path of a file, its bytes, or an array of frames. Received: 7"),
        (CLIP.astype(float), r"clip must be uint8 .* Received: float64 \[6, 12, 10, 3\]"),
        (CLIP[0], r"Received: uint8 \[12, 10, 3\]"),
        (CLIP[..., :2], r"Received: uint8 \[6, 12, 10, 2\]"),
        (CLIP[:0], "the clip is empty: 0 x 12 x 10 x 3"),
    ],
)
def test_anything_else_is_refused(given, told):
    with pytest.raises(UsageError, match=told):
        RAW.load(given)


@pytest.mark.parametrize("content", [None, b"", b"GIF89a broken", b"no video"])
def test_files_that_cannot_be_read(tmp_path, content):
    path = tmp_path / "a.gif"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.gif: "):
        RAW.load(path)


def test_arguments():
    loaded = [RAW.load(CLIP), *RAW.hard]
    arguments = RAW.arguments("serving_default", loaded)
    assert arguments["length"] == [4, 1, 4, 0]
    assert dense(arguments["frames"]).shape == (4, 4, 8, 8, 3)
    assert all(clip.frames.dtype == np.uint8 for clip in RAW.hard)
    gifs = RAW.arguments("gif", loaded)["gif_bytes"]
    decoded = [tf.io.decode_gif(content).numpy() for content in gifs]
    assert [clip.shape for clip in decoded] == [(4, 8, 8, 3), (1, 8, 8, 3), (1, 8, 8, 3), (1, 8, 8, 3)]
    assert not decoded[2].any()
    assert RAW.arguments("gif", []) == {"gif_bytes": []}


def test_grey_clips():
    raw = ClipInputs(Clip(frames=4, frame_size=8, channels=1))
    loaded = [raw.load(CLIP), *raw.hard]
    assert dense(raw.arguments("serving_default", loaded)["frames"]).shape == (4, 4, 8, 8, 1)
    assert len(raw.arguments("gif", loaded)["gif_bytes"]) == 4


def test_larger_clips_are_larger():
    small, large = (LoadedClip("", np.zeros((4, size, size, 3), np.uint8)) for size in (8, 64))
    assert 0 < RAW.size(small) < RAW.size(large)
