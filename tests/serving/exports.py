"""Folders that look like exports, for what reads their names alone."""

from pathlib import Path


def make_exports(folder, **versions) -> Path:
    """Makes `folder/<task>/<version>/saved_model.pb`, empty files, and returns `folder`."""
    for task, numbers in versions.items():
        for number in numbers:
            version = Path(folder) / task / str(number)
            version.mkdir(parents=True)
            (version / "saved_model.pb").write_bytes(b"")
    return Path(folder)
