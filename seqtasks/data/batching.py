"""Puts examples of like length into batches of few fixed shapes.

Every batch has the same number of rows and one of a few lengths, so that XLA compiles few shapes.
"""

import typing
from collections.abc import Sequence

if typing.TYPE_CHECKING:
    import numpy as np

FILLER = -1
MOST_STEPS = 65_536
"""Padded steps of a batch of predictions."""


def bucket_boundaries(lengths: "np.ndarray", buckets: int = 8, multiple: int = 8) -> list[int]:
    """Chooses lengths to pad to, so that each bucket gets about as many padded steps.

    Args:
        lengths: Lengths of the examples.
        buckets: At most so many buckets.
        multiple: Every length is a multiple of this.
    """
    import numpy as np

    ordered = np.sort(np.maximum(np.asarray(lengths), 1))
    if not len(ordered):
        return [multiple]
    share = np.cumsum(ordered) / ordered.sum()
    places = np.searchsorted(share, np.arange(1, buckets + 1) / buckets - 1e-9)
    chosen = ordered[np.minimum(places, len(ordered) - 1)]
    return sorted({int(-(-length // multiple) * multiple) for length in chosen})


def bucketed_batches(
    lengths: "np.ndarray", batch_size: int, boundaries: Sequence[int], rng: "np.random.Generator | None" = None
) -> list[tuple["np.ndarray", int]]:
    """Cuts examples into batches of like length.

    In training (with `rng`), examples are shuffled, gathered by bucket, and the batches shuffled
    again; what does not fill a batch moves up into the next bucket, so that at most one batch is
    filled up. In evaluation (without), examples are sorted by length, and where they are long,
    batches have fewer rows: none takes more than `MOST_STEPS`, unless it is of one row.

    Args:
        lengths: Lengths of the examples.
        batch_size: Rows of every batch, fewer where `MOST_STEPS` would be exceeded.
        boundaries: Lengths to pad to, ascending; beyond the last one, they double.
        rng: Shuffles; None keeps the examples sorted.

    Returns:
        A list of `(indices, padded_length)`: int64 array of the batch's example indices, where
        `FILLER` (-1) stands for a row without an example, and the length to pad to.
    """
    import numpy as np

    lengths = np.asarray(lengths)
    boundaries = _reaching(boundaries, int(lengths.max(initial=1)))
    if rng is None:
        order = np.argsort(-lengths, kind="stable")
        batches = []
        while len(order):
            padded = boundaries[int(np.searchsorted(boundaries, lengths[order[0]]))]
            rows = max(1, min(batch_size, MOST_STEPS // padded))
            batches.append(_fill(order[:rows], lengths, rows, boundaries))
            order = order[rows:]
        return batches
    order = rng.permutation(len(lengths))
    buckets = np.searchsorted(boundaries, lengths[order])
    batches, rest = [], order[:0]
    for bucket in range(len(boundaries)):
        members = np.concatenate([rest, order[buckets == bucket]])
        full = len(members) // batch_size * batch_size
        batches += [members[i : i + batch_size] for i in range(0, full, batch_size)]
        rest = members[full:]
    if len(rest):
        batches.append(rest)
    return [_fill(batches[i], lengths, batch_size, boundaries) for i in rng.permutation(len(batches))]


def _reaching(boundaries: Sequence[int], longest: int) -> list[int]:
    boundaries = list(boundaries)
    if not boundaries or boundaries[0] < 1 or sorted(set(boundaries)) != boundaries:
        raise ValueError(f"boundaries must be positive and ascending. Received: {boundaries}")
    while boundaries[-1] < longest:
        boundaries.append(2 * boundaries[-1])
    return boundaries


def _fill(batch: "np.ndarray", lengths: "np.ndarray", batch_size: int, boundaries: list[int]):
    import numpy as np

    indices = np.full(batch_size, FILLER, np.int64)
    indices[: len(batch)] = batch
    return indices, boundaries[int(np.searchsorted(boundaries, lengths[batch].max()))]
