import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.pipeline import Encoded, pad_empty

BOUNDARIES = (4, 8, 16)


def encode(lengths):
    """Steps are numbered from 1 on, twice and again as pairs; examples from 100 on."""
    splits = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    steps = np.arange(1, splits[-1] + 1, dtype=np.int32)
    return Encoded(
        splits,
        {"words": steps, "pairs": np.stack([steps, -steps], axis=1).astype(np.int64)},
        {"labels": np.arange(100, 100 + len(lengths), dtype=np.int32)},
    )


@given(
    lengths=st.lists(st.integers(0, 40), max_size=30),
    batch_size=st.integers(1, 7),
    seed=st.none() | st.integers(0, 9),
)
def test_batches_hold_every_example_once_and_zeros_beside(lengths, batch_size, seed):
    encoded = encode(lengths)
    seen = []
    for batch in encoded.batches(batch_size, BOUNDARIES, None if seed is None else np.random.default_rng(seed)):
        rows, mask = batch["rows"], batch["mask"]
        assert rows.shape == (batch_size,)
        assert mask.shape[1] in (4, 8, 16, 32, 64)
        seen += rows[rows >= 0].tolist()
        np.testing.assert_array_equal(mask.sum(1), [lengths[row] if row >= 0 else 0 for row in rows])
        # True comes first: no gaps, nothing before the sequence.
        np.testing.assert_array_equal(mask, np.sort(mask, axis=1)[:, ::-1])
        for row, words, pairs, label in zip(rows, batch["words"], batch["pairs"], batch["labels"], strict=True):
            if row < 0:
                assert label == 0
                assert not words.any()
                continue
            own = np.arange(encoded.splits[row], encoded.splits[row + 1]) + 1
            padding = mask.shape[1] - len(own)
            np.testing.assert_array_equal(words, np.pad(own, (0, padding)))
            np.testing.assert_array_equal(pairs, np.pad(np.stack([own, -own], 1), ((0, padding), (0, 0))))
            assert label == 100 + row
    assert sorted(seen) == list(range(len(lengths)))


def test_a_batch_keeps_dtypes_and_shapes():
    batch = encode([2, 0, 3]).batch(np.array([2, -1, 1]), 4)
    found = {name: (values.dtype.name, values.shape) for name, values in batch.items()}
    assert found == {
        "rows": ("int64", (3,)),
        "mask": ("bool", (3, 4)),
        "words": ("int32", (3, 4)),
        "pairs": ("int64", (3, 4, 2)),
        "labels": ("int32", (3,)),
    }
    assert batch["words"].tolist() == [[3, 4, 5, 0], [0] * 4, [0] * 4]


def test_lengths_and_size():
    encoded = encode([2, 0, 3])
    assert len(encoded) == 3
    assert encoded.lengths.tolist() == [2, 0, 3]
    assert len(encode([])) == 0
    assert list(encode([]).batches(4, BOUNDARIES)) == []


def test_shuffling_changes_the_order_by_the_seed_alone():
    encoded = encode([3] * 50)

    def order(rng):
        return np.concatenate([batch["rows"] for batch in encoded.batches(5, BOUNDARIES, rng)]).tolist()

    assert order(None) == order(None) == list(range(50))
    assert order(np.random.default_rng(1)) == order(np.random.default_rng(1))
    assert order(np.random.default_rng(1)) != order(np.random.default_rng(2))


@pytest.mark.parametrize(("shape", "padded"), [((2, 0), (2, 1)), ((0, 0), (0, 1)), ((2, 3), (2, 3))])
def test_empty_batches_get_one_step(shape, padded):
    import tensorflow as tf

    features = pad_empty({"words": tf.ones(shape, tf.int32), "deep": tf.ones((*shape, 5)), "mask": tf.ones(shape) > 0})
    assert features["words"].shape == features["mask"].shape == padded
    assert features["deep"].shape == (*padded, 5)
    # What was there stays, what is new is padding.
    assert all(bool(np.all(values)) == (shape == padded) for values in features.values() if values.shape[0])


@given(
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=10), longest=st.integers(2, 15), seed=st.integers(0, 9)
)
def test_pieces_are_the_same_steps_in_shorter_examples(lengths, longest, seed):
    whole = encode(lengths)
    whole.examples.clear()
    pieces = whole.pieces(longest, np.random.default_rng(seed))
    assert pieces.lengths.max(initial=0) <= longest
    assert pieces.lengths.sum() == sum(lengths)
    assert set(whole.splits) <= set(pieces.splits)
    # What is short enough is not cut.
    short = [end for end, length in zip(whole.splits[1:], lengths, strict=True) if 0 < length <= longest]
    for end in short:
        place = np.searchsorted(pieces.splits, end)
        assert pieces.splits[place - 1] in whole.splits
    np.testing.assert_array_equal(pieces.steps["words"], whole.steps["words"])


def test_pieces_are_cut_at_other_places_every_time():
    rng = np.random.default_rng(0)
    assert len({tuple(encode([100]).pieces(20, rng).splits) for _ in range(8)}) > 1
