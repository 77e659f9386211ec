"""Writes text files, packed where their names say so."""

import gzip
from pathlib import Path

from seqtasks.files import replacing


def write_text(path, text: str) -> None:
    """Writes a UTF-8 text file in one piece.

    Args:
        path: The file; one that ends in `.gz` is packed.
        text: What it is to hold.
    """
    content = text.encode("utf-8")
    if Path(path).suffix.lower() == ".gz":
        # Without the time, the same text makes the same file.
        content = gzip.compress(content, mtime=0)
    with replacing(path) as temporary:
        temporary.write_bytes(content)
