"""What people give to a model, and the rows of its signatures' arguments."""

import importlib
from typing import Any, Protocol

from seqtasks.sections import Clip, Sound


class RawInputs(Protocol):
    """Turns what people give into rows of arguments.

    What they give is loaded once, and goes about as loaded from then on.
    """

    what: str
    """What is given, in words for error messages, as `"texts, each a str"`."""

    key: str
    """The name under which a prediction shows what went in."""

    hard: tuple
    """Loaded inputs that an export must also stand."""

    def load(self, given) -> Any:
        """Returns what was given, loaded; what is loaded already stays as it is.

        Raises:
            UsageError: For something else than the model reads.
            DataError: If a file cannot be read.
        """

    def show(self, loaded) -> str:
        """Returns a loaded input as a prediction shows it."""

    def size(self, loaded) -> int:
        """Returns about how many bytes of text would take as much memory; see `seqtasks.serving.rows`."""

    def arguments(self, signature: str, loaded: list) -> dict[str, list]:
        """Returns the rows of a signature's arguments by name: bytes, numbers, or arrays that may differ in length."""


_KINDS = {Sound: ("sound_inputs", "SoundInputs"), Clip: ("clip_inputs", "ClipInputs")}


def raw_inputs(config) -> RawInputs:
    """Returns what reads the raw inputs of a model.

    Args:
        config: The run's configuration.
    """
    module, name = _KINDS.get(type(config.inputs), ("text_inputs", "TextInputs"))
    return getattr(importlib.import_module(f"seqtasks.serving.{module}"), name)(config.inputs)
