"""Compiled programs kept on disk, so that only the first run on a machine waits for the compiler."""

import hashlib
import os
import platform
from importlib import metadata
from pathlib import Path

_FLAG = "--tf_xla_persistent_cache_directory"


def enable_compilation_cache() -> None:
    """Lets XLA keep what it compiles under `$XDG_CACHE_HOME/seqtasks` or `~/.cache/seqtasks`.

    Has an effect if nothing has been compiled in this process yet. `TF_XLA_FLAGS` that name a
    cache already are left alone; `SEQTASKS_COMPILATION_CACHE=off` turns it off.
    """
    flags = os.environ.get("TF_XLA_FLAGS", "")
    if _FLAG in flags or os.environ.get("SEQTASKS_COMPILATION_CACHE", "").lower() == "off":
        return
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "seqtasks" / f"xla-{_machine()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # a read-only home: compile every time
        return
    if " " not in str(folder) and os.access(folder, os.W_OK):
        os.environ["TF_XLA_FLAGS"] = f"{flags} {_FLAG}={folder}".strip()


def _machine() -> str:
    """Names what compiled code depends on: TensorFlow's version and the processor."""
    processor = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(errors="replace").splitlines()
        processor = "".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))
    key = f"{metadata.version('tensorflow')} {platform.machine()} {processor}"
    return hashlib.sha256(key.encode()).hexdigest()[:16]
