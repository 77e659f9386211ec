"""`seqtasks run --folds`: every example is tested once, by a model that did not train on it."""

import gc
import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from seqtasks import registry
from seqtasks.errors import UsageError
from seqtasks.files import write_json


@dataclass
class CrossValidation:
    """What cross-validation found.

    Args:
        folder: Where the folds' runs and `summary.json` are.
        folds: The test scores of each fold.
        scores: The scores of all folds' predictions together.
        report: The metrics' tables of all folds together.
        spread: The standard deviation of each score over the folds.
        seconds: Wall-clock seconds.
    """

    folder: Path
    folds: list[dict[str, float]]
    scores: dict[str, float]
    report: str
    spread: dict[str, float]
    seconds: float


def cross_validate(
    task: str, data: str | None = None, *, folds: int, output_dir="runs", name: str | None = None, **options
) -> CrossValidation:
    """Trains a model for each fold, and scores the predictions of all together.

    Args:
        task: The task's name.
        data: As for `seqtasks.run`.
        folds: How many parts the examples are cut into; as many as there are examples leaves one out each time.
        output_dir: Where runs are kept.
        name: Added to the folder's name.
        **options: As for `seqtasks.run`.

    Returns:
        A `CrossValidation`.

    Raises:
        UsageError: For a task whose test has no right answers to compare with, and what `seqtasks.run` refuses.
    """
    import keras

    from seqtasks.training.run import run

    started = time.monotonic()
    stamp = time.strftime("%Y%m%d-%H%M%S")
    folder = Path(output_dir) / task / "-".join(filter(None, (stamp, name, f"{folds}-folds")))
    scores, references, predictions = [], [], []
    for number in range(1, folds + 1):
        result = run(task, data, fold=f"{number}/{folds}", output_dir=folder, name=f"fold-{number}", **options)
        scores.append(result.scores["test"])
        for line in (result.folder / "evaluation" / "test.predictions.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            if "reference" not in row:
                raise UsageError(f"cross-validation compares with right answers, and {task} has none")
            references.append(row["reference"])
            predictions.append(row["prediction"])
        # The networks of folds that are done would stay in memory.
        keras.backend.clear_session()
        gc.collect()
    metrics = registry.get(task).metrics
    together = {name: score for metric in metrics for name, score in metric(references, predictions).items()}
    report = "\n\n".join(metric.report(references, predictions) for metric in metrics)
    spread = {name: statistics.stdev(fold[name] for fold in scores) for name in together if "/" not in name}
    found = CrossValidation(folder, scores, together, report, spread, time.monotonic() - started)
    write_json(folder / "summary.json", {"scores": together, "spread": spread, "folds": scores})
    return found
