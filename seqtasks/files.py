"""Writing files whole or not at all, and JSON Lines."""

import contextlib
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def replacing(path) -> Iterator[Path]:
    """Gives a temporary path to write, which becomes `path` when the block ends well.

    Args:
        path: The file to make or replace; its folder is made where it is missing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text: str) -> None:
    """Writes a UTF-8 text file in one piece, its line ends as they are."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def write_json(path, values: Any) -> None:
    """Writes a JSON file in one piece."""
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def write_json_lines(path, rows) -> None:
    """Writes a JSON Lines file in one piece."""
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def append_json_line(path, row: dict) -> None:
    """Adds one line to a JSON Lines file."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_json_lines(path) -> list[dict]:
    """Returns the rows of a JSON Lines file, or none where there is no file.

    A line that was cut off while it was written is left out.
    """
    path, rows = Path(path), []
    if not path.exists():
        return rows
    # Not `splitlines`, which also cuts at U+2028 and others that JSON leaves as they are.
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        with contextlib.suppress(ValueError):
            rows.append(json.loads(line))
    return rows
