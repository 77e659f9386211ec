"""The memory a call needs while it runs."""

import ctypes
import gc
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def growth(call) -> float | None:
    """Returns by how many MiB the process grows while `call` runs, at most; None where Linux does not tell.

    What the process already holds and uses again is not counted, so free memory is given back first.
    """
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
        _CLEAR.write_text("5")
        before = _kib("VmRSS")
    except (OSError, AttributeError):
        return None
    call()
    return max(_kib("VmHWM") - before, 0) / 1024


def _kib(name: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(name + ":"))
    return int(line.split()[1])
