import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.batching import FILLER, bucket_boundaries, bucketed_batches

LENGTHS = st.lists(st.integers(0, 90), max_size=60)


@given(lengths=LENGTHS, batch_size=st.integers(1, 9), seed=st.none() | st.integers(0, 9))
def test_every_example_stands_in_one_batch_that_it_fits(lengths, batch_size, seed):
    boundaries = [8, 16, 40]
    rng = None if seed is None else np.random.default_rng(seed)
    batches = bucketed_batches(np.array(lengths, int), batch_size, boundaries, rng)
    rows = np.concatenate([indices for indices, _ in batches] or [[]])
    assert sorted(rows[rows != FILLER]) == list(range(len(lengths)))
    assert (rows == FILLER).sum() < batch_size
    for indices, padded in batches:
        assert indices.shape == (batch_size,)
        assert indices.dtype == np.int64
        assert padded in (8, 16, 40, 80, 160)
        assert max(lengths[i] for i in indices if i != FILLER) <= padded


def test_evaluation_is_sorted_by_length():
    lengths = np.random.default_rng(0).integers(1, 100, 64)
    order = np.concatenate([indices for indices, _ in bucketed_batches(lengths, 8, [100])])
    assert (np.diff(lengths[order]) <= 0).all()


def test_long_examples_come_in_small_batches_where_nothing_is_learned(monkeypatch):
    monkeypatch.setattr("seqtasks.data.batching.MOST_STEPS", 64)
    lengths = np.array([100, 3, 30, 4, 17, 30, 5, 6, 7])
    found = bucketed_batches(lengths, 4, [8, 32])
    assert [(len(indices), padded) for indices, padded in found] == [(1, 128), (2, 32), (2, 32), (4, 8)]
    assert {len(indices) for indices, _ in bucketed_batches(lengths, 4, [8, 32], np.random.default_rng(0))} == {4}


def test_training_is_shuffled_within_and_between_batches():
    lengths = np.repeat([5, 15], 64)
    rng = np.random.default_rng(0)
    first, second = (bucketed_batches(lengths, 8, [8, 16], rng) for _ in range(2))
    assert {tuple(sorted(indices)) for indices, _ in first} != {tuple(sorted(indices)) for indices, _ in second}
    padded = [length for _, length in first]
    assert sorted(padded) == [8] * 8 + [16] * 8
    assert padded != sorted(padded)
    again = bucketed_batches(lengths, 8, [8, 16], np.random.default_rng(0))
    assert all((a == b).all() for (a, _), (b, _) in zip(first, again, strict=True))


def test_buckets_keep_padding_small():
    lengths = np.random.default_rng(0).integers(1, 129, 2000)
    boundaries = bucket_boundaries(lengths)
    assert len(boundaries) <= 8
    assert boundaries[-1] == 128
    steps = sum(8 * padded for _, padded in bucketed_batches(lengths, 8, boundaries, np.random.default_rng(1)))
    assert steps < 1.25 * lengths.sum()


@pytest.mark.parametrize("boundaries", [[], [8, 8], [16, 8], [0, 8]])
def test_bad_boundaries(boundaries):
    with pytest.raises(ValueError, match="must be positive and ascending"):
        bucketed_batches(np.array([3]), 2, boundaries)


def test_no_lengths():
    assert bucket_boundaries(np.array([], int)) == [8]
    assert bucketed_batches(np.array([], int), 4, [8]) == []
