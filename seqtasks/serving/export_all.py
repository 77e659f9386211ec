"""`seqtasks export --all`: the latest run of every task that has one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seqtasks import registry
from seqtasks.errors import SeqtasksError, UsageError


@dataclass(frozen=True)
class TaskExport:
    """What became of a task; without a folder and an error it has no run.

    Args:
        task: The task's name.
        folder: The version's folder that was written.
        error: Why none was, in one line.
    """

    task: str
    folder: Path | None = None
    error: str = ""

    def __str__(self) -> str:
        if self.error:
            return f"{self.task}: {self.error}"
        return f"{self.task}: {self.folder}" if self.folder else f"{self.task}: no run"


def export_all(
    output_dir="runs",
    export_dir="saved_models",
    *,
    verify: bool = True,
    report: Callable[[TaskExport], None] = lambda outcome: None,
) -> list[TaskExport]:
    """Exports the latest run of every registered task, each as its next free version.

    A task whose export fails does not keep the others from theirs.

    Args:
        output_dir: Where runs are kept.
        export_dir: Where exports are kept.
        verify: Compare the answers of each export with its model's.
        report: Called with each task's outcome as soon as it is known.

    Returns:
        What became of each task, in the order of their names.

    Raises:
        SeqtasksError: Only when the user interrupts it.
    """
    outcomes = []
    for task in registry.names():
        outcomes.append(_export_one(task, Path(output_dir), export_dir, verify))
        report(outcomes[-1])
    for broken in registry.broken():
        outcomes.append(TaskExport(broken.name, error=f"broken: {broken.reason}"))
        report(outcomes[-1])
    return outcomes


def _export_one(task: str, output_dir: Path, export_dir, verify: bool) -> TaskExport:
    from seqtasks.training.run_folder import resolve

    try:
        # By its folder: where the user stands, one of the task's name may be something else.
        run = resolve(output_dir / task, output_dir)
    except UsageError:
        return TaskExport(task)
    from seqtasks.serving.export import export
    from seqtasks.serving.versions import InterruptedExportError

    try:
        return TaskExport(task, export(run, export_dir=export_dir, output_dir=output_dir, verify=verify))
    except InterruptedExportError:
        raise
    except SeqtasksError as error:
        return TaskExport(task, error=str(error))
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0]
        return TaskExport(task, error=f"{type(error).__name__}: {first}")
