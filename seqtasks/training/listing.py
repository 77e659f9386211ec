"""`seqtasks list`: what there is to train."""

from dataclasses import dataclass
from pathlib import Path

from seqtasks import registry


@dataclass(frozen=True)
class TaskInfo:
    """A line of the list.

    Args:
        name: The task's name.
        family: Its family; empty for a broken task.
        description: What it does, or why it is broken.
        sources: What `--data` may name.
        broken: Whether its file cannot be imported.
    """

    name: str
    family: str
    description: str
    sources: tuple[str, ...] = ()
    broken: bool = False


def list_tasks(code=()) -> list[TaskInfo]:
    """Returns all tasks, the broken ones last.

    Args:
        code: Python files that register more tasks.
    """
    for file in [code] if isinstance(code, str | Path) else code:
        registry.load_code(file)
    tasks = []
    for task in map(registry.get, registry.names()):
        sources = ("builtin", *(f"tfds:{name}" for name in task.sources.tfds), task.sources.files.description)
        tasks.append(TaskInfo(task.name, task.family, task.description, sources))
    for broken in registry.broken():
        tasks.append(TaskInfo(broken.name, "", f"broken: {broken.reason} ({broken.origin})", broken=True))
    return tasks
