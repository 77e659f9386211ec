"""The training loop, from first step to last, in reading order."""

import time
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from seqtasks.errors import SeqtasksError, UsageError, did_you_mean
from seqtasks.files import append_json_line, read_json_lines, write_json_lines
from seqtasks.sections import Training
from seqtasks.training import checkpoints
from seqtasks.training.evaluation import Evaluator
from seqtasks.training.progress import SilentProgress
from seqtasks.training.run_folder import RunFolder
from seqtasks.training.schedule import build_optimizer
from seqtasks.training.step import TrainingStep

STEPS_BETWEEN_READINGS = 16


class TrainingInterruptedError(SeqtasksError):
    """Ctrl-C in a run. Its last checkpoint is kept.

    Args:
        where: What was being done.
        folder: The run's folder.
    """

    exit_code = 130

    def __init__(self, where: str, folder: RunFolder):
        super().__init__(
            f"interrupted in {where}; the last checkpoint is kept. "
            f"Go on with the same command and --resume {folder.path}"
        )


@dataclass
class History:
    """What training went through.

    Args:
        epochs: The lines of metrics.jsonl, one an epoch.
        best_epoch: The epoch whose weights are kept, from 1.
        best_score: Its validation score.
        since_best: Epochs since then.
    """

    epochs: list[dict] = field(default_factory=list)
    best_epoch: int = 0
    best_score: float = -np.inf
    since_best: int = 0


def train(
    model,
    pipeline,
    train_set,
    validation: tuple[list, object],
    training: Training,
    folder: RunFolder,
    evaluator: Evaluator,
    monitor: str,
    progress: SilentProgress | None = None,
    resume: bool = False,
) -> History:
    """Trains a model, and leaves the best epoch's weights in it.

    Args:
        model: The model, with `loss_of` and `outputs_of`, its variables built.
        pipeline: The pipeline, with `batches`.
        train_set: The encoded training split.
        validation: The validation split's examples, and the same encoded.
        training: The training configuration.
        folder: Where checkpoints and metrics go.
        evaluator: Predicts and scores the validation split.
        monitor: The validation score to raise, `val_` and a metric's key.
        progress: Is told what happens.
        resume: Go on from the folder's last checkpoint, exactly.

    Raises:
        SeqtasksError: When a loss or gradient is not finite.
        TrainingInterruptedError: At Ctrl-C.
        UsageError: For a monitor that no metric scores.
    """
    progress = progress or SilentProgress()
    examples, validation_set = validation
    steps = _count_batches(pipeline, train_set, training)
    optimizer = build_optimizer(training, steps * training.epochs)
    step = TrainingStep(model, optimizer, training)
    everything = {"model": model.variables, "optimizer": optimizer.variables, "averages": step.averages}

    history = History()
    # A run that was killed before its first checkpoint starts as it did then.
    if resume and folder.last.exists():
        history = _restore(folder, everything)
        if len(history.epochs) >= training.epochs or history.since_best >= training.patience > 0:
            progress.note(
                f"Nothing is left to train: {len(history.epochs)} of at most {training.epochs} epochs are done, "
                f"{history.since_best} without a better {monitor}. To go on, raise training.epochs or training.patience"
            )
    else:
        _save_last(folder, everything, history)
    writer = tf.summary.create_file_writer(str(folder.tensorboard))

    try:
        for epoch in range(len(history.epochs) + 1, training.epochs + 1):
            if history.since_best >= training.patience > 0:
                break
            started = time.monotonic()
            progress.epoch_begin(epoch, training.epochs, steps)
            step.reset()
            # A generator of its own for each epoch: a resumed run shuffles as the first one would have.
            rng = np.random.default_rng([training.seed, epoch])
            for taken, batch in enumerate(pipeline.batches(train_set, training.batch_size, rng), start=1):
                step(batch)
                if taken % STEPS_BETWEEN_READINGS == 0:
                    progress.step(taken, _checked(step.read(), epoch, folder)["loss"])
            sums = _checked(step.read(), epoch, folder)
            trained = time.monotonic()

            progress.evaluating()
            step.swap_averages()
            scores = evaluator.scores(examples, evaluator.predict(validation_set))
            if monitor.removeprefix("val_") not in scores:
                raise UsageError(
                    f"no metric scores the task's monitor {monitor!r}." + did_you_mean(monitor, _prefixed(scores))
                )
            record = {
                "epoch": epoch,
                "step": int(optimizer.iterations.numpy()),
                "learning_rate": float(optimizer.learning_rate.numpy()),
                **sums,
                **_prefixed(scores),
                "train_seconds": trained - started,
                "seconds": time.monotonic() - started,
                "examples_per_second": len(train_set) / (trained - started),
            }
            history.epochs.append(record)
            best = training.keep == "last" or record[monitor] > history.best_score
            if best:
                history.best_epoch, history.best_score, history.since_best = epoch, record[monitor], 0
                state = {"epoch": epoch, "monitor": monitor, "score": record[monitor]}
                checkpoints.save(folder.best, {"model": model.variables}, state)
            else:
                history.since_best += 1
            step.swap_averages()
            _save_last(folder, everything, history)
            append_json_line(folder.metrics, record)
            _to_tensorboard(writer, record)
            progress.epoch_end(record, monitor, best)
    except KeyboardInterrupt:
        raise TrainingInterruptedError(f"epoch {epoch} of {training.epochs}", folder) from None
    finally:
        progress.close()
        writer.close()

    checkpoints.load_weights(folder.best, model)
    return history


def _checked(sums: dict, epoch: int, folder: RunFolder) -> dict:
    """Returns the epoch's numbers, or says where they stopped being numbers."""
    bad = sums.pop("first_bad_step")
    if bad:
        kept = f". The checkpoints of the epochs before are in {folder.last.parent}" if folder.best.exists() else ""
        raise SeqtasksError(
            f"the loss or its gradient is not a finite number in epoch {epoch}, step {bad}. Try a lower "
            f"training.learning_rate, some training.warmup_steps, or training.clip_norm=1{kept}"
        )
    return sums


def _count_batches(pipeline, train_set, training: Training) -> int:
    rng = np.random.default_rng([training.seed, 0])
    return sum(1 for _ in pipeline.batches(train_set, training.batch_size, rng))


def _save_last(folder: RunFolder, everything: dict, history: History) -> None:
    checkpoints.save(folder.last, everything, vars(history))


def _restore(folder: RunFolder, everything: dict) -> History:
    checkpoint = checkpoints.load(folder.last)
    for group, variables in everything.items():
        checkpoints.assign(variables, checkpoint.groups.get(group, []), folder.last)
    history = History(**checkpoint.state)
    # An epoch may have been logged, or lost its line, when the run was killed.
    if read_json_lines(folder.metrics) != history.epochs:
        write_json_lines(folder.metrics, history.epochs)
    return history


def _prefixed(scores: dict) -> dict:
    return {f"val_{name}": score for name, score in scores.items()}


def _to_tensorboard(writer, record: dict) -> None:
    with writer.as_default(step=record["epoch"]):
        for name, value in record.items():
            if name != "epoch":
                tf.summary.scalar(name, value)
    writer.flush()
