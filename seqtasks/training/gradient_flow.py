"""`seqtasks inspect gradients`: how far back the gradient of a loss reaches, by recurrent cell."""

import tempfile
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks import registry
from seqtasks.config import Config
from seqtasks.errors import DataError, UsageError, did_you_mean
from seqtasks.files import replacing
from seqtasks.sections import NextSymbol, Recurrent
from seqtasks.training.preparation import BUILTIN, read_data, resolve_config

CELLS = ("rnn", "gru", "lstm")
# What counts as vanished, as a share of the norm one step back.
VANISHED = 0.01


@dataclass(frozen=True)
class GradientFlow:
    """How large the gradient of a loss still is, so many steps back.

    Args:
        title: What was measured, in words.
        norms: By cell, |dLoss<T>/da<t>|, float64 `[length]`, of distance T - t = 1 first; each a geometric mean over
            windows of text.
    """

    title: str
    norms: dict[str, np.ndarray]

    @property
    def length(self) -> int:
        """The largest distance."""
        return len(next(iter(self.norms.values())))

    def vanished_at(self, cell: str) -> int | None:
        """Returns the first distance whose norm is at most 1 % of that of distance 1; None if there is none."""
        norms = self.norms[cell]
        found = np.flatnonzero(norms <= VANISHED * norms[0])
        return int(found[0]) + 1 if found.size else None

    def table(self) -> str:
        """Returns the norms at some distances, and where they have vanished."""
        rows = [[str(d), *(f"{norms[d - 1]:.2e}" for norms in self.norms.values())] for d in _shown(self.length)]
        ends = [self.vanished_at(cell) for cell in self.norms]
        rows.append([f"{VANISHED:.0%} at", *(f"> {self.length}" if end is None else str(end) for end in ends)])
        rows.insert(0, ["T - t", *self.norms])
        width = max(len(cell) for row in rows for cell in row)
        return "\n".join([f"|dLoss<T>/da<t>|: {self.title}", *("  ".join(c.rjust(width) for c in row) for row in rows)])

    def plot(self, path) -> None:
        """Draws the norms over the distance, a line for each cell.

        Args:
            path: The PNG file to write.
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.5, 4.5), layout="constrained")
        axis = figure.subplots()
        for cell, norms in self.norms.items():
            end = self.vanished_at(cell)
            label = (
                f"above {VANISHED:.0%} for all {self.length} steps"
                if end is None
                else f"{VANISHED:.0%} after {end} steps"
            )
            axis.plot(np.arange(1, self.length + 1), np.where(norms > 0, norms, np.nan), label=f"{cell}: {label}")
        axis.set_yscale("log")
        axis.set_xlabel("distance T - t, in steps")
        axis.set_ylabel("|dLoss<T> / da<t>|")
        axis.set_title(self.title, fontsize="medium", wrap=True)
        axis.grid(alpha=0.3)
        axis.legend()
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=110, format="png")


def gradient_flow(
    task: str,
    cells: Sequence[str] = CELLS,
    data: str | None = None,
    *,
    data_dir=None,
    features: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
    config_file=None,
    seed: int | None = None,
    length: int = 60,
    trained: int = 0,
    windows: int = 256,
    code=(),
    skip_bad_rows: bool = False,
    quiet: bool = False,
) -> GradientFlow:
    """Measures how the gradient of a language model's loss shrinks with the distance that it goes back.

    Loss<T> is the cross entropy of the symbol that follows the last step T of a window of the validation split, and
    a<t> the output state of the top recurrent layer at an earlier step t, through which all that the layer has read
    reaches T. The windows lie inside single texts where enough texts are so long, else in the texts laid end to end.

    At initialization it is not the gates that hold a gradient: recurrent kernels start orthogonal, which serves an RNN,
    while new gates let some half (a GRU's) or three quarters (an LSTM's, their bias being one) of a state pass. What
    gates learn to hold shows after training.

    Args:
        task: The name of a language model's task.
        cells: The recurrent cells to compare.
        data: The source; the built-in one when None.
        data_dir: Where TFDS keeps its data.
        features: Names of the source's features or columns by the task's names for them.
        settings: Configuration values by key, those of all cells.
        config_file: A JSON or TOML file with such values.
        seed: Seed of the weights and of which windows are taken.
        length: The largest distance, in steps.
        trained: Epochs to train each cell for; 0 measures at initialization.
        windows: The most windows to average over.
        code: Python files that register tasks.
        skip_bad_rows: Leave out and count rows that cannot be read, instead of failing.
        quiet: Tell nothing of training on standard error.

    Returns:
        A `GradientFlow`. Everything is computed in 32 bits, whatever the configuration says.

    Raises:
        SeqtasksError: With one clear line, for whatever the user can mend.
    """
    for file in [code] if isinstance(code, str | Path) else code:
        registry.load_code(file)
    data = BUILTIN if data is None else str(data)
    configs = configurations(task, cells, data, settings, config_file, seed, trained)
    if length < 1 or windows < 1 or trained < 0:
        raise UsageError(
            "length and windows must be at least 1, and trained at least 0. "
            f"Received: length={length}, windows={windows}, trained={trained}"
        )

    import keras

    from seqtasks.data.language import LanguagePipeline

    definition, config = registry.get(task), next(iter(configs.values()))
    options = {"data_dir": data_dir and str(data_dir), "features": features, "skip_bad_rows": skip_bad_rows}
    dataset = read_data(definition, data, {name: value for name, value in options.items() if value}, config)
    pipeline = LanguagePipeline.fit(config, dataset.splits["train"])
    inputs, targets, where = _windows(pipeline, dataset, length, windows, config.training.seed)

    norms = {}
    for cell, config in configs.items():
        keras.utils.set_random_seed(config.training.seed)
        model = _model(definition, config, pipeline, dataset, trained, quiet)
        with np.errstate(divide="ignore"):  # the mean of a norm that is zero is zero
            norms[cell] = np.exp(np.log(gradient_norms(model, inputs, targets)).mean(axis=1))
    state = f"after {trained} epoch{'s' * (trained > 1)}" if trained else "at initialization"
    return GradientFlow(f"{task} on {data}, {state}, {len(targets)} windows {where}", norms)


def configurations(
    task: str, cells: Sequence[str], data: str, settings=None, config_file=None, seed=None, trained: int = 0
) -> dict[str, Config]:
    """Returns the configuration of each cell, without TensorFlow.

    Args:
        task: The task's name.
        cells: The cells.
        data: The source.
        settings: Configuration values by key.
        config_file: A JSON or TOML file with such values.
        seed: The seed.
        trained: Epochs to train for, where not 0.

    Raises:
        UsageError: For a task that is no language model, an unknown cell, or settings that cannot be.
    """
    definition = registry.get(task)
    if not isinstance(definition.targets, NextSymbol):
        raise UsageError(f"{task} is no language model: gradients are inspected of a task such as word_lm")
    cells = list(dict.fromkeys([cells] if isinstance(cells, str) else cells))
    known = typing.get_args(typing.get_type_hints(Recurrent)["cell"])
    if not cells:
        raise UsageError("no cell was given." + did_you_mean("", known))
    for cell in cells:
        if cell not in known:
            raise UsageError(f"unknown cell {cell!r}." + did_you_mean(cell, known))
    if {"cell", "model.cell"} & set(settings or {}):
        raise UsageError("the cells to compare are given with --cell, not as a setting")
    config = resolve_config(definition, data, settings, config_file, seed)
    config = config.override({"training.mixed_precision": False})
    if trained:
        config = config.override({"training.epochs": trained})
    return {cell: config.override({"model.cell": cell}) for cell in cells}


def gradient_norms(model, inputs, targets) -> np.ndarray:
    """Returns |dLoss<T>/da<t>| of each window, float64 `[length, B]`, of distance T - t = 1 first.

    Zeros are added to every a<t> on its way to the next step; the gradient to them is the one asked for.

    Args:
        model: A `seqtasks.architectures.one_to_many.LanguageModel`.
        inputs: Symbols of the windows, int32 `[B, length + 1]`.
        targets: The symbols that follow them, int32 `[B]`.
    """
    import tensorflow as tf

    top = model.recurrent.recurrent[-1]
    # Of a layer's states a<t> is the first, and the top layer's states stand last.
    place = -len(top.state_size)
    rows, steps = inputs.shape
    added = tf.zeros([steps - 1, rows, top.units], top.compute_dtype)
    with tf.GradientTape() as tape:
        tape.watch(added)
        sequences = model.symbols(tf.constant(inputs))
        states = [tf.zeros([rows, size], top.compute_dtype) for size in model.recurrent.state_size]
        for step in range(steps - 1):
            _, states = model.recurrent.step(sequences[:, step], states)
            states[place] += added[step]
        scores, _ = model.step(tf.constant(inputs[:, -1]), states)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, scores)
    gradients = tape.gradient(losses, added).numpy()[::-1]
    # In 32 bits the squares of small numbers would be zero.
    return np.linalg.norm(gradients.astype(np.float64), axis=-1)


def _windows(pipeline, dataset, length: int, count: int, seed: int):
    """Returns windows' symbols int32 `[B, length + 1]`, the symbols that follow `[B]`, and where they lie, in words."""
    encoded = pipeline.encode(dataset.splits["validation"])
    symbols = int(encoded.splits[-1])
    if symbols <= length:
        raise DataError(
            f"the validation split has {symbols} symbols, too few to look {length} steps back: lower --length",
            dataset.source,
        )
    starts = np.arange(symbols - length)
    inside = starts[starts + length < encoded.splits[np.searchsorted(encoded.splits, starts, side="right")]]
    whole = len(inside) >= count
    starts = inside if whole else starts
    taken = np.random.default_rng(seed).choice(starts, min(count, len(starts)), replace=False)
    places = taken[:, None] + np.arange(length + 1)
    where = "inside validation texts" if whole else "of validation texts laid end to end"
    return encoded.steps["inputs"][places], encoded.steps["targets"][places[:, -1]], where


def _model(task, config: Config, pipeline, dataset, trained: int, quiet: bool):
    from seqtasks.architectures import build_model
    from seqtasks.training.evaluation import Evaluator
    from seqtasks.training.loop import TrainingInterruptedError, train
    from seqtasks.training.progress import choose_progress
    from seqtasks.training.run import evaluation_batch_size
    from seqtasks.training.run_folder import RunFolder

    model = build_model(config, pipeline)
    if not trained:
        return model
    progress = choose_progress(quiet)
    progress.note(f"Training: {config.model.cell}, {model.count_params():,} parameters")
    evaluator = Evaluator(model, pipeline, task.metrics, evaluation_batch_size(config), config.training.jit_compile)
    train_set = pipeline.encode(dataset.splits["train"])
    held_out = dataset.splits["validation"]
    validation = (held_out, pipeline.encode(held_out, labelled=False))
    with tempfile.TemporaryDirectory() as folder:
        try:
            train(
                model,
                pipeline,
                train_set,
                validation,
                config.training,
                RunFolder(Path(folder)),
                evaluator,
                task.monitor,
                progress,
            )
        except TrainingInterruptedError:
            # Its message promises a checkpoint, which goes with the folder.
            raise KeyboardInterrupt from None
    return model


def _shown(length: int) -> list[int]:
    """Returns 1, 2, 5, 10, 20, 40, ... and the length itself."""
    distances = [1, 2, 5, 10]
    while distances[-1] * 2 < length:
        distances.append(distances[-1] * 2)
    return sorted({d for d in (*distances, length) if d <= length})
