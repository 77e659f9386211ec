"""The registry of tasks: the package's own, installed plug-ins', and files given with `--code`.

Looking up a task imports its file and nothing of TensorFlow.
"""

import dataclasses
import hashlib
import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from seqtasks.errors import SeqtasksError, UsageError, did_you_mean
from seqtasks.task import Task

ENTRY_POINT_GROUP = "seqtasks.tasks"


@dataclass(frozen=True)
class BrokenTask:
    """A task file that could not be imported.

    Args:
        name: The file's or entry point's name.
        origin: Where it is.
        reason: Why the import failed, in one line.
    """

    name: str
    origin: str
    reason: str


@dataclass(frozen=True)
class _Entry:
    factory: Callable[[], Task]
    origin: str
    description: str


_entries: dict[str, _Entry] = {}
_broken: dict[str, BrokenTask] = {}
_discovered = False


def register(name: str) -> Callable:
    """Registers the decorated zero-argument factory of a `Task` under `name`.

    Raises:
        SeqtasksError: If another place has registered the name already.
    """

    def decorate(factory: Callable[[], Task]) -> Callable[[], Task]:
        code = factory.__code__
        origin = f"{code.co_filename}:{code.co_firstlineno}"
        known = _entries.get(name)
        if known and known.origin != origin:
            raise SeqtasksError(f"task {name!r} is registered twice: in {known.origin} and in {origin}")
        module = sys.modules.get(factory.__module__)
        text = inspect.getdoc(factory) or inspect.getdoc(module) or ""
        _entries[name] = _Entry(factory, origin, text.partition("\n")[0])
        return factory

    return decorate


def get(name: str) -> Task:
    """Returns the task registered under `name`.

    Raises:
        UsageError: For an unknown name; it lists the nearest ones.
        SeqtasksError: For a task whose file cannot be imported.
    """
    _discover()
    if name in _broken and name not in _entries:
        broken = _broken[name]
        raise SeqtasksError(f"task {name!r} ({broken.origin}) cannot be imported: {broken.reason}")
    if name not in _entries:
        raise UsageError(
            f"unknown task {name!r}." + did_you_mean(name, _entries) + " A task file of your own is given with --code."
        )
    entry = _entries[name]
    task = entry.factory()
    if not isinstance(task, Task):
        raise SeqtasksError(f"{entry.origin}: the factory of task {name!r} must return a Task. Received: {task!r}")
    return dataclasses.replace(task, name=name, description=entry.description, origin=entry.origin)


def names() -> list[str]:
    """Returns the names of all tasks that can be used, sorted."""
    _discover()
    return sorted(_entries)


def broken() -> list[BrokenTask]:
    """Returns the task files that could not be imported."""
    _discover()
    return [_broken[name] for name in sorted(_broken)]


def load_code(path) -> None:
    """Imports a Python file of the user's that registers tasks, as `--code FILE` does.

    Raises:
        UsageError: If there is no such file.
        SeqtasksError: If it cannot be imported.
    """
    path = Path(path).resolve()
    if not path.is_file():
        raise UsageError(f"--code {path}: no such file")
    module_name = f"_seqtasks_code_{path.stem}_{hashlib.sha1(str(path).encode()).hexdigest()[:8]}"
    if module_name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None:
        raise UsageError(f"--code {path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except SeqtasksError:
        del sys.modules[module_name]
        raise
    except Exception as error:
        del sys.modules[module_name]
        raise SeqtasksError(f"--code {path}: {_reason(error)}") from error


def _discover() -> None:
    global _discovered
    if _discovered:
        return
    _discovered = True
    package = importlib.import_module("seqtasks.tasks")
    for found in pkgutil.iter_modules(package.__path__):
        _try_import(
            found.name, f"seqtasks.tasks.{found.name}", str(Path(found.module_finder.path) / f"{found.name}.py")
        )
    for point in metadata.entry_points(group=ENTRY_POINT_GROUP):
        _try_import(point.name, point.module, f"entry point {point.name} = {point.value}")


def _try_import(name: str, module: str, origin: str) -> None:
    try:
        importlib.import_module(module)
    except Exception as error:  # shown by `seqtasks list`, raised by `get`
        _broken[name] = BrokenTask(name, origin, _reason(error))


def _reason(error: Exception) -> str:
    where = f" (line {error.lineno})" if isinstance(error, SyntaxError) else ""
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}{where}"
