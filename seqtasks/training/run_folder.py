"""The folder of a training run: its layout, and how a verb's RUN argument finds one."""

import contextlib
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from seqtasks.errors import SeqtasksError, UsageError, did_you_mean
from seqtasks.files import write_json


@dataclass(frozen=True)
class RunFolder:
    """Paths inside `runs/<task>/<YYYYmmdd-HHMMSS>[-name]/`.

    Args:
        path: The folder.
    """

    path: Path

    config = property(lambda self: self.path / "config.json")
    environment = property(lambda self: self.path / "environment.json")
    vocabulary = property(lambda self: self.path / "vocabulary")
    last = property(lambda self: self.path / "checkpoints" / "last.npz")
    best = property(lambda self: self.path / "checkpoints" / "best.npz")
    metrics = property(lambda self: self.path / "metrics.jsonl")
    tensorboard = property(lambda self: self.path / "tensorboard")
    evaluation = property(lambda self: self.path / "evaluation")
    samples = property(lambda self: self.path / "samples.txt")
    attention = property(lambda self: self.path / "attention.png")
    report = property(lambda self: self.path / "report.md")

    @staticmethod
    def check_writable(output_dir) -> None:
        """Refuses, before anything is read or trained, a folder in which no run could be made.

        Raises:
            UsageError: For such a folder.
        """
        folder = Path(output_dir).absolute()
        while not folder.exists():
            folder = folder.parent
        if not folder.is_dir():
            raise UsageError(f"--output-dir {output_dir}: {folder} is not a folder")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UsageError(f"--output-dir {output_dir}: {folder} cannot be written to")

    @classmethod
    def create(cls, task: str, output_dir="runs", name: str | None = None) -> "RunFolder":
        """Makes a new folder and points the link `latest` to it.

        Args:
            task: The task's name.
            output_dir: Where runs are kept.
            name: Added to the folder's name.

        Raises:
            UsageError: For a name that cannot be part of a folder's name.
        """
        if name is not None and (not name or "/" in name or os.sep in name or name.startswith(".")):
            raise UsageError(f"--name must be usable in a folder's name. Received: {name!r}")
        parent = Path(output_dir) / task
        parent.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%Y%m%d-%H%M%S") + (f"-{name}" if name else "")
        for attempt in range(1, 1000):
            path = parent / (stamp if attempt == 1 else f"{stamp}-{attempt}")
            try:
                path.mkdir()
            except FileExistsError:
                continue
            _link_latest(path)
            return cls(path)
        raise SeqtasksError(f"{parent / stamp} exists already")

    def discard(self) -> None:
        """Removes the folder, and points the link `latest` to the newest run that is left."""
        shutil.rmtree(self.path, ignore_errors=True)
        link = self.path.parent / "latest"
        if link.is_symlink() and not link.exists():
            link.unlink()
            newest = _latest(self.path.parent)
            if newest:
                _link_latest(newest)
        with contextlib.suppress(OSError):  # other runs are kept there
            self.path.parent.rmdir()

    def write_config(self, values: dict) -> None:
        """Writes config.json: the task, its data, and every field of the configuration."""
        write_json(self.config, values)

    def read_config(self) -> dict:
        """Returns what `write_config` wrote.

        Raises:
            UsageError: If the folder is not a run's.
            SeqtasksError: If its config.json is damaged.
        """
        if not self.config.is_file():
            raise UsageError(f"{self.path} is not a run's folder: it has no config.json")
        try:
            return json.loads(self.config.read_text(encoding="utf-8"))
        except ValueError as error:
            raise SeqtasksError(f"{self.config} is damaged: {error}") from None


def is_export(path) -> bool:
    """Tells whether `path` is the folder of an exported model."""
    return (Path(path) / "saved_model.pb").is_file()


def resolve(run, output_dir="runs") -> Path:
    """Finds the run or export that a verb's RUN argument means.

    Args:
        run: A run's folder, an export's folder (`saved_models/<task>/<version>`, or the folder above
            it for its newest version), or a task's name for that task's latest run.
        output_dir: Where runs are kept.

    Returns:
        A folder with `config.json` (a run) or `saved_model.pb` (an export).

    Raises:
        UsageError: If there is none.
    """
    path = Path(run)
    if (path / "config.json").is_file() or is_export(path):
        return path.resolve() if path.name == "latest" else path
    versions = [child for child in path.iterdir() if child.name.isdigit() and is_export(child)] if path.is_dir() else []
    if versions:
        return max(versions, key=lambda child: int(child.name))
    latest = _latest(Path(output_dir) / str(run)) or (_latest(path) if path.is_dir() else None)
    if latest:
        return latest
    if path.is_dir():
        raise UsageError(f"{path} is neither a run's folder (no config.json) nor an export's (no saved_model.pb)")
    return _no_run(str(run), output_dir)


def _no_run(run: str, output_dir):
    from seqtasks import registry

    if run in registry.names():
        raise UsageError(f"task {run!r} has no run in {output_dir}/ yet. Train one with: seqtasks run {run}")
    if "/" in run or os.sep in run:
        raise UsageError(f"{run}: no such run or export")
    raise UsageError(f"{run!r} is no folder and no task." + did_you_mean(run, registry.names()))


def _latest(folder: Path) -> Path | None:
    link = folder / "latest"
    if (link / "config.json").is_file():
        return folder / link.resolve().name
    # Where links cannot be made, folders' names sort by time.
    if folder.is_dir():
        runs = sorted(child for child in folder.iterdir() if (child / "config.json").is_file())
        return runs[-1] if runs else None
    return None


def _link_latest(path: Path) -> None:
    temporary = path.parent / f".latest-{os.getpid()}"
    try:
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(path.name, target_is_directory=True)
        os.replace(temporary, path.parent / "latest")
    except OSError:
        temporary.unlink(missing_ok=True)


def family_of(folder) -> str:
    """Returns the family of a run's or an export's task, as its folder tells; no TensorFlow is needed.

    Raises:
        SeqtasksError: If the folder is damaged.
    """
    return _told(folder, "family")


def task_of(folder) -> str:
    """Returns the name of a run's or an export's task, as `family_of` does.

    Raises:
        SeqtasksError: If the folder is damaged.
    """
    return _told(folder, "task")


def inputs_of(folder) -> str:
    """Returns the kind of inputs in a run's or an export's configuration, as `"Text"`; as `family_of` does.

    Raises:
        SeqtasksError: If the folder is damaged.
    """
    return _told(folder, "config", "inputs", "type")


def attention_of(folder) -> str:
    """Returns the kind of attention in a run's or an export's configuration, as `family_of` does.

    Raises:
        SeqtasksError: If the folder is damaged.
    """
    return _told(folder, "config", "model", "attention")


def _told(folder, *keys: str):
    folder = Path(folder)
    file = folder / "seqtasks.json" if is_export(folder) else RunFolder(folder).config
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        for key in keys:
            value = value[key]
        return value
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SeqtasksError(f"{file} cannot be read: {error!r}") from error
