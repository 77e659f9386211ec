"""How a trained model of music writes it."""

import json
from dataclasses import dataclass
from pathlib import Path

from seqtasks.errors import SeqtasksError


@dataclass(frozen=True)
class MusicSettings:
    """What one must know to read and write a model's pieces.

    Args:
        order: The order of a frame's pitches; see `seqtasks.sections.Frames`.
        frames_per_quarter: How many frames a quarter note has.
        drums: Whether the pitches are drums.
        keys: The names of the keys that it knows.
    """

    order: str
    frames_per_quarter: int
    drums: bool
    keys: tuple[str, ...]


def music_settings(folder) -> MusicSettings | None:
    """Returns the settings of a model of music, and None for a model of anything else.

    Args:
        folder: A run's or an export's folder.

    Raises:
        SeqtasksError: If the folder is damaged.
    """
    from seqtasks.data.music_text import KEY, key_name
    from seqtasks.data.vocabulary import Vocabulary
    from seqtasks.serving.export import DESCRIPTION
    from seqtasks.training.run_folder import RunFolder, is_export

    run, exported = RunFolder(Path(folder)), is_export(folder)
    file = run.path / DESCRIPTION if exported else run.config
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        config = values.get("config", {})
        if config.get("targets", {}).get("type") != "NextFrame":
            return None
        inputs = config["inputs"]
        symbols = [] if exported else Vocabulary.load(run.vocabulary / "symbols.txt").tokens
        keys = values["labels"] if exported else [key_name(symbol) for symbol in symbols if symbol.startswith(KEY)]
        return MusicSettings(inputs["order"], inputs["frames_per_quarter"], inputs["drums"], tuple(keys))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SeqtasksError(f"{file} cannot be read: {error!r}") from error
