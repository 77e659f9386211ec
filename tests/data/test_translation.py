"""Pairs of texts as numbers, and back."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from seqtasks.config import Config
from seqtasks.data.translation import TranslationPipeline, _rungs
from seqtasks.data.vocabulary import PADDING, UNKNOWN
from seqtasks.decoding.sampling import draw
from seqtasks.errors import DataError
from seqtasks.sections import Recurrent, SourceText, TargetText, Training

END = 2
UNITS = ("subword", "word", "character")
WORDS = ["the", "old", "dog", "sees", "a", "cat", "and", "sleeps", "😀", "né"]


def pairs(*texts):
    return [{"source": source, "target": target} for source, target in texts]


PAIRS = pairs(
    ("the old dog sleeps .", "le vieux chien dort ."),
    ("a cat sees the dog !", "un chat voit le chien !"),
    ("né 😀 the end", "né 😀 la fin"),
    ("the <unk> sleeps", "<EOS> dort"),
    ("", "rien"),
)


def fit(examples=PAIRS, unit="word", source=None, target=None):
    config = Config(
        SourceText(**{"unit": unit, "tokenizer": "blanks", "max_symbols": 60, **(source or {})}),
        TargetText(**{"unit": unit, "tokenizer": "blanks", "max_symbols": 60, **(target or {})}),
        Recurrent(),
        Training(),
    )
    return TranslationPipeline.fit(config, examples)


def sentences(count, seed=0, longest=20):
    """Returns random pairs of which either side may be the longer one."""
    rng = np.random.default_rng(seed)
    return pairs(*((" ".join(rng.choice(WORDS, rng.integers(1, longest))) for _ in range(2)) for _ in range(count)))


def rows_of(encoded, name):
    values = encoded.steps[name].tolist()
    return [values[start:end] for start, end in zip(encoded.splits[:-1], encoded.splits[1:], strict=True)]


def test_words_become_numbers():
    pipeline = fit(source={"min_count": 2})
    assert pipeline.source.tokens == [PADDING, UNKNOWN, "<EOS>", "the", "dog", "sleeps"]
    encoded = pipeline.encode(pairs(("the new dog", "le chien dort"), ("", "")))
    chien, dort, le = (pipeline.target.id(word) for word in ("chien", "dort", "le"))
    assert rows_of(encoded.source, "source") == [[3, 1, 4], []]
    assert rows_of(encoded.target, "inputs") == [[END, le, chien, dort], [END]]
    assert rows_of(encoded.target, "targets") == [[le, chien, dort, END], [END]]
    assert {encoded.source.steps["source"].dtype, *(one.dtype for one in encoded.target.steps.values())} == {
        np.dtype(np.int32)
    }


def test_marks_that_a_text_spells_are_unknown_words():
    pipeline = fit()
    assert not {"<unk>", "<EOS>"} & {*pipeline.source.tokens[3:], *pipeline.target.tokens[3:]}
    encoded = pipeline.encode(PAIRS[3:4])
    assert rows_of(encoded.source, "source")[0][1] == 1
    assert rows_of(encoded.target, "targets") == [[1, pipeline.target.id("dort"), END]]


@pytest.mark.parametrize("unit", UNITS)
def test_counts_are_of_the_training_split(unit):
    pipeline = fit(unit=unit)
    encoded = pipeline.encode(PAIRS)
    sides = [
        (pipeline.source, pipeline.source_counts, encoded.source.steps["source"]),
        (pipeline.target, pipeline.target_counts, encoded.target.steps["targets"]),
    ]
    for vocabulary, counts, ids in sides:
        assert counts.dtype == np.int64
        np.testing.assert_array_equal(counts, np.bincount(ids, minlength=len(vocabulary)))
        assert counts[0] == 0
    assert pipeline.source_counts[END] == 0
    assert pipeline.target_counts[END] == len(PAIRS)


@pytest.mark.parametrize("unit", UNITS)
def test_texts_come_back(unit):
    pipeline = fit(unit=unit)
    known = [pair for pair in PAIRS if "<" not in pair["target"]]
    encoded = pipeline.encode(known)
    (batch,) = pipeline.batches(encoded, len(known) + 2)
    texts = pipeline.decode({"ids": batch["targets"]}, batch)
    real = batch["rows"][batch["rows"] >= 0]
    assert texts == [known[row]["target"] for row in real]
    assert pipeline.references(known) == [pair["target"] for pair in known]
    assert pipeline.labels == pipeline.unseen_labels(known) == []


@pytest.mark.parametrize("unit", UNITS)
def test_a_saved_pipeline_is_the_same(unit, tmp_path):
    pipeline = fit(unit=unit)
    pipeline.save(tmp_path)
    again = TranslationPipeline.load(pipeline.config, tmp_path)
    assert (again.source, again.target, again.rungs) == (pipeline.source, pipeline.target, pipeline.rungs)
    for one, other in zip(_numbers(again), _numbers(pipeline), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def _numbers(pipeline):
    encoded = pipeline.encode(PAIRS)
    steps = [*encoded.source.steps.values(), *encoded.target.steps.values()]
    return [pipeline.source_counts, pipeline.target_counts, *steps]


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("unit", UNITS)
def test_exports_see_what_training_saw(unit, lowercase):
    cased = pairs(("The OLD dog né 😀", "Le VIEUX chien né 😀"), ("a", "un"))
    pipeline = fit(cased, unit, {"lowercase": lowercase}, {"lowercase": lowercase})
    rng = np.random.default_rng(0)
    pieces = ["<EOS>", "<PAD>", "<unk>", " ", "OLD", "old", "né", "😀", "🙃", "Le", "\u2581"]
    rows = pairs(*(["".join(rng.choice(pieces, rng.integers(9))) for _ in range(2)] for _ in range(100)))
    encoded, tables = pipeline.encode(rows), pipeline.graph()
    read = tables.features(tf.constant([row["source"] for row in rows]))
    written = tables.targets(tables.target.ids(tf.constant([row["target"] for row in rows])))
    places = np.arange(len(rows))
    source, target = (side.batch(places, int(side.lengths.max())) for side in (encoded.source, encoded.target))
    for name, values in read.items():
        np.testing.assert_array_equal(values, source[name], err_msg=name)
    for name, values in written.items():
        np.testing.assert_array_equal(values, target[name.removeprefix("target_")], err_msg=name)


@pytest.mark.parametrize("unit", UNITS)
def test_texts_of_nothing_have_a_step(unit):
    tables = fit(unit=unit).graph()
    for texts in ([""], ["", ""], []):
        found = tables.features(tf.constant(texts, tf.string))
        assert found["source"].shape == found["mask"].shape == (len(texts), 1)
        assert not np.any(found["mask"])
    assert tables.targets(tables.target.ids(tf.constant([""])))["targets"].numpy().tolist() == [[END]]
    assert tables.targets(tables.target.ids(tf.constant([], tf.string)))["targets"].shape[0] == 0


def test_pairs_too_long_are_left_out_of_training():
    pipeline = fit(source={"max_length": 4}, target={"max_length": 4})
    # `<EOS>` is one of the four.
    kept = [("a b c d", "a b c"), ("", "")]
    left_out = [("a b c d e", "a"), ("a", "a b c d")]
    both = pairs(*kept, *left_out)
    encoded = pipeline.encode(both)
    assert len(encoded) == len(encoded.target) == 2
    assert encoded.source.lengths.tolist() == [4, 0]
    assert encoded.target.lengths.tolist() == [4, 1]
    unlabelled = pipeline.encode(both, labelled=False)
    assert unlabelled.target is None
    assert unlabelled.source.lengths.tolist() == [4, 0, 4, 1]
    read = pipeline.graph().features(tf.constant([pair["source"] for pair in both]))
    np.testing.assert_array_equal(read["mask"].numpy().sum(1), unlabelled.source.lengths)
    with pytest.raises(DataError, match=r"no training pair is short enough.*Received: 4 and 4 symbols"):
        pipeline.encode(pairs(*left_out))


@pytest.mark.parametrize("side", ["source", "target"])
def test_no_text_on_a_side_is_refused(side):
    empty = [{**pair, side: ""} for pair in PAIRS]
    for unit in ("word", "character"):
        with pytest.raises(DataError, match="the training split has no text on one side"):
            fit(empty, unit)
    with pytest.raises(DataError, match="no text to learn subwords from"):
        fit(empty, "subword")


@pytest.mark.parametrize("seed", [None, 1])
def test_batches_hold_every_pair_once(seed):
    examples = sentences(100)
    pipeline = fit(examples)
    encoded = pipeline.encode(examples)
    sources, targets = rows_of(encoded.source, "source"), rows_of(encoded.target, "targets")
    seen, shapes = [], set()
    for batch in pipeline.batches(encoded, 8, None if seed is None else np.random.default_rng(seed)):
        assert batch["source"].shape == batch["mask"].shape
        assert batch["inputs"].shape == batch["targets"].shape == batch["target_mask"].shape
        shapes.add((batch["source"].shape, batch["targets"].shape))
        for i, row in enumerate(batch["rows"]):
            mask = batch["target_mask"][i]
            if row < 0:
                assert not batch["mask"][i].any()
                assert not mask.any()
                continue
            seen.append(row)
            assert batch["source"][i][batch["mask"][i]].tolist() == sources[row]
            assert batch["targets"][i][mask].tolist() == targets[row]
            assert batch["inputs"][i][mask].tolist() == [END, *targets[row][:-1]]
            assert not batch["targets"][i][~mask].any()
    assert sorted(seen) == list(range(100))
    assert {(one[1], other[1]) for one, other in shapes} <= set(pipeline.rungs)
    assert {size for one, other in shapes for size in (one[0], other[0])} == {8}
    assert 2 < len(shapes) <= len(pipeline.rungs) <= 8


@pytest.mark.parametrize(("source", "target"), [(30, 2), (2, 30), (30, 30), (70, 9)])
def test_pairs_longer_than_any_of_training_are_whole(source, target):
    pipeline = fit(sentences(50))
    longer = pipeline.encode(pairs(("a " * source, "a " * target), ("a", "a")))
    batches = list(pipeline.batches(longer, 2))
    assert sum(batch["mask"].sum() for batch in batches) == source + 1
    assert sum(batch["target_mask"].sum() for batch in batches) == target + 1 + 2
    for labelled in (True, False):
        encoded = pipeline.encode(pairs(("a " * source, "a " * target)), labelled)
        (batch,) = pipeline.batches(encoded, 1)
        assert batch["mask"].sum() == source
        assert batch["mask"].shape[1] in [*(rung for rung, _ in pipeline.rungs), 40, 80]


def test_no_examples_give_no_batches():
    pipeline = fit()
    encoded = pipeline.encode([], labelled=False)
    assert len(encoded) == 0
    assert list(pipeline.batches(encoded, 4)) == []


def test_ladders_of_lengths_are_paired():
    assert _rungs([4, 8, 12], [4, 16, 20]) == [(4, 4), (8, 16), (12, 20)]
    assert _rungs([8, 16], [4, 8, 12, 20]) == [(8, 4), (8, 8), (16, 12), (16, 20)]
    assert _rungs([4, 8, 12, 16, 20], [12]) == [(4, 12), (8, 12), (12, 12), (16, 12), (20, 12)]
    assert _rungs([4, 8, 12], [4, 40]) == [(4, 4), (8, 40), (12, 40)]


def test_the_units_of_the_sides_may_differ():
    pipeline = fit(source={"unit": "character"}, target={"unit": "word"})
    encoded = pipeline.encode(PAIRS[:1])
    assert encoded.source.lengths.tolist() == [len(PAIRS[0]["source"])]
    assert encoded.target.lengths.tolist() == [6]


def test_what_is_unknown_is_written_as_its_mark():
    pipeline = fit()
    encoded = pipeline.encode(pairs(("the zebra", "le zèbre dort")))
    (batch,) = pipeline.batches(encoded, 1)
    assert pipeline.decode({"ids": batch["targets"]}, batch) == ["le <UNK> dort"]


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_symbols_are_drawn_as_often_as_they_are_likely(scale):
    draws = 20_000
    rng = np.random.default_rng(0)
    scores = scale * rng.normal(size=7)
    shares = np.exp(scores) / np.exp(scores).sum()
    logits = tf.constant(np.tile(scores, (draws, 1)), tf.float32)
    found = draw(logits, tf.constant(rng.random((draws, 7)), tf.float32))
    assert found.dtype == tf.int32
    enough = draws * shares >= 5
    counts = np.bincount(found, minlength=7)
    expected = draws * shares[enough]
    assert stats.chisquare(counts[enough], expected * counts[enough].sum() / expected.sum()).pvalue > 1e-3
    assert counts[~enough].sum() <= 20


def test_numbers_at_their_ends_draw_something():
    logits = tf.constant([[0.0, 1.0, -1e9]] * 4)
    numbers = tf.constant([[0.0] * 3, [1 - 2**-24] * 3, [0.0, 1 - 2**-24, 0.0], [1 - 2**-24, 0.0, 1 - 2**-24]])
    assert draw(logits, numbers).numpy().tolist() == [1, 1, 1, 0]
