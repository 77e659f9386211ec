"""Numbered version folders in TF Serving's layout, published whole or not at all."""

import errno
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from seqtasks.errors import SeqtasksError, UsageError

_SYSTEM_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.ENOTDIR, errno.EIO)


class InterruptedExportError(SeqtasksError):
    """Ctrl-C while an export was written."""

    exit_code = 130


def versions(folder) -> list[int]:
    """Returns the version numbers in a task's export folder, smallest first."""
    folder = Path(folder)
    if not folder.is_dir():
        return []
    return sorted(int(entry.name) for entry in folder.iterdir() if _is_version(entry.name) and entry.is_dir())


def next_version(folder) -> int:
    """Returns the version after the largest in `folder`; 1 if it has none."""
    return max(versions(folder), default=0) + 1


def write_version(folder, write: Callable[[Path], None], *, version: int | None = None, force: bool = False) -> Path:
    """Lets `write` fill a temporary folder, then makes it a version by renaming.

    The temporary folder is a sibling whose name starts with a dot, which TF Serving never reads.

    Args:
        folder: The task's export folder; made if there is none.
        write: Fills the folder it is given.
        version: The version's number; by default the next free one.
        force: Replace the version if it exists.

    Returns:
        The version's folder.

    Raises:
        UsageError: If `version` exists and `force` is not set, or is no positive number.
        SeqtasksError: If anything fails; nothing of the version is left then.
    """
    folder = Path(folder)
    if version is not None and version < 1:
        raise UsageError(f"a version is a number from 1 on. Received: {version}")
    if version in versions(folder) and not force:
        raise UsageError(f"{folder / str(version)} exists. Choose another version, or replace it with --force.")
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    temporary = folder / f".writing-{uuid.uuid4().hex[:12]}"
    try:
        temporary.mkdir(parents=True)
        write(temporary)
        return _publish(temporary, folder, version, force)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        _remove_empty(made)
        if isinstance(error, (SeqtasksError, SystemExit)):
            raise
        raise _explained(error, folder) from error


def _is_version(name: str) -> bool:
    return name.isascii() and name.isdigit()


def _publish(temporary: Path, folder: Path, version: int | None, force: bool) -> Path:
    if version is not None:
        return _rename(temporary, folder / str(version), force)
    while True:  # another export may take the number between the look and the rename
        target = folder / str(next_version(folder))
        try:
            return _rename(temporary, target, force=False)
        except OSError:
            if not target.exists():
                raise


def _rename(temporary: Path, target: Path, force: bool) -> Path:
    if not (force and target.exists()):
        os.rename(temporary, target)
        return target
    old = target.with_name(f".replaced-{uuid.uuid4().hex[:12]}")
    os.rename(target, old)
    try:
        os.rename(temporary, target)
    except BaseException:
        os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
    return target


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:  # never made, or another export is using it
            return


def _explained(error: BaseException, folder: Path) -> SeqtasksError:
    if isinstance(error, KeyboardInterrupt):
        return InterruptedExportError(f"export interrupted: nothing was written to {folder}")
    lines = (getattr(error, "message", None) or str(error)).strip().splitlines() or [""]
    # TensorFlow reports the system's errors as its own, behind paths and names of ops.
    reasons = [os.strerror(number) for number in _SYSTEM_ERRORS if os.strerror(number) in lines[0]]
    reason = reasons[0] if reasons else f"{type(error).__name__}: {lines[0]}"
    return SeqtasksError(
        f"{folder}: the export could not be written: {reason}. Nothing was left there; "
        "mend that, or choose another folder with --export-dir."
    )
