from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.windows import batches_of_windows

LENGTHS = st.lists(st.integers(0, 60), max_size=20)
BATCH_SIZES, WINDOWS, SEEDS = st.integers(1, 6), st.integers(1, 12), st.integers(0, 9)


def splits_of(lengths):
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def rows_of(batches):
    """Returns each row's windows (start, length, begins), those without a symbol included."""
    return list(zip(*(list(zip(*map(np.ndarray.tolist, batch), strict=True)) for batch in batches), strict=True))


def pieces_of(batches):
    """Returns what each row reads from one beginning to the next: (row, first symbol, last symbol + 1)."""
    pieces = []
    for row, windows in enumerate(rows_of(batches)):
        for start, length, begins in windows:
            if begins and length:
                pieces.append([row, start, start + length])
            elif length:
                assert start == pieces[-1][2], "goes on elsewhere"
                pieces[-1][2] = start + length
    return [tuple(piece) for piece in pieces]


@given(lengths=LENGTHS, batch_size=BATCH_SIZES, window=WINDOWS, seed=st.none() | SEEDS)
def test_windows_lie_one_behind_the_other(lengths, batch_size, window, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    batches = batches_of_windows(splits_of(lengths), batch_size, window, rng)
    for starts, counts, begins in batches:
        assert starts.shape == counts.shape == begins.shape == (batch_size,)
        assert (starts.dtype, counts.dtype, begins.dtype) == (np.int64, np.int64, bool)
    for windows in rows_of(batches):
        for before, (_, length, begins) in zip([(0, 0, True), *windows], windows, strict=False):
            assert 0 <= length <= window
            assert begins or before[1] == window  # only a piece's last window is short
            assert begins or length
        counts = [length > 0 for _, length, _ in windows]
        assert counts == sorted(counts, reverse=True)


@given(lengths=LENGTHS, batch_size=BATCH_SIZES, window=WINDOWS)
def test_every_symbol_has_one_place(lengths, batch_size, window):
    splits = splits_of(lengths)
    pieces = pieces_of(batches_of_windows(splits, batch_size, window))
    assert sorted(symbol for _, start, end in pieces for symbol in range(start, end)) == list(range(splits[-1]))
    for _, start, end in pieces:
        document = np.searchsorted(splits, start, side="right") - 1
        assert end <= splits[document + 1]


@given(lengths=LENGTHS, batch_size=BATCH_SIZES, window=WINDOWS, seed=SEEDS)
def test_shifted_windows_lose_less_than_one_at_a_document_s_start(lengths, batch_size, window, seed):
    splits = splits_of(lengths)
    pieces = pieces_of(batches_of_windows(splits, batch_size, window, np.random.default_rng(seed)))
    seen = sorted(symbol for _, start, end in pieces for symbol in range(start, end))
    assert len(seen) == len(set(seen))
    lost = sorted(set(range(splits[-1])) - set(seen))
    whole = {end - start for _, start, end in pieces_of(batches_of_windows(splits, batch_size, window))}
    for start, end in pairwise(splits):
        own = [symbol for symbol in lost if start <= symbol < end]
        assert own == list(range(start, start + len(own)))
        assert len(own) < window
        assert not own or end - start > max(whole)  # a short document is never cut


@given(lengths=LENGTHS, batch_size=BATCH_SIZES, window=WINDOWS, seed=st.none() | SEEDS)
def test_rows_are_balanced(lengths, batch_size, window, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    batches = batches_of_windows(splits_of(lengths), batch_size, window, rng)
    loads = [sum(length > 0 for _, length, _ in windows) for windows in rows_of(batches)]
    longest = max((-(-(end - start) // window) for _, start, end in pieces_of(batches)), default=0)
    assert max(loads, default=0) == len(batches)
    assert max(loads, default=0) - min(loads, default=0) <= longest


@pytest.mark.parametrize(("length", "count"), [(100, 5), (101, 6), (81, 5), (1, 1)])
def test_one_long_text_is_shared_evenly(length, count):
    batches = batches_of_windows([0, length], 4, 5)
    assert len(batches) == count
    assert batches[0][2].all()
    assert not any(begins[lengths > 0].any() for _, lengths, begins in batches[1:])


def test_the_order_follows_from_the_seed():
    def order(seed):
        rng = None if seed is None else np.random.default_rng(seed)
        return [np.stack(batch).tolist() for batch in batches_of_windows(splits_of([7] * 20 + [90]), 3, 5, rng)]

    assert order(None) == order(None)
    assert order(1) == order(1)
    assert order(1) != order(2)
    assert order(1) != order(None)


def test_more_rows_than_text():
    ((starts, lengths, begins),) = batches_of_windows([0, 3], 5, 2)
    assert starts.tolist() == [0, 2, 0, 0, 0]
    assert lengths.tolist() == [2, 1, 0, 0, 0]
    assert begins.tolist() == [True] * 5


@pytest.mark.parametrize("splits", [[0], [0, 0, 0]])
def test_no_text_gives_no_batch(splits):
    assert batches_of_windows(splits, 3, 5) == []
