"""The numbered folders of a model's versions, as TF Serving reads them."""

import os
from pathlib import Path

_LARGEST = 2**63 - 1


def version_folders(base_path) -> dict[int, Path]:
    """Returns the folders that hold a SavedModel, by version.

    A version's name is a number, zeros in front allowed; everything else there is passed over.

    Args:
        base_path: The folder of a model's versions.

    Raises:
        OSError: If it cannot be read.
    """
    found = {}
    for name in sorted(os.listdir(base_path)):
        if name.isascii() and name.isdigit() and int(name[:20]) <= _LARGEST:
            path = Path(base_path, name)
            if (path / "saved_model.pb").is_file():
                found.setdefault(int(name), path)
    return found


def fingerprint(folder) -> tuple:
    """Returns what is another when a file in `folder` came, went or was written to."""
    files = []
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                entry = os.stat(os.path.join(parent, name))
            except OSError:  # went away since it was listed
                continue
            files.append((parent, name, entry.st_size, entry.st_mtime_ns, entry.st_ino))
    return tuple(sorted(files))
