"""The pictures of a run's report."""

import warnings

import numpy as np

from seqtasks.files import replacing

MOST_LABELS = 30


def learning_curves(path, epochs: list[dict], monitor: str, best_epoch: int) -> None:
    """Draws training loss, validation score and gradient norm by epoch.

    Args:
        path: The PNG file to write.
        epochs: The lines of metrics.jsonl.
        monitor: The validation score to draw.
        best_epoch: The epoch to mark.
    """
    from matplotlib.ticker import MaxNLocator

    steps = [record["epoch"] for record in epochs]
    figure, axes = _figure(1, 3, (12, 3.4))
    for axis, title, keys in (
        (axes[0], "training loss", ["loss"]),
        (axes[1], monitor.replace("val_", "validation ", 1), [monitor]),
        (axes[2], "gradient norm", ["gradient_norm_mean", "gradient_norm_max"]),
    ):
        for key in keys:
            axis.plot(steps, [record[key] for record in epochs], marker=".", label=key)
        axis.axvline(best_epoch, color="gray", linestyle=":", linewidth=1)
        axis.set_title(title)
        axis.set_xlabel("epoch (dotted: the one kept)")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axis.grid(alpha=0.3)
    if epochs:
        norms = [record[key] for record in epochs for key in ("gradient_norm_mean", "gradient_norm_max")]
        # Few powers of ten would leave a logarithmic axis without a number at any tick.
        if 0 < 100 * min(norms) < max(norms) < np.inf:
            axes[2].set_yscale("log")
        axes[2].legend(["mean", "largest"])
    _save(figure, path)


def confusion_matrix(path, references: list[str], predictions: list[str], labels: list[str]) -> None:
    """Draws how often each true label (row) was predicted as each label (column).

    Args:
        path: The PNG file to write.
        references: The true labels.
        predictions: The predicted labels.
        labels: The labels in order; only the first 30 are drawn.
    """
    labels = list(labels)[:MOST_LABELS]
    index = {label: i for i, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), int)
    for reference, prediction in zip(references, predictions, strict=True):
        if reference in index and prediction in index:
            counts[index[reference], index[prediction]] += 1
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    side = 2.5 + 0.5 * len(labels)
    figure, axis = _figure(1, 1, (side + 0.5, side))
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axis.set_xticks(range(len(labels)), labels, rotation=45, ha="right")
    axis.set_yticks(range(len(labels)), labels)
    axis.set_title("test examples")
    axis.set_xlabel("predicted")
    axis.set_ylabel("true")
    for row, column in np.ndindex(counts.shape):
        color = "white" if shares[row, column] > 0.5 else "black"
        axis.text(column, row, f"{counts[row, column]}", ha="center", va="center", color=color, fontsize=8)
    _save(figure, path)


def attention_map(path, source: list[str], target: list[str], weights) -> None:
    """Draws how much attention each source symbol got as each target symbol was written.

    Args:
        path: The PNG file to write.
        source: The source's symbols, from left to right.
        target: The target's symbols, from top to bottom.
        weights: float `[target, source]`.
    """
    # A text may have no symbols, and a picture has a square at least.
    squares = np.zeros([max(len(target), 1), max(len(source), 1)])
    squares[: len(target), : len(source)] = weights
    source, target = ([_drawable(symbol) for symbol in symbols] for symbols in (source, target))
    figure, axis = _figure(1, 1, (2 + 0.45 * squares.shape[1], 2 + 0.3 * squares.shape[0]))
    axis.imshow(squares, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    # A dollar sign in a text starts no formula.
    axis.set_xticks(range(len(source)), source, rotation=60, ha="left", parse_math=False)
    axis.set_yticks(range(len(target)), target, parse_math=False)
    axis.set_xlabel("source")
    axis.set_ylabel("what was written")
    axis.xaxis.tick_top()
    with warnings.catch_warnings():
        # A character that the font lacks is an empty box in the picture, which tells enough.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        _save(figure, path)


def _drawable(symbol: str) -> str:
    """Replaces what a font cannot draw: bytes that were no UTF-8, and what is no character but an end of line."""
    symbol = symbol.encode("utf-8", "replace").decode("utf-8")
    return symbol if symbol.isprintable() else repr(symbol)[1:-1]


def _figure(rows: int, columns: int, size: tuple[float, float]):
    # No pyplot: it would look for a display and keep figures alive.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns)


def _save(figure, path) -> None:
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")
