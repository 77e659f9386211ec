"""`seqtasks new`: a task file that works, to start from."""

from pathlib import Path

from seqtasks import registry
from seqtasks.errors import UsageError, did_you_mean
from seqtasks.files import write_text
from seqtasks.task import MANY_TO_ONE
from seqtasks.training.task_templates import TEMPLATES


def new_task(name: str, path=None, *, family: str = MANY_TO_ONE, force: bool = False) -> Path:
    """Writes a new task file. It trains as it is, on a handful of generated examples.

    Args:
        name: The task's name, a Python identifier.
        path: Where to write; `<name>.py` in the current folder when None.
        family: `"many_to_many"` for one tag a word, `"many_to_one"` for one label a text, `"one_to_many"` for texts
            that go on, `"encoder_decoder"` for a text that becomes another one.
        force: Replace the file if it exists.

    Returns:
        The file's path. It is tried with `seqtasks run NAME --code PATH`.

    Raises:
        UsageError: For a name that is taken or no identifier, an unknown family, or a file that exists.
    """
    if not name.isidentifier() or not name.isascii():
        raise UsageError(f"a task's name is made of letters, digits and _. Received: {name!r}")
    if name in registry.names():
        raise UsageError(f"there is a task {name!r} already: {registry.get(name).origin}")
    if family not in TEMPLATES:
        raise UsageError(f"unknown family {family!r}." + did_you_mean(family, TEMPLATES))
    path = Path(path or f"{name}.py")
    if path.is_dir():
        path = path / f"{name}.py"
    if path.exists() and not force:
        raise UsageError(f"{path} exists. Replace it with --force")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent}: no such folder")
    write_text(path, TEMPLATES[family].replace("NAME", name))
    return path
