"""What is measured: shapes, layers and modes."""

from dataclasses import dataclass

import numpy as np

# [batch, time, features, units]
SHAPES = {
    "S0": (1, 100, 64, 128),
    "S1": (32, 50, 64, 64),
    "S2": (32, 100, 128, 128),
    "S3": (64, 200, 128, 256),
    "S4": (32, 35, 200, 200),
    "S5": (128, 30, 256, 512),
}

# The layers, and how many units wide the products of one unit are.
LAYERS = {
    "LSTM": 4,
    "GRU": 3,
    "GRUResetAfter": 3,
    "SimpleRNN": 1,
    "SimplifiedGRU": 2,
    "PeepholeLSTM": 4,
    "LinearLSTM": 4,
}

MODES = {
    "training": "outputs, and the gradients to all weights and to the inputs",
    "inference": "outputs, compiled where the library can",
    "portable": "outputs of a SavedModel loaded again, without XLA",
}


@dataclass(frozen=True)
class Case:
    """One row of a table.

    Args:
        layer: One of `LAYERS`.
        shape: One of `SHAPES`.
        mode: One of `MODES`.
        bidirectional: Whether every layer runs both ways.
        layers: How many layers stand on each other.
        mask: Whether rows are padded at the right, to lengths from half to all steps.
        precision: "float32", "bfloat16" or "float16": what the layers compute in.
    """

    layer: str
    shape: str
    mode: str = "training"
    bidirectional: bool = False
    layers: int = 1
    mask: bool = False
    precision: str = "float32"

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Batch, time, features, units."""
        return SHAPES[self.shape]

    @property
    def width(self) -> int:
        """The width of the outputs."""
        return self.sizes[3] * (2 if self.bidirectional else 1)

    @property
    def operations(self) -> float:
        """Multiplications and additions of the matrix products, padding included."""
        batch, length, features, units = self.sizes
        widths = [features] + [self.width] * (self.layers - 1)
        columns = LAYERS[self.layer] * self.width
        forward = sum(2 * batch * length * (width + units) * columns for width in widths)
        return forward * (3 if self.mode == "training" else 1)

    def numbers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Returns inputs, the gradient to the outputs, and the rows' lengths; the same in every process."""
        batch, length, features, _ = self.sizes
        rng = np.random.default_rng(0)
        inputs = rng.standard_normal((batch, length, features), dtype="float32")
        upstream = rng.standard_normal((batch, length, self.width), dtype="float32")
        lengths = None
        if self.mask:
            lengths = rng.integers(length // 2, length + 1, batch)
            lengths[0] = length
        return inputs, upstream, lengths
