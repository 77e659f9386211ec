"""From what the user asked for to a resolved configuration, examples and an encoding pipeline."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from seqtasks.config import Config
from seqtasks.errors import DataError, UsageError
from seqtasks.task import Task

BUILTIN = "builtin"


def resolve_config(
    task: Task,
    data: str = BUILTIN,
    settings: Mapping[str, Any] | None = None,
    config_file=None,
    seed: int | None = None,
) -> Config:
    """Returns a task's configuration with everything the user changed.

    Later changes win: the task's own for the source, the file's, `settings`, `seed`.

    Args:
        task: The task.
        data: The source.
        settings: Values by configuration key.
        config_file: A JSON or TOML file of sections and fields; a run's config.json is one.
        seed: The seed.

    Raises:
        UsageError: For an unknown key, a wrong value or an unreadable file.
    """
    config = task.config_for(data)
    if config_file is not None:
        config = config.override(read_config_file(config_file))
    return config.override(changes_of(settings, seed))


def changes_of(settings: Mapping[str, Any] | None, seed: int | None) -> dict[str, Any]:
    """Returns `settings`, and the seed as one of them."""
    return {**(settings or {}), **({} if seed is None else {"training.seed": seed})}


def read_config_file(path) -> dict[str, Any]:
    """Returns the values of a JSON or TOML file by `section.field`.

    Args:
        path: The file. Its sections are those of `Config`; keys at the top are fields by themselves.

    Raises:
        UsageError: If it cannot be read.
    """
    path = Path(path)
    if path.suffix not in (".json", ".toml"):
        raise UsageError(f"--config must be a .json or .toml file. Received: {path}")
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise UsageError(f"--config {path}: {getattr(error, 'strerror', None) or error}") from None
    if not isinstance(values, dict):
        raise UsageError(f"--config {path}: sections with fields are needed. Received: {type(values).__name__}")
    values = values["config"] if isinstance(values.get("config"), dict) else values
    changes = {}
    for key, value in values.items():
        if not isinstance(value, dict):
            changes[key] = value
            continue
        changes |= {f"{key}.{field}": inner for field, inner in value.items() if field != "type"}
    return changes


def parse_features(text: str | None) -> dict[str, str]:
    """Reads `text=description,label=label` as columns by the names that the task knows.

    Raises:
        UsageError: For a part without `=`.
    """
    features = {}
    for part in filter(None, (text or "").split(",")):
        name, equals, column = (piece.strip() for piece in part.partition("="))
        if not (name and equals and column):
            raise UsageError(f"--features is written NAME=COLUMN,NAME=COLUMN. Received: {text!r}")
        features[name] = column
    return features


# What a section of inputs says of how files are read.
_FROM_INPUTS = ("frames_per_quarter", "drums", "frames", "frame_size", "channels", "sample_rate")


def read_data(task: Task, data: str, source_options: Mapping[str, Any], config: Config, needed: str = "train"):
    """Reads a source.

    Args:
        task: The task.
        data: The source.
        source_options: `data_dir`, `features` and `skip_bad_rows`, where given.
        config: The configuration; its seed also seeds built-in data and held-out parts.
        needed: The split that must be there if there is no train split.

    Returns:
        A `seqtasks.data.dataset.Dataset` with train, validation and test splits; without train, with
        those that are there.
    """
    from seqtasks.data.sources import ReadOptions, open_source

    options = ReadOptions(
        **source_options,
        seed=config.training.seed,
        validation_fraction=config.training.validation_fraction,
        **{name: getattr(config.inputs, name, None) for name in _FROM_INPUTS},
        needed=needed,
    )
    return open_source(task, data, options)


def encode_within_limits(pipeline, dataset, split: str, skip_bad_rows: bool):
    """Returns what the pipeline's `encode` makes of a split whose texts are no longer than the model takes elsewhere.

    Texts that are read window by window, or cut off, are never too long; nor are genomes, which training cuts
    into windows.

    Args:
        pipeline: The fitted pipeline.
        dataset: The data set; with `skip_bad_rows` the split loses the examples concerned.
        split: The split.
        skip_bad_rows: Leave such examples out and say so, instead of failing.

    Raises:
        DataError: If there is such a text, or no other one.
    """
    from seqtasks.data.dataset import counted
    from seqtasks.data.limits import Limits
    from seqtasks.sections import Bases

    inputs, examples = pipeline.config.inputs, dataset.splits[split]
    encoded, limits = pipeline.encode(examples, labelled=False), Limits(inputs)
    genomes = isinstance(inputs, Bases) and inputs.window
    in_windows = genomes or getattr(inputs, "context", "example") != "example"
    if limits.longest is None or in_windows:
        return encoded
    end = 1 if getattr(pipeline, "ends", False) else 0
    lengths = [int(length) - end for length in getattr(encoded, "lengths", ())]
    bad = {i: length for i, length in enumerate(lengths) if length > limits.longest}
    if not bad:
        return encoded
    if not skip_bad_rows or len(bad) == len(examples):
        first, length = next(iter(bad.items()))
        place = dataset.places[split][first] if dataset.places.get(split) else ()
        where = "" if place else f"{dataset.source}, example {first + 1}: "
        raise DataError(
            f"{where}too long: {length} {limits.symbols}, at most {limits.longest} are taken. Cut it into parts, or "
            "leave such examples out with --skip-bad-rows",
            *place,
        )
    dataset.skipped += len(bad)
    dropped = counted(len(bad), f"{split} example")
    dataset.notes.append(f"left out {dropped} of more than {limits.longest} {limits.symbols}")
    kept = [i for i in range(len(examples)) if i not in bad]
    dataset.splits[split], dataset.places[split] = dataset.take(split, kept)
    return pipeline.encode(dataset.splits[split], labelled=False)


def refuse_unseen_labels(pipeline, dataset, splits: Iterable[str], skip_bad_rows: bool) -> None:
    """Sees to it that every label of the other splits was seen in training.

    Args:
        pipeline: The fitted pipeline.
        dataset: The data set; with `skip_bad_rows` its splits lose the examples concerned.
        splits: The splits to look at.
        skip_bad_rows: Leave such examples out and say so, instead of failing.

    Raises:
        DataError: If there is such a label.
    """
    from seqtasks.data.dataset import counted

    for split in splits:
        unseen = pipeline.unseen_labels(dataset.splits[split])
        if not unseen:
            continue
        shown = ", ".join(map(repr, unseen[:5])) + (", ..." if len(unseen) > 5 else "")
        examples = dataset.splits[split]
        bad = {i for i, example in enumerate(examples) if pipeline.unseen_labels([example])}
        if not skip_bad_rows:
            first = min(bad)
            place = dataset.places[split][first] if dataset.places.get(split) else ()
            where = "" if place else f"{dataset.source}, example {first + 1}: "
            raise DataError(
                f"{where}the {split} split has labels that the train split never shows: {shown}. "
                "Mend the data, or leave such examples out with --skip-bad-rows",
                *place,
            )
        if len(bad) == len(examples):
            raise DataError(f"{dataset.source}: no example of the {split} split has labels that the train split shows")
        dataset.skipped += len(bad)
        dropped = counted(len(bad), f"{split} example")
        dataset.notes.append(f"left out {dropped} with labels never seen in training: {shown}")
        kept = [i for i in range(len(examples)) if i not in bad]
        dataset.splits[split], dataset.places[split] = dataset.take(split, kept)
