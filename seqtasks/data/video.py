"""Reads and writes short clips of video as arrays of frames."""

import io
from pathlib import Path

import numpy as np

from seqtasks.data.video_formats import SUFFIXES, check_size
from seqtasks.data.video_streams import read_video, write_video
from seqtasks.errors import DataError
from seqtasks.files import replacing

_GIF = b"GIF8"


def read_clip(source, frames: int = 16, size: int | tuple[int, int] = 64, channels: int = 3, path=None) -> np.ndarray:
    """Returns frames sampled evenly over a clip.

    The clip is cut into as many equal parts as frames are asked for, and the frame in the middle of
    each is taken. Frames are counted, not seconds; a clip that has fewer gives some of them twice.
    They are stretched to the size, whatever their own, with a triangle as wide as what a pixel covers
    (antialiased bilinear). Of a long video, only the parts that hold those frames are decoded.

    Files that are cut off are refused where that shows: in MP4 always, in GIF up to the last frame that is
    taken, in AVI, Matroska and WebM hardly ever, for these seem whole up to where they end.

    Args:
        source: A file, or the content of one as bytes. GIF is read by Pillow, everything else by PyAV.
        frames: How many frames to take.
        size: Height and width of the frames, or one number for both.
        channels: 3 for red, green and blue, or 1 for grey.
        path: The file to name in error messages, where `source` is bytes.

    Returns:
        uint8 `[frames, height, width, channels]`.

    Raises:
        DataError: If the file is of a kind that cannot be read, is broken, or holds no video.
        SeqtasksError: If PyAV is not installed.
    """
    height, width = check_size(frames, size, channels)
    if isinstance(source, bytes):
        file = io.BytesIO(source)
    else:
        path = source
        try:
            file = open(source, "rb")  # noqa: SIM115 - closed below
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", path) from error
    with file:
        start = file.read(len(_GIF))
        if not start:
            raise DataError("the file is empty", path)
        file.seek(0)
        if start == _GIF:
            images = _read_gif(file, frames, path)
        else:
            images = map(_image, read_video(file, lambda count: sampled(count, frames), path))
        mode = "L" if channels == 1 else "RGB"
        taken = [_resized(image, mode, (width, height)) for image in images]
    return np.stack(taken).reshape(frames, height, width, channels)


def fit_clip(clip, frames: int = 16, size: int | tuple[int, int] = 64, channels: int = 3) -> np.ndarray:
    """Returns frames sampled and resized as `read_clip` does it; those that fit stay as they are.

    Args:
        clip: uint8 `[T, H, W, 3]` or `[T, H, W, 1]`.
        frames: How many frames to take.
        size: Height and width of the frames, or one number for both.
        channels: 3 for red, green and blue, or 1 for grey.

    Returns:
        uint8 `[frames, height, width, channels]`.

    Raises:
        DataError: If the clip has no frames, or they have no pixels.
    """
    height, width = check_size(frames, size, channels)
    check_clip(clip)
    if not clip.size:
        raise DataError(f"the clip is empty: {' x '.join(map(str, clip.shape))}")
    if clip.shape == (frames, height, width, channels):
        return clip
    mode = "L" if channels == 1 else "RGB"
    taken = [_resized(_image(clip[index]), mode, (width, height)) for index in sampled(len(clip), frames)]
    return np.stack(taken).reshape(frames, height, width, channels)


def check_clip(clip: np.ndarray) -> None:
    """Raises a `ValueError` where an array is no clip."""
    if clip.dtype != np.uint8 or clip.ndim != 4 or clip.shape[3] not in (1, 3):
        raise ValueError(f"clip must be uint8 [T, H, W, 1 or 3]. Received: {clip.dtype} {list(clip.shape)}")


def write_clip(path, clip, frames_per_second: float = 8) -> None:
    """Writes frames as a clip: an animated GIF, or a video of the kind that the file's name ends in.

    GIF has 256 colours a frame, and where frames that follow each other are all the same, Pillow makes
    one long frame of them. The other kinds lose detail too.

    Args:
        path: The file to make or replace, which ends in one of `SUFFIXES`.
        clip: uint8 `[T, H, W, 3]` or `[T, H, W, 1]`; height and width must be even, but for GIF.
        frames_per_second: How fast they follow each other.

    Raises:
        SeqtasksError: If PyAV is not installed and the clip is no GIF.
    """
    clip, suffix = np.asarray(clip), Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"path must end in {', '.join(SUFFIXES)}. Received: {path}")
    if clip.dtype != np.uint8 or clip.ndim != 4 or not clip.size or clip.shape[3] not in (1, 3):
        raise ValueError(f"clip must be uint8 [T, H, W, 1 or 3], not empty. Received: {clip.dtype} {clip.shape}")
    if suffix == ".gif":
        content = encode_gif(clip, frames_per_second)
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        return
    if clip.shape[1] % 2 or clip.shape[2] % 2:
        raise ValueError(f"height and width must be even for {suffix}. Received: {clip.shape[1]} x {clip.shape[2]}")
    write_video(path, np.broadcast_to(clip, (*clip.shape[:3], 3)), frames_per_second)


def encode_gif(clip: np.ndarray, frames_per_second: float = 8) -> bytes:
    """Returns the content of a GIF file; see `write_clip`."""
    images, content = [_image(frame) for frame in clip], io.BytesIO()
    duration = round(1000 / frames_per_second)
    images[0].save(content, format="GIF", save_all=True, append_images=images[1:], duration=duration, loop=0)
    return content.getvalue()


def sampled(count: int, frames: int) -> list[int]:
    """Returns which of a clip's `count` frames are taken: the middle one of each of `frames` equal parts."""
    return [(2 * part + 1) * count // (2 * frames) for part in range(frames)]


def _image(frame: np.ndarray):
    from PIL import Image

    return Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else np.ascontiguousarray(frame))


def _resized(image, mode: str, size: tuple[int, int]) -> np.ndarray:
    from PIL import Image

    return np.asarray(image.convert(mode).resize(size, Image.Resampling.BILINEAR))


def _read_gif(file, frames: int, path) -> list:
    from PIL import Image

    taken = {}
    try:
        with Image.open(file, formats=["GIF"]) as gif:
            wanted = sampled(gif.n_frames, frames)
            for index in sorted(set(wanted)):
                gif.seek(index)
                taken[index] = gif.convert("RGB")
    # Broken bytes surface as whatever the part of Pillow at hand happens to raise, mostly of no help.
    except Exception as error:
        raise DataError("the GIF is broken or cut off", path) from error
    return [taken[index] for index in wanted]
