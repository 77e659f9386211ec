"""Writing files whole or not at all."""

import os
import uuid
from pathlib import Path


def write_bytes(path, data: bytes) -> None:
    """Writes a file under a temporary name and renames it into place.

    Args:
        path: The file's path; its folder must exist.
        data: Its content.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text: str) -> None:
    """Writes UTF-8 text under a temporary name and renames it into place."""
    write_bytes(path, text.encode("utf-8"))
