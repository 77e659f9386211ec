import builtins
import io
import wave
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from seqtasks.data import video_streams
from seqtasks.data.video import SUFFIXES, encode_gif, fit_clip, read_clip, sampled, write_clip
from seqtasks.errors import DataError, SeqtasksError


def ramps(count, height=48, width=64):
    """Returns frames that differ, and are smooth, so that no codec spoils them much."""
    y, x = np.mgrid[:height, :width]
    return np.stack([np.stack([3 * x + 2 * t, 4 * y, 0 * x + 7 * t], -1) % 256 for t in range(count)]).astype(np.uint8)


def difference(clip, other):
    return np.abs(clip.astype(int) - other.astype(int)).mean(axis=(1, 2, 3))


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A video of 300 frames with a key frame in 20, and frames stored after those that are shown later."""
    import av

    clip, path = ramps(300), tmp_path_factory.mktemp("long") / "long.mp4"
    options = {"bf": "3", "x264-params": "open-gop=1:keyint=20:scenecut=0"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=Fraction(25), options=options)
        stream.height, stream.width, stream.pix_fmt = clip.shape[1], clip.shape[2], "yuv420p"
        for frame in clip:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return clip, path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_is_read(tmp_path, suffix):
    clip, path = ramps(12), tmp_path / "new" / f"clip{suffix.upper()}"
    write_clip(path, clip)
    read = read_clip(path, 12, (48, 64))
    assert read.shape == clip.shape
    assert read.dtype == np.uint8
    # The next frame differs by more than 4.
    assert difference(read, clip).max() < 3.5
    np.testing.assert_array_equal(read_clip(path.read_bytes(), 12, (48, 64)), read)
    grey = read_clip(path, 5, (24, 20), channels=1)
    assert grey.shape == (5, 24, 20, 1)
    colours = read_clip(path, 5, (24, 20)) @ [0.299, 0.587, 0.114]
    assert np.abs(grey[..., 0] - colours).max() < 2
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_middle_of_each_part_is_taken():
    assert sampled(16, 16) == list(range(16))
    assert sampled(9, 3) == [1, 4, 7]
    assert sampled(100, 1) == [50]
    assert sampled(3, 6) == [0, 0, 1, 1, 2, 2]
    for count in range(1, 40):
        for frames in range(1, 40):
            taken = sampled(count, frames)
            assert len(taken) == frames
            assert taken == sorted(taken)
            assert set(taken) <= set(range(count))


def test_short_clips_give_frames_twice(tmp_path):
    write_clip(tmp_path / "a.gif", ramps(3))
    read = read_clip(tmp_path / "a.gif", 6, (48, 64))
    np.testing.assert_array_equal(read, read[[0, 0, 2, 2, 4, 4]])
    assert difference(read[::2], ramps(3)).max() < 3.5


def test_frames_are_made_smaller_without_leaving_pixels_out(tmp_path):
    stripes = np.zeros((2, 64, 64, 3), np.uint8)
    stripes[:, :, ::2] = 255
    stripes[1, 0, 0] = 255
    write_clip(tmp_path / "a.gif", stripes)
    small = read_clip(tmp_path / "a.gif", 2, 8)
    assert np.abs(small[:, :, 1:-1].astype(int) - 127).max() <= 3
    with Image.open(tmp_path / "a.gif") as gif:
        expected = gif.convert("RGB").resize((8, 8), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(small[0], expected)


@pytest.mark.parametrize(("frames", "decoded"), [(1, 20), (4, 130), (300, 300)])
def test_long_videos_are_decoded_in_part(long, monkeypatch, frames, decoded):
    clip, path = long
    count, decode = [0], video_streams._decoded

    def counting(*arguments):
        for frame in decode(*arguments):
            count[0] += 1
            yield frame

    monkeypatch.setattr(video_streams, "_decoded", counting)
    read = read_clip(path, frames, (48, 64))
    assert difference(read, clip[sampled(300, frames)]).max() < 6
    assert count[0] <= decoded
    monkeypatch.setattr(video_streams, "_take_by_time", lambda *_: None)
    np.testing.assert_array_equal(read_clip(path, frames, (48, 64)), read)


def test_videos_that_do_not_tell_times(tmp_path, monkeypatch):
    write_clip(tmp_path / "a.avi", ramps(10))
    expected = read_clip(tmp_path / "a.avi", 4, 32)
    packets = video_streams._packets

    def timeless(*arguments):
        return (SimpleNamespace(pts=None, is_keyframe=packet.is_keyframe) for packet in packets(*arguments))

    monkeypatch.setattr(video_streams, "_packets", timeless)
    np.testing.assert_array_equal(read_clip(tmp_path / "a.avi", 4, 32), expected)


def test_filmed_sideways():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    frame = SimpleNamespace(rotation=-90, to_ndarray=lambda format: pixels)
    turned = video_streams._pixels(frame)
    # Clockwise: the left column, from below, is the first row.
    np.testing.assert_array_equal(turned[0], pixels[::-1, 0])
    np.testing.assert_array_equal(video_streams._pixels(SimpleNamespace(to_ndarray=frame.to_ndarray)), pixels)


def wav():
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"hello " * 100, "not a video, or a broken one: Invalid data found when processing input"),
        (b"RIFF", "not a video, or a broken one: Invalid data"),
        (b"GIF89a", "the GIF is broken or cut off"),
        (b"GIF89a" + bytes(100), "the GIF is broken or cut off"),
        (wav(), "there is no video in the file"),
    ],
)
def test_what_is_no_clip(tmp_path, content, message):
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(DataError, match=rf"^{tmp_path}/a\.mp4: {message}[^\n]*$"):
        read_clip(tmp_path / "a.mp4")
    with pytest.raises(DataError, match=rf"^of a request: {message}"):
        read_clip(content, path="of a request")


@pytest.mark.parametrize(
    ("suffix", "part", "message"),
    [
        (".gif", 0.5, "the GIF is broken or cut off"),
        (".gif", 0.85, "the GIF is broken or cut off"),
        (".mp4", 0.5, "not a video, or a broken one: Invalid data"),
        (".webm", 0.1, "not a video, or a broken one|the video has no frames"),
    ],
)
def test_cut_off(tmp_path, suffix, part, message):
    path = tmp_path / f"a{suffix}"
    write_clip(path, ramps(12))
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(DataError, match=rf"a{suffix}: ({message})"):
        read_clip(path, 4)


def test_cut_off_with_the_table_of_contents_at_the_start(tmp_path):
    import av

    with av.open(str(tmp_path / "a.mp4"), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("mpeg4", rate=8)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        for frame in ramps(12):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    content = (tmp_path / "a.mp4").read_bytes()
    assert read_clip(content, 4, 16).shape == (4, 16, 16, 3)
    with pytest.raises(DataError, match=r"the video is cut off: \d+ of its 12 frames are missing"):
        read_clip(content[: len(content) * 2 // 3], 4, 16)


def test_a_file_that_cannot_be_opened(tmp_path):
    with pytest.raises(DataError, match=r"none\.mp4: cannot be read: No such file"):
        read_clip(tmp_path / "none.mp4")


@pytest.mark.parametrize(("frames", "size", "channels"), [(0, 8, 3), (1, 0, 3), (1, (8, -1), 3), (1, 8, 2)])
def test_frames_that_cannot_be(frames, size, channels):
    with pytest.raises(ValueError, match="must be positive, and channels 1 or 3"):
        read_clip(b"", frames, size, channels)


@pytest.mark.parametrize(
    ("name", "clip", "message"),
    [
        ("a.jpg", ramps(2), "path must end in"),
        ("a.gif", ramps(2).astype(float), "clip must be uint8"),
        ("a.gif", ramps(2)[..., :2], "clip must be uint8"),
        ("a.gif", ramps(2)[:0], "clip must be uint8"),
        ("a.mp4", ramps(2)[:, 1:], "must be even for .mp4. Received: 47 x 64"),
    ],
)
def test_clips_that_cannot_be_written(tmp_path, name, clip, message):
    with pytest.raises(ValueError, match=message):
        write_clip(tmp_path / name, clip)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_grey_clips_are_written_too(tmp_path, suffix):
    grey = ramps(4)[..., 2:] * 8
    write_clip(tmp_path / f"a{suffix}", grey)
    assert np.abs(read_clip(tmp_path / f"a{suffix}", 4, (48, 64), 1).astype(int) - grey).max() < 4


def test_without_pyav(tmp_path, monkeypatch):
    write_clip(tmp_path / "a.mp4", ramps(2))
    write_clip(tmp_path / "a.gif", ramps(2))
    genuine = builtins.__import__

    def missing(name, *arguments):
        if name == "av":
            raise ImportError("No module named 'av'")
        return genuine(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", missing)
    for failing in (lambda: read_clip(tmp_path / "a.mp4"), video_streams.check_video_package):
        with pytest.raises(SeqtasksError, match=r'No module .* pip install "seqtasks\[video\]"'):
            failing()
    assert read_clip(tmp_path / "a.gif").shape == (16, 64, 64, 3)


@pytest.mark.parametrize(("frames", "size", "channels"), [(3, 9, 3), (8, (50, 20), 3), (5, 48, 1)])
def test_arrays_are_fitted_as_files_are_read(frames, size, channels):
    clip = ramps(5) // 64 * 64  # few colours, which GIF keeps
    content = encode_gif(clip)
    np.testing.assert_array_equal(fit_clip(clip, frames, size, channels), read_clip(content, frames, size, channels))


def test_arrays_that_fit_stay_as_they_are():
    clip = ramps(3)
    assert fit_clip(clip, 3, (48, 64)) is clip
    grey = clip[..., :1]
    assert fit_clip(grey, 3, (48, 64), channels=1) is grey
    np.testing.assert_array_equal(fit_clip(grey, 3, (48, 64)), np.repeat(grey, 3, axis=3))


def test_arrays_that_are_no_clips():
    with pytest.raises(ValueError, match=r"clip must be uint8 \[T, H, W, 1 or 3\]. Received: int64 \[2, 48, 64, 3\]"):
        fit_clip(ramps(2).astype(int))
    for empty in (ramps(2)[:0], ramps(2)[:, :0]):
        with pytest.raises(DataError, match="the clip is empty"):
            fit_clip(empty)
