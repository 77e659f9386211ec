"""What clips of video are stored in, and what may be asked of them.

Nothing here imports NumPy, so that listing tasks stays instant.
"""

WRITTEN = {
    ".avi": ("avi", "mpeg4"),
    ".mkv": ("matroska", "h264"),
    ".mov": ("mov", "h264"),
    ".mp4": ("mp4", "h264"),
    ".webm": ("webm", "vp9"),
}
"""By the ending of a file's name, the container and the codec that PyAV writes."""

SUFFIXES = tuple(sorted((".gif", *WRITTEN)))
"""The endings of files that hold clips."""


def check_size(frames: int, size: int | tuple[int, int], channels: int) -> tuple[int, int]:
    """Returns height and width, or raises a `ValueError` where no frames can be of such kind."""
    height, width = (size, size) if isinstance(size, int) else size
    if min(frames, height, width) < 1 or channels not in (1, 3):
        raise ValueError(
            f"frames and size must be positive, and channels 1 or 3. Received: {frames}, {size} and {channels}"
        )
    return height, width
