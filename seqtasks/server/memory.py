"""The memory of a process that serves: given back while requests go on being answered."""

import contextlib
import ctypes
import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path

_LOOK_SECONDS = 5.0
_MUCH = 256 * 2**20


def give_back_memory() -> None:
    """Frees what was unloaded: its graph, whose operations refer to one another, and the pages that it leaves empty."""
    gc.collect()
    give_back_pages()


def give_back_pages() -> None:
    """Gives the pages back that nothing is on: large requests leave them empty, and glibc keeps them for the next."""
    with contextlib.suppress(OSError, AttributeError):  # glibc alone has it
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def serving_process() -> Iterator[None]:
    """Keeps garbage collections short and empty pages few until the block ends.

    For a process that only serves. What exists now is kept out of Python's collections: TensorFlow's modules are
    400,000 objects, and to look through them all, as after the end of a version, stops every thread for a fifth of a
    second. And whenever the process has grown much, it gives back the pages that it does not use.
    """
    import tensorflow  # noqa: F401 (what is imported later is not kept out)

    ended = threading.Event()
    keeper = threading.Thread(target=_keep_pages_few, args=(ended,), name="memory", daemon=True)
    gc.collect()
    gc.freeze()
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
        gc.unfreeze()


def _keep_pages_few(ended: threading.Event, seconds: float = _LOOK_SECONDS, much: int = _MUCH) -> None:
    """Looks at the process's size again and again, and gives pages back when it has grown by `much` bytes."""
    least = _resident()
    while least is not None and not ended.wait(seconds):
        size = _resident()
        if size > least + much:
            give_back_pages()
            size = least = _resident()
        least = min(least, size)


def _resident() -> int | None:
    """Returns the bytes of memory that the process has, or None where Linux's file does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
