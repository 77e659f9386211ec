from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.config import Config
from seqtasks.data.language import LanguagePipeline, SequenceScore
from seqtasks.data.vocabulary import PADDING
from seqtasks.errors import DataError
from seqtasks.sections import NextSymbol, Recurrent, Symbols, Training

BATCH_SIZE = 3
ROWS = ["b a b c", "b <unk> a", "", "d <PAD> <EOS> <UNK>"]
CONTEXTS = ("example", "document", "text")


def config_of(**inputs):
    return Config(
        Symbols(**{"tokenizer": "blanks", **inputs}), NextSymbol(), Recurrent(), Training(batch_size=BATCH_SIZE)
    )


def texts(rows):
    return [{"text": row} for row in rows]


def fit(rows=ROWS, **inputs):
    return LanguagePipeline.fit(config_of(**inputs), texts(rows))


def documents_of(encoded):
    """Returns what is read and what is to be predicted, by example."""
    both = [encoded.steps[name] for name in ("inputs", "targets")]
    spans = pairwise(encoded.splits)
    return [tuple(values[start:end].tolist() for values in both) for start, end in spans]


@pytest.mark.parametrize(
    ("options", "symbols", "unknown"),
    [
        ({}, ["b", "a", "c", "d"], 4),
        ({"max_symbols": 3}, ["b", "a", "c"], 5),
        ({"min_count": 2}, ["b", "a"], 6),
        ({"max_symbols": 1}, ["b"], 8),
    ],
)
def test_the_vocabulary_is_the_most_frequent_first(options, symbols, unknown):
    pipeline = fit(**options)
    assert pipeline.symbols.tokens == [PADDING, "<UNK>", "<EOS>", *symbols]
    assert pipeline.counts.dtype == np.int64
    # Marks that a text spells are unknown words.
    assert pipeline.counts.tolist() == [0, unknown, 4, *[{"b": 3, "a": 2, "c": 1, "d": 1}[one] for one in symbols]]
    targets = pipeline.encode(texts(ROWS)).steps["targets"]
    np.testing.assert_array_equal(np.bincount(targets, minlength=len(pipeline.counts)), pipeline.counts)


def test_what_training_never_showed_is_unknown():
    pipeline = fit()
    assert documents_of(pipeline.encode(texts(["a new b"]), labelled=False))[0][1] == [4, 1, 3, 2]
    assert pipeline.unseen_labels(texts(["a new b"])) == []
    assert pipeline.labels == []
    assert pipeline.references(texts(["a"])) is None


@pytest.mark.parametrize("rows", [[], [""], ["  ", "\n"]])
def test_no_text_is_refused(rows):
    with pytest.raises(DataError, match="the training split has no text"):
        fit(rows)


@pytest.mark.parametrize(
    ("context", "documents"),
    [
        ("example", [([2, 4, 3], [4, 3, 2]), ([2], [2]), ([2, 1], [1, 2])]),
        ("text", [([2, 4, 3], [4, 3, 2]), ([2], [2]), ([2, 1], [1, 2])]),
        ("document", [([2, 4], [4, 3]), ([], []), ([2], [1])]),
    ],
)
def test_a_text_is_predicted_from_what_stands_before_it(context, documents):
    encoded = fit(context=context).encode(texts(["a b", "", "x"]))
    assert documents_of(encoded) == documents
    assert {values.dtype for values in encoded.steps.values()} == {np.dtype(np.int32)}


@pytest.mark.parametrize("context", CONTEXTS)
def test_no_examples_give_no_batches(context):
    pipeline = fit(context=context)
    encoded = pipeline.encode([])
    assert len(encoded) == len(encoded.steps["inputs"]) == len(encoded.steps["targets"]) == 0
    assert list(pipeline.batches(encoded, 4)) == []


@pytest.mark.parametrize("seed", [None, 1])
def test_batches_of_examples(seed):
    pipeline = fit(["a " * n for n in (3, 9, 30)])
    assert all(length % 8 == 0 for length in pipeline.lengths)
    encoded = pipeline.encode(texts(["a " * n for n in range(40)]))
    seen = []
    for batch in pipeline.batches(encoded, 7, None if seed is None else np.random.default_rng(seed)):
        assert batch["begins"].tolist() == [True] * 7
        assert batch["mask"].shape == batch["inputs"].shape == batch["targets"].shape
        assert batch["mask"].shape in [(7, length) for length in (*pipeline.lengths, 2 * pipeline.lengths[-1])]
        seen += [(row, targets.tolist().count(3)) for row, targets in zip(batch["rows"], batch["targets"], strict=True)]
    assert sorted(seen)[-40:] == [(n, n) for n in range(40)]


@pytest.mark.parametrize("context", ["document", "text"])
@settings(max_examples=20)
@given(
    counts=st.lists(st.integers(0, 30), min_size=1, max_size=6), window=st.integers(2, 9), seed=st.none() | st.just(1)
)
def test_batches_of_windows(context, counts, window, seed):
    pipeline = fit(["a b"], context=context, window=window)
    encoded = pipeline.encode(texts(["a b " * count for count in counts]))
    whole = encoded.splits[-1]
    done, last, seen = 0, [None] * BATCH_SIZE, 0
    # However many rows are asked for.
    for batch in pipeline.batches(encoded, 99, None if seed is None else np.random.default_rng(seed)):
        assert batch["inputs"].shape == batch["targets"].shape == batch["mask"].shape == (BATCH_SIZE, window)
        assert batch["begins"].shape == (BATCH_SIZE,)
        for i, mask in enumerate(batch["mask"]):
            inputs, targets = batch["inputs"][i][mask].tolist(), batch["targets"][i][mask].tolist()
            assert batch["rows"][i] == (done if inputs else -1)
            done, seen = done + bool(inputs), seen + len(inputs)
            assert inputs[1:] == targets[:-1]
            if not batch["begins"][i]:
                assert inputs[0] == last[i]
            last[i] = targets[-1] if targets else None
            assert not batch["targets"][i][~mask].any()
    assert seen == whole if seed is None else whole - window * (BATCH_SIZE + len(counts)) < seen <= whole


def test_a_piece_that_begins_within_a_text_still_reads_the_symbol_before():
    pipeline = fit(["a b"], context="document", window=2)
    (first,) = pipeline.batches(pipeline.encode(texts(["a b b a b"])), 1)
    assert first["begins"].all()
    assert first["inputs"].tolist() == [[2, 3], [4, 4], [3, 0]]


def test_scores_of_filler_rows_are_left_out():
    outputs = {"log_probability": np.array([-1.5, 0.0, -2.0], np.float32), "count": np.array([3, 0, 1], np.int32)}
    found = fit().decode(outputs, {"rows": np.array([4, -1, 0])})
    assert found == [SequenceScore(-1.5, 3), SequenceScore(-2.0, 1)]
    assert {type(score.log_probability) for score in found} == {float}


@pytest.mark.parametrize("unit", ["word", "character", "byte"])
def test_a_saved_pipeline_is_the_same(unit, tmp_path):
    rows = ["né \\ \n\r\u2028😀 a", "b\x85b"]
    for context in CONTEXTS:
        pipeline = fit(rows, unit=unit, context=context)
        pipeline.save(tmp_path)
        again = LanguagePipeline.load(pipeline.config, tmp_path)
        assert again.symbols == pipeline.symbols
        assert again.lengths == pipeline.lengths
        np.testing.assert_array_equal(again.counts, pipeline.counts)
        assert again.counts.dtype == pipeline.counts.dtype
        assert documents_of(again.encode(texts(rows))) == documents_of(pipeline.encode(texts(rows)))


def test_bytes_come_back():
    text = "né\n\\ 東😀\x00"
    pipeline = fit([text], unit="byte")
    assert "000" in pipeline.symbols
    assert len(pipeline.symbols) == 3 + len(set(text.encode()))
    ids = pipeline.encode(texts([text])).steps["targets"]
    assert pipeline.graph().continued(tf.constant([""]), ids[None]).numpy()[0].decode() == text


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("cut", ["word words", "word blanks", "character words", "byte words"])
def test_exports_see_what_training_saw(cut, lowercase):
    unit, tokenizer = cut.split()
    pipeline = fit(["Don't <unk> né A\n", "<EOS> a"], unit=unit, tokenizer=tokenizer, lowercase=lowercase)
    rng = np.random.default_rng(0)
    pieces = ["<EOS>", "<PAD>", "<UNK>", "<unk>", " ", "A", "né", "Don't", "😀"]
    rows = ["".join(rng.choice(pieces, rng.integers(8))) for _ in range(200)]
    ids = pipeline.graph().ids(tf.constant(rows)).to_list()
    assert [targets for _, targets in documents_of(pipeline.encode(texts(rows)))] == [[*row, 2] for row in ids]
