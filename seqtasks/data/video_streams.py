"""Decodes frames out of video files, and encodes them, through PyAV."""

import contextlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from seqtasks.data.video_formats import WRITTEN
from seqtasks.errors import DataError, SeqtasksError
from seqtasks.files import replacing


class _NoClipError(Exception):
    """A file that can be opened, but holds no whole clip."""


def read_video(file, wanted: Callable[[int], list[int]], path=None) -> list[np.ndarray]:
    """Returns some frames of a video, upright.

    Args:
        file: The file, open and seekable.
        wanted: A function from how many frames there are to the indices of those to return, in order.
        path: The file's name, for error messages.

    Returns:
        Frames as uint8 `[H, W, 3]`.

    Raises:
        DataError: If it is no video, is broken, or has no frames.
        SeqtasksError: If PyAV is not installed.
    """
    av = _av()
    try:
        taken = _take_by_time(av, file, wanted)
        return _take_by_order(av, file, wanted) if taken is None else taken
    except _NoClipError as error:
        raise DataError(str(error), path) from error
    except av.FFmpegError as error:
        raise DataError(f"not a video, or a broken one: {error.strerror}", path) from error


def write_video(path, clip: np.ndarray, frames_per_second: float) -> None:
    """Writes frames as a video of the kind that the file's name ends in.

    Args:
        path: The file to make or replace, which ends in one of `WRITTEN`.
        clip: uint8 `[T, H, W, 3]`, height and width even.
        frames_per_second: How fast they follow each other.

    Raises:
        SeqtasksError: If PyAV is not installed.
    """
    av = _av()
    container_name, codec = WRITTEN[Path(path).suffix.lower()]
    with replacing(path) as temporary, av.open(str(temporary), "w", format=container_name) as container:
        stream = container.add_stream(codec, rate=Fraction(frames_per_second).limit_denominator(1000))
        stream.height, stream.width, stream.pix_fmt = clip.shape[1], clip.shape[2], "yuv420p"
        stream.bit_rate = 1_000_000
        for frame in clip:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode(None))


def check_video_package() -> None:
    """Raises a `SeqtasksError` that tells how to install PyAV, if it is not installed."""
    _av()


def _av():
    try:
        import av
    except ImportError as error:
        raise SeqtasksError(f'video needs PyAV: {error}. Install it with pip install "seqtasks[video]"') from error
    return av


@contextlib.contextmanager
def _opened(av, file):
    """Gives a file's container and its first video stream."""
    file.seek(0)
    with av.open(file) as container:
        if not container.streams.video:
            raise _NoClipError("there is no video in the file")
        yield container, container.streams.video[0]


def _packets(container, stream) -> Iterator:
    # The last packet of all is empty and only asks the decoder for what it holds back.
    return (packet for packet in container.demux(stream) if packet.size)


def _take_by_time(av, file, wanted) -> list[np.ndarray] | None:
    """Returns the frames, decoding only the runs from key frame to key frame that hold them.

    None where packets do not say, or not truly, when their frames are shown: then all must be decoded.
    """
    with _opened(av, file) as (container, stream):
        packets = [(packet.pts, packet.is_keyframe) for packet in _packets(container, stream)]
        missing = stream.frames - len(packets) if "mp4" in container.format.name else 0
    if missing > 0:
        raise _NoClipError(f"the video is cut off: {missing} of its {stream.frames} frames are missing")
    times = [time for time, _ in packets]
    if not packets or None in times or len(set(times)) < len(times) or not packets[0][1]:
        return None
    order = sorted(times)
    asked = [order[index] for index in wanted(len(order))]
    starts = [index for index, (_, is_key) in enumerate(packets) if is_key]
    runs = _runs(times, starts, set(asked))
    taken: dict[int, np.ndarray] = {}
    with _opened(av, file) as (container, stream):
        for frame in _decoded(container, stream, starts, runs):
            if frame.pts in asked:
                taken[frame.pts] = _pixels(frame)
                if len(taken) == len(set(asked)):
                    return [taken[time] for time in asked]
    return None


def _runs(times: list[int], starts: list[int], asked: set[int]) -> set[int]:
    """Returns the runs to decode, a run being a key frame and what follows it up to the next one."""
    runs = set()
    for index, time in enumerate(times):
        if time in asked:
            run = bisect_right(starts, index) - 1
            runs.add(run)
            # Shown before the key frame it is stored after, it leans on the run before too.
            if time < times[starts[run]] and run:
                runs.add(run - 1)
    return runs


def _decoded(container, stream, starts: list[int], runs: set[int]) -> Iterator:
    """Yields the frames of some runs."""
    run, fed = -1, False
    for index, packet in enumerate(_packets(container, stream)):
        if run + 1 < len(starts) and index == starts[run + 1]:
            run += 1
            if fed and run not in runs:
                yield from stream.decode(None)
                stream.codec_context.flush_buffers()
                fed = False
        if run in runs:
            fed = True
            yield from stream.decode(packet)
    if fed:
        yield from stream.decode(None)


def _take_by_order(av, file, wanted) -> list[np.ndarray]:
    """Returns the frames, decoding everything, twice: to count and to take."""
    with _opened(av, file) as (container, stream):
        count = sum(1 for _ in container.decode(stream))
    if not count:
        raise _NoClipError("the video has no frames")
    asked, taken = wanted(count), {}
    with _opened(av, file) as (container, stream):
        for index, frame in enumerate(container.decode(stream)):
            if index in asked:
                taken[index] = _pixels(frame)
    return [taken[index] for index in asked]


def _pixels(frame) -> np.ndarray:
    # Phones store what they film as the sensor sees it, and beside it by how much to turn it.
    turns = round(getattr(frame, "rotation", 0) / 90)
    return np.rot90(frame.to_ndarray(format="rgb24"), turns)
