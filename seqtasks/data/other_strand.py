"""Batches of bases and their states, as the other strand reads them."""

import numpy as np

from seqtasks.data import gene_states
from seqtasks.data.bases import POSSIBLE, complement


def turned(batch: dict[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    """Returns a batch, some rows of which are read from the other end, A for T and C for G, forward for reverse genes.

    Args:
        batch: `bases`, the letters' bytes int32 `[B, T]`, `tags`, places in `seqtasks.data.gene_states.STATES`
            `[B, T]`, and `mask` bool `[B, T]`, True in a row's first steps.
        rows: Which rows, bool `[B]`.
    """
    mask = batch["mask"]
    places = np.arange(mask.shape[1])
    source = np.where(mask & rows[:, None], mask.sum(axis=1)[:, None] - 1 - places, places)
    states = np.array(gene_states.other_strand(), np.int32)

    def read(values, table):
        values = np.take_along_axis(values, source, axis=1)
        return np.where(mask & rows[:, None], table[values], values)

    return batch | {"bases": read(batch["bases"], _complements()), "tags": read(batch["tags"], states)}


def _complements() -> np.ndarray:
    """Returns what stands opposite of each byte; what is no code stays."""
    letters = "".join(POSSIBLE) + "".join(POSSIBLE).lower()
    table = np.arange(256, dtype=np.int32)
    table[[ord(letter) for letter in letters]] = [ord(letter) for letter in complement(letters)]
    return table
