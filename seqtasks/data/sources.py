"""Opens what `--data` names: the built-in data set, a TFDS builder or the user's own files."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seqtasks.data.dataset import SPLITS, TRAIN, Dataset, complete_splits
from seqtasks.data.folds import take_fold
from seqtasks.errors import UsageError, did_you_mean
from seqtasks.task import FileFormat, Task

BUILTIN = "builtin"
TFDS = "tfds:"


@dataclass(frozen=True)
class ReadOptions:
    """How to read a source.

    Args:
        data_dir: Folder of prepared TFDS data sets; None means `TFDS_DATA_DIR`, then TFDS's own.
        features: Which column or TFDS feature plays which role, as `{"text": "review"}`.
        skip_bad_rows: Leave bad rows out and count them, instead of stopping at the first.
        encoding: Of the user's files; None means UTF-8, then cp1252.
        seed: Seed of generated data and of what is held out.
        validation_fraction: Part of train held out where a split is missing.
        scheme: `"BIO"` if tags are spans, `"plain"` if not; `open_source` takes it from the task.
        frames_per_quarter: Of MIDI files, how many frames a quarter note has; None leaves it to the format.
        drums: Of MIDI files, whether to read the drums; None leaves it to the format.
        frames: Of clips of video, how many frames to take; None leaves it to the format.
        frame_size: Of clips of video, height and width of the frames; None leaves it to the format.
        channels: Of clips of video, 3 for colours or 1 for grey; None leaves it to the format.
        sample_rate: Of sounds, how many samples a second they are brought to; None leaves it to the format.
        fold: Which part of how many is the test split, as `"3/10"`, and all others train; None takes the splits as they
            come.
        needed: The split that must be there if there is no train split: `"train"` to train,
            another one to evaluate on it alone.
    """

    data_dir: str | None = None
    features: Mapping[str, str] = field(default_factory=dict)
    skip_bad_rows: bool = False
    encoding: str | None = None
    seed: int = 1
    validation_fraction: float = 0.1
    scheme: str = "BIO"
    frames_per_quarter: int | None = None
    drums: bool | None = None
    frames: int | None = None
    frame_size: int | None = None
    channels: int | None = None
    sample_rate: int | None = None
    fold: str | None = None
    needed: str = TRAIN


def open_source(task: Task, data: str = BUILTIN, options: ReadOptions | None = None) -> Dataset:
    """Reads a task's examples, with all three splits if one of them is train.

    Args:
        task: The task.
        data: `"builtin"`, `"tfds:NAME[/CONFIG]"` or a path.
        options: How to read it.

    Raises:
        UsageError: If the task has no such source.
        DataError: If the data cannot be read.
    """
    options = options or ReadOptions()
    options = dataclasses.replace(options, scheme=getattr(task.targets, "scheme", options.scheme))
    data = str(data)
    check_source(task, data, options.features)
    if data == BUILTIN:
        dataset = _generate(task, options)
    elif data.startswith(TFDS):
        from seqtasks.data import tfds

        name = data.removeprefix(TFDS)
        features = _tfds_features(task, name, options.features)
        # Those of clips and sounds read by themselves: what all others pass through would fill the memory.
        dataset = features.read(name, options) if hasattr(features, "read") else tfds.read(name, features, options)
    else:
        dataset = task.sources.files.read(data, options)
    if options.fold:
        dataset = take_fold(dataset, options.fold, options.seed)
    return complete_splits(dataset, options.validation_fraction, options.seed, needed=options.needed)


def check_source(task: Task, data: str, features: Mapping[str, str] | None = None) -> None:
    """Refuses at once, without TensorFlow, a source that the task cannot have.

    Args:
        task: The task.
        data: As for `open_source`.
        features: Which column or TFDS feature plays which role.

    Raises:
        UsageError: If the task has no such source, or there is no such path.
    """
    if data == BUILTIN:
        if features:
            raise UsageError("--features names columns of --data: the built-in examples have none to choose")
    elif data.startswith(TFDS):
        _tfds_features(task, data.removeprefix(TFDS), features)
    elif not data or not _exists(task.sources.files, Path(data)):
        raise UsageError(
            f"--data {data or repr('')}: no such file or folder. Task {task.name} reads {BUILTIN}, "
            f"{''.join(f'{TFDS}{name}, ' for name in task.sources.tfds)}or a path: {task.sources.files.description}"
        )


def _exists(files: FileFormat, path: Path) -> bool:
    # A format may have paths that stand for several files and are none themselves.
    return getattr(files, "exists", Path.exists)(path)


def _generate(task: Task, options: ReadOptions) -> Dataset:
    splits = task.sources.builtin(options.seed)
    notes = [f"the examples are generated by the program (seed {options.seed}), not collected"]
    return Dataset({name: list(splits[name]) for name in SPLITS if name in splits}, "built-in, generated", notes)


def _tfds_features(task: Task, name: str, features: Mapping[str, str] | None):
    bare = name.partition(":")[0]
    known = [key for key in task.sources.tfds if bare == key or bare.startswith(key + "/")]
    if known:
        return task.sources.tfds[max(known, key=len)]
    if not bare:
        raise UsageError(f"--data {TFDS}: which data set?" + did_you_mean(bare, task.sources.tfds))
    if task.sources.tfds_default is None:
        raise UsageError(f"task {task.name} does not read {TFDS}{name}." + did_you_mean(bare, task.sources.tfds))
    if not features:
        raise UsageError(
            f"task {task.name} does not know the features of {TFDS}{name}: name them with --features "
            f"{task.sources.tfds_default.usage}." + did_you_mean(bare, task.sources.tfds)
        )
    return task.sources.tfds_default
