"""`seqtasks run`: from a task's name to a trained, evaluated and reported model."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqtasks import registry
from seqtasks.config import Config
from seqtasks.data.sources import check_source
from seqtasks.errors import DataError, SeqtasksError, UsageError
from seqtasks.training.compilation_cache import enable_compilation_cache
from seqtasks.training.preparation import BUILTIN, changes_of, read_data, refuse_unseen_labels, resolve_config
from seqtasks.training.run_folder import RunFolder, is_export, resolve

# What a resumed run may change: neither alters the epochs that are done.
CHANGEABLE = ("training.epochs", "training.patience")


@dataclass
class RunResult:
    """What a run led to.

    Args:
        folder: The run's folder.
        scores: Scores by split, `validation` and `test`.
        history: One dictionary an epoch, as in metrics.jsonl.
        best_epoch: The epoch whose weights were kept.
        seconds: Wall-clock seconds, reading data and evaluation included; of a resumed run, with
            those of the epochs before.
        samples: Predictions for the task's serving examples, by `seqtasks.predict`.
        report: The metrics' tables on the test split.
    """

    folder: Path
    scores: dict[str, dict[str, float]]
    history: list[dict]
    best_epoch: int
    seconds: float
    samples: list[dict] = field(default_factory=list)
    report: str = ""


def run(
    task: str,
    data: str | None = None,
    *,
    data_dir=None,
    features: Mapping[str, str] | None = None,
    output_dir="runs",
    name: str | None = None,
    seed: int | None = None,
    settings: Mapping[str, Any] | None = None,
    config_file=None,
    resume: bool | str | Path | None = None,
    code=(),
    skip_bad_rows: bool = False,
    fold: str | None = None,
    quiet: bool = False,
) -> RunResult:
    """Trains a task, keeps the best epoch, evaluates it once on test, and writes it all to a folder.

    Args:
        task: The task's name.
        data: `"builtin"` (the default: generated), `"tfds:NAME[/CONFIG]"`, or a path to files.
        data_dir: Where TFDS keeps its data.
        features: Names of the source's features or columns by the task's names for them.
        output_dir: Where runs are kept.
        name: Added to the run folder's name.
        seed: Seed of the weights, dropout, and the order of examples.
        settings: Configuration values by key, as `{"model.units": 50}`.
        config_file: A JSON or TOML file with such values.
        resume: Go on with a run: its folder, or True for the task's latest.
        code: Python files that register tasks.
        skip_bad_rows: Leave out and count rows that cannot be read, instead of failing.
        fold: Put all splits together and test on one part of how many, as `"3/10"`.
        quiet: Tell nothing on standard error.

    Returns:
        A `RunResult`.

    Raises:
        SeqtasksError: With one clear line, for whatever the user can mend.
    """
    started = time.monotonic()
    enable_compilation_cache()
    import keras

    from seqtasks.architectures import build_model
    from seqtasks.files import read_json_lines, write_json
    from seqtasks.training.environment import describe_environment
    from seqtasks.training.evaluation import Evaluator
    from seqtasks.training.loop import TrainingInterruptedError, train
    from seqtasks.training.precision import computing_in
    from seqtasks.training.progress import choose_progress

    code = [code] if isinstance(code, str | Path) else list(code)
    for file in code:
        registry.load_code(file)
    definition = registry.get(task)
    progress = choose_progress(quiet)
    source_options = {
        "data_dir": None if data_dir is None else str(data_dir),
        "features": dict(features) if features else None,
        "skip_bad_rows": skip_bad_rows or None,
        "fold": fold,
    }
    source_options = {key: value for key, value in source_options.items() if value is not None}
    if resume:
        folder = folder_to_resume(task, output_dir, resume)
        values = folder.read_config()
        config = _resumed_config(values, definition, data, settings, config_file, seed)
        data, source_options = values["data"], values["source_options"]
    else:
        RunFolder.check_writable(output_dir)
        folder, data = None, BUILTIN if data is None else str(data)
        config = resolve_config(definition, data, settings, config_file, seed)

    check_source(definition, data, source_options.get("features"))
    progress.note(f"Data: {data}{', generated: its scores say nothing about real text' * (data == BUILTIN)}")
    dataset = read_data(definition, data, source_options, config)
    try:
        pipeline = _pipeline_class(definition, config).fit(config, dataset.splits["train"])
    except DataError as error:
        raise error if error.path else DataError(str(error), dataset.source) from None
    dataset.notes += getattr(pipeline, "notes", ())
    skip = bool(source_options.get("skip_bad_rows"))
    refuse_unseen_labels(pipeline, dataset, ("validation", "test"), skip)
    _tell_data(progress, dataset)

    encoded = {
        split: pipeline.encode(examples, labelled=split == "train") for split, examples in dataset.splits.items()
    }

    keras.utils.set_random_seed(config.training.seed)
    with computing_in(config.training.mixed_precision):
        model = build_model(config, pipeline)
    progress.note(f"Model: {model.count_params():,} parameters")

    if folder is None:
        folder = RunFolder.create(task, output_dir, name)
    else:
        started -= sum(record["seconds"] for record in read_json_lines(folder.metrics))
    try:
        if resume:
            if values["config"] != (changed := _plain(config)):
                folder.write_config({**values, "config": changed})
        else:
            folder.write_config(
                {
                    "task": task,
                    "family": definition.family,
                    "code": [str(Path(file).resolve()) for file in code],
                    "data": data if data == BUILTIN or data.startswith("tfds:") else str(Path(data).resolve()),
                    "source_options": source_options,
                    "config": config.to_dict(),
                }
            )
            pipeline.save(folder.vocabulary)
        write_json(folder.environment, describe_environment())
        progress.note(f"Run: {folder.path}")

        evaluator = Evaluator(
            model, pipeline, definition.metrics, evaluation_batch_size(config), config.training.jit_compile
        )
        validation = (dataset.splits["validation"], encoded["validation"])
        monitor = definition.monitor
        history = train(
            model,
            pipeline,
            encoded["train"],
            validation,
            config.training,
            folder,
            evaluator,
            monitor,
            progress,
            bool(resume),
        )
        progress.note("Evaluating the best epoch ...")
        return _evaluate_and_report(definition, config, dataset, encoded, evaluator, folder, history, started)
    except TrainingInterruptedError:
        raise
    except BaseException as error:
        if not (resume or folder.best.exists()):  # nothing was trained
            folder.discard()
        elif isinstance(error, KeyboardInterrupt):
            raise TrainingInterruptedError("the evaluation after training", folder) from None
        if isinstance(error, OSError):
            raise SeqtasksError(_unwritten(error, folder)) from error
        raise


def _evaluate_and_report(task, config, dataset, encoded, evaluator, folder, history, started) -> RunResult:
    from seqtasks.training.results import write_evaluation, write_report, write_samples

    scores, predictions = {}, {}
    for split in ("validation", "test"):
        predictions[split] = evaluator.predict(encoded[split])
        scores[split] = evaluator.scores(dataset.splits[split], predictions[split])
        write_evaluation(folder, split, dataset.splits[split], predictions[split], scores[split])
    samples = write_samples(task, config, evaluator.pipeline, evaluator.model, folder)
    seconds = time.monotonic() - started
    tables = write_report(
        task, config, dataset, folder, history, scores, predictions["test"], evaluator, samples, seconds
    )
    return RunResult(folder.path, scores, history.epochs, history.best_epoch, seconds, samples, tables)


def evaluation_batch_size(config: Config) -> int:
    """Returns a larger batch than training's: nothing is kept for a backward pass."""
    return min(max(4 * config.training.batch_size, 32), 256)


def folder_to_resume(task: str, output_dir, resume) -> RunFolder:
    """Returns the folder of the run to go on with.

    Args:
        task: The task's name.
        output_dir: Where runs are kept.
        resume: As for `run`.

    Raises:
        UsageError: If there is none, or it is not a run of the task.
    """
    path = resolve(task if resume is True else resume, output_dir)
    if is_export(path):
        raise UsageError(f"{path} is an export; only a run's folder can be resumed")
    folder = RunFolder(path)
    found = folder.read_config().get("task")
    if found != task:
        raise UsageError(f"{path} is a run of task {found!r}, not of {task!r}")
    return folder


def _resumed_config(values: dict, task, data, settings, config_file, seed) -> Config:
    """Returns the run's own configuration; refuses a command that asks for another one."""
    saved = Config.from_dict(values["config"])
    if data is not None and data != values["data"] and str(Path(data).resolve()) != values["data"]:
        raise UsageError(f"the run to resume was trained on --data {values['data']}. Received: {data}")
    asked = changes_of(settings, seed)
    if config_file is not None:
        from seqtasks.training.preparation import read_config_file

        asked = {**read_config_file(config_file), **asked}
    config = saved.override(asked)
    before, after = _flat(saved), _flat(config)
    changed = [key for key in after if after[key] != before[key] and key not in CHANGEABLE]
    if changed:
        shown = ", ".join(f"{key}={after[key]} (the run has {before[key]})" for key in changed)
        raise UsageError(
            f"a resumed run keeps its configuration, but for {' and '.join(CHANGEABLE)}. Received: {shown}"
        )
    return config


def _unwritten(error: OSError, folder: RunFolder) -> str:
    what = f"{folder.path}: the run could not be written: {error.strerror or error}. "
    if folder.path.exists():
        return what + f"The last whole checkpoint is kept; mend that, and go on with --resume {folder.path}"
    return what + "Nothing was left there; mend that, or choose another folder with --output-dir"


def _plain(config: Config) -> dict:
    """Returns the configuration as JSON gives it back, tuples as lists."""
    import json

    return json.loads(json.dumps(config.to_dict()))


def _flat(config: Config) -> dict[str, Any]:
    return {
        f"{section}.{field}": value for section, values in config.to_dict().items() for field, value in values.items()
    }


def _pipeline_class(task, config):
    from seqtasks.serving.loading import pipeline_class

    return pipeline_class(task.family, config.targets)


def _tell_data(progress, dataset) -> None:
    counts = ", ".join(f"{len(examples):,} {split}" for split, examples in dataset.splits.items())
    progress.note(f"Examples: {counts}")
    for note in dataset.notes:
        progress.note(f"Note: {note}")
