"""What every pipeline shares: encoded examples, and batches of them in few static shapes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from seqtasks.data.batching import bucketed_batches


@dataclass
class Encoded:
    """Examples as numbers, their steps laid end to end.

    Args:
        splits: int64 `[E + 1]`; example `e` owns the steps `splits[e]:splits[e + 1]`.
        steps: Arrays by name with one row a step, `[N, ...]`.
        examples: Arrays by name with one row an example, `[E, ...]`.
    """

    splits: np.ndarray
    steps: dict[str, np.ndarray] = field(default_factory=dict)
    examples: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each example, int64 `[E]`."""
        return np.diff(self.splits)

    def __len__(self) -> int:
        return len(self.splits) - 1

    def pieces(self, longest: int, rng) -> "Encoded":
        """Returns the same steps with every long sequence cut into several, which become examples of their own.

        Args:
            longest: The most steps of a piece.
            rng: A `numpy.random.Generator` that says where the first cut falls.
        """
        cuts = [
            np.arange(start + int(rng.integers(1, longest)), end, longest)
            for start, end in zip(self.splits, self.splits[1:], strict=False)
            if end - start > longest
        ]
        return Encoded(np.unique(np.concatenate([self.splits, *cuts])), self.steps)

    def batch(self, indices: np.ndarray, length: int) -> dict[str, np.ndarray]:
        """Returns some examples as dense arrays.

        Args:
            indices: int64 `[B]`, -1 for a filler row.
            length: Steps T to pad to.

        Returns:
            Arrays by name: `rows` int64 `[B]`, `mask` bool `[B, T]`, each of `steps` as
            `[B, T, ...]`, each of `examples` as `[B, ...]`. Padding is zero.
        """
        real = np.flatnonzero(indices >= 0)
        starts = np.zeros(len(indices), np.int64)
        lengths = np.zeros(len(indices), np.int64)
        starts[real] = self.splits[indices[real]]
        lengths[real] = self.splits[indices[real] + 1] - starts[real]
        mask = np.arange(length) < lengths[:, None]
        batch = {"rows": np.asarray(indices, np.int64), "mask": mask}
        batch |= {name: padded(values, starts, mask) for name, values in self.steps.items()}
        for name, values in self.examples.items():
            batch[name] = np.zeros((len(indices), *values.shape[1:]), values.dtype)
            batch[name][real] = values[indices[real]]
        return batch

    def batches(self, batch_size: int, boundaries, rng=None) -> Iterator[dict[str, np.ndarray]]:
        """Yields batches of similar lengths.

        Args:
            batch_size: Rows of every batch; short ones are filled up.
            boundaries: The padded lengths that may occur.
            rng: A `numpy.random.Generator` to shuffle with; None keeps a fixed order by length.
        """
        for indices, length in bucketed_batches(self.lengths, batch_size, boundaries, rng):
            yield self.batch(indices, length)


def padded(values: np.ndarray, starts: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Returns rows of consecutive values, zero where the mask is False.

    Args:
        values: `[N, ...]`.
        starts: Where each row starts, int64 `[B]`.
        mask: bool `[B, T]`, True in a row's first steps.

    Returns:
        `[B, T, ...]`.
    """
    rows = np.zeros((*mask.shape, *values.shape[1:]), values.dtype)
    rows[mask] = values[(starts[:, None] + np.arange(mask.shape[1]))[mask]]
    return rows


def pad_empty(features: dict) -> dict:
    """Pads a batch of features to at least one step, so that empty input runs through the network.

    Args:
        features: Dense tensors `[B, T, ...]` by name.
    """
    import tensorflow as tf

    def pad(values):
        missing = tf.maximum(1 - tf.shape(values)[1], 0)
        return tf.pad(values, [[0, 0], [0, missing]] + [[0, 0]] * (values.shape.rank - 2))

    return {name: pad(values) for name, values in features.items()}
