"""Giving memory back while requests go on being answered."""

import contextlib
import ctypes
import gc
from collections.abc import Iterator


def give_back_memory() -> None:
    """Frees what was unloaded: its graph, whose operations refer to one another, and the pages that it leaves empty."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # glibc alone has it
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def short_collections() -> Iterator[None]:
    """Keeps what exists now out of Python's garbage collections until the block ends.

    For a process that only serves. TensorFlow's modules are 400,000 objects, and to look through them all, as after
    the end of a version, stops every thread for a fifth of a second.
    """
    import tensorflow  # noqa: F401 (what is imported later is not kept out)

    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
