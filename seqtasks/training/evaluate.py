"""`seqtasks evaluate`: the scores of a trained run on any labelled data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqtasks import registry
from seqtasks.errors import UsageError, did_you_mean


@dataclass
class Evaluation:
    """What an evaluation found.

    Args:
        scores: The metrics' scores.
        report: The metrics' tables.
        examples: Number of examples.
        notes: What a reader of the scores should know of the data.
        rows: One dictionary an example: input, reference, prediction.
    """

    scores: dict[str, float]
    report: str
    examples: int
    notes: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)


def evaluate(
    run,
    data: str | None = None,
    *,
    split: str = "test",
    data_dir=None,
    features: Mapping[str, str] | None = None,
    output_dir="runs",
    code=(),
    skip_bad_rows: bool = False,
) -> Evaluation:
    """Scores the best checkpoint of a run.

    Args:
        run: A run's folder, or a task's name for its latest run.
        data: The source; the one the run was trained on when None.
        split: `"train"`, `"validation"` or `"test"`. Other data than the run's may have this split alone.
        data_dir: Where TFDS keeps its data.
        features: Names of the source's features or columns by the task's names for them.
        output_dir: Where runs are kept.
        code: Python files that register tasks.
        skip_bad_rows: Leave out and count rows that cannot be read, instead of failing.

    Returns:
        An `Evaluation`. Labels that the run never saw count as wrong, and a note says so.

    Raises:
        SeqtasksError: With one clear line, for whatever the user can mend.
    """
    from seqtasks.data.dataset import SPLITS
    from seqtasks.serving.loading import load_run
    from seqtasks.training.evaluation import Evaluator, answers_of
    from seqtasks.training.preparation import encode_within_limits, read_data
    from seqtasks.training.results import prediction_rows
    from seqtasks.training.run import evaluation_batch_size
    from seqtasks.training.run_folder import RunFolder, is_export, resolve

    if split not in SPLITS:
        raise UsageError(f"unknown split {split!r}." + did_you_mean(split, SPLITS))
    for file in [code] if isinstance(code, str | Path) else code:
        registry.load_code(file)
    folder = resolve(run, output_dir)
    if is_export(folder):
        raise UsageError(f"{folder} is an export: evaluate the run that it came from")
    values = RunFolder(folder).read_config()
    loaded = load_run(folder)
    options = {} if data else dict(values["source_options"])
    given = {"data_dir": data_dir and str(data_dir), "features": features, "skip_bad_rows": skip_bad_rows}
    options |= {name: value for name, value in given.items() if value}
    dataset = read_data(loaded.task, data or values["data"], options, loaded.config, needed=split)
    encoded = encode_within_limits(loaded.pipeline, dataset, split, skip_bad_rows)
    examples, notes = dataset.splits[split], list(dataset.notes)
    unseen = loaded.pipeline.unseen_labels(examples)
    if unseen:
        notes.append(f"labels that the run never saw count as wrong: {', '.join(unseen)}")
    evaluator = Evaluator(
        loaded.model,
        loaded.pipeline,
        loaded.task.metrics,
        evaluation_batch_size(loaded.config),
        loaded.config.training.jit_compile,
    )
    predictions = evaluator.predict(encoded)
    references, answers = loaded.pipeline.references(examples), answers_of(predictions)
    report = "\n\n".join(metric.report(references, answers) for metric in loaded.task.metrics)
    rows = list(prediction_rows(examples, predictions))
    return Evaluation(evaluator.scores(examples, predictions), report, len(examples), notes, rows)
