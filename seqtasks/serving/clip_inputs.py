"""Clips of video as the rows of a signature's arguments."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqtasks.data.video import encode_gif, fit_clip, read_clip
from seqtasks.errors import DataError, UsageError

PIXELS_A_BYTE = 300
"""About how many pixels take as much memory, by what the convolutions make of them, as a byte of text does."""


class LoadedClip(NamedTuple):
    """A clip as the model reads it.

    Args:
        name: How a prediction shows it.
        frames: uint8 `[T, frame_size, frame_size, channels]`.
    """

    name: str
    frames: np.ndarray


class ClipInputs:
    """Reads clips; see `seqtasks.serving.raw_inputs.RawInputs`.

    They are sampled and resized here, by `seqtasks.data.video` as the training examples were. Exports resize larger
    ones too, but round a little otherwise.

    Args:
        inputs: The configuration's section of inputs.
    """

    what = "clips, each the path of a file, its bytes, or an array of frames"
    key = "file"

    def __init__(self, inputs):
        self.inputs = inputs

    @property
    def hard(self) -> tuple[LoadedClip, ...]:
        """A clip of one frame, a black one, and one without frames."""
        size, channels = self.inputs.frame_size, self.inputs.channels
        ramp = np.linspace(0, 255, size * size * channels).reshape(1, size, size, channels)
        return (
            LoadedClip("one frame", ramp.astype(np.uint8)),
            LoadedClip("black", np.zeros((self.inputs.frames, size, size, channels), np.uint8)),
            LoadedClip("no frames", np.zeros((0, size, size, channels), np.uint8)),
        )

    def load(self, given) -> LoadedClip:
        """Returns the clip, sampled and resized.

        Args:
            given: The path of a clip, the content of one as bytes, or frames of any number, height and width, uint8
                `[T, H, W, 3]` or `[T, H, W, 1]`.

        Raises:
            UsageError: For anything else.
            DataError: If the file cannot be read.
            SeqtasksError: If PyAV is needed and not installed.
        """
        if isinstance(given, LoadedClip):
            return given
        wanted = self.inputs.frames, self.inputs.frame_size, self.inputs.channels
        if isinstance(given, str | Path):
            return LoadedClip(str(given), read_clip(given, *wanted))
        if isinstance(given, bytes):
            return LoadedClip(f"clip of {len(given):,} bytes", read_clip(given, *wanted))
        if not isinstance(given, np.ndarray):
            raise UsageError(f"expected a list of {self.what}. Received: {given!r}")
        try:
            frames = fit_clip(given, *wanted)
        except (ValueError, DataError) as error:
            raise UsageError(str(error)) from None
        return LoadedClip(f"clip of {len(given)} frames, {given.shape[2]} x {given.shape[1]}", frames)

    def show(self, loaded: LoadedClip) -> str:
        """Returns the path, or how large the clip is."""
        return loaded.name

    def size(self, loaded: LoadedClip) -> int:
        """Returns a size that grows with the pixels."""
        return 1 + loaded.frames[..., 0].size // PIXELS_A_BYTE

    def arguments(self, signature: str, loaded: list[LoadedClip]) -> dict[str, list]:
        """Returns `frames` and `length`, or for the signature `gif` the content of GIF files, `gif_bytes`.

        A GIF has at least one frame: of a clip without any it is black.
        """
        if signature == "gif":
            _, (_, black), _ = self.hard
            return {"gif_bytes": [encode_gif(clip.frames if len(clip.frames) else black[:1]) for clip in loaded]}
        return {"frames": [clip.frames for clip in loaded], "length": [len(clip.frames) for clip in loaded]}
