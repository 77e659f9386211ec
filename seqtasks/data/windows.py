"""Cuts long texts into windows, side by side in a batch, one after the other in time.

A row of a batch goes on where the same row of the batch before ended, so that a network's state can be carried from one
to the next (truncated backpropagation through time).
"""

import heapq

import numpy as np


def batches_of_windows(splits, batch_size: int, window: int, rng=None) -> list[tuple]:
    """Lays documents out in rows of windows.

    A document longer than a row's share is cut into pieces that go to different rows. A document's last window is
    shorter than the others, and the next document begins in a window of its own.

    Args:
        splits: int64 `[E + 1]`; document `e` owns the symbols `splits[e]:splits[e + 1]`.
        batch_size: Rows of every batch, B.
        window: The most symbols of a window.
        rng: A `numpy.random.Generator` that orders the documents anew and shifts the windows' borders in long ones, at
            the price of less than one window each; None keeps every symbol in its place.

    Returns:
        One tuple a batch: where each row's window starts, int64 `[B]`; how many symbols it holds, int64 `[B]`, 0 for a
        row without one; whether a text or a piece of one begins there, bool `[B]`.
    """
    splits = np.asarray(splits, np.int64)
    share = max(-(-int(splits[-1] - splits[0]) // (batch_size * window)), 1) * window
    documents = np.flatnonzero(np.diff(splits))
    pieces = []
    for document in documents if rng is None else rng.permutation(documents):
        start, end = int(splits[document]), int(splits[document + 1])
        if rng is not None and end - start > share:
            start += int(rng.integers(window))
        pieces += [(place, min(place + share, end)) for place in range(start, end, share)]
    rows = [[] for _ in range(batch_size)]
    # The longest piece goes to the shortest row; pieces of one length keep their order.
    loads = [(0, row) for row in range(batch_size)]
    for start, end in sorted(pieces, key=lambda piece: piece[0] - piece[1]):
        load, row = heapq.heappop(loads)
        places = range(start, end, window)
        rows[row] += [(place, min(window, end - place), place == start) for place in places]
        heapq.heappush(loads, (load + len(places), row))
    empty = (0, 0, True)
    count = max(map(len, rows))
    columns = ([row[i] if i < len(row) else empty for row in rows] for i in range(count))
    return [
        tuple(np.array(values, kind) for values, kind in zip(zip(*column, strict=True), _KINDS, strict=True))
        for column in columns
    ]


_KINDS = (np.int64, np.int64, bool)
