"""Beam search on small tables of scores, against every sequence there is."""

import itertools
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.decoding.beam_search import Hypotheses, Manner, beam_search

SIZE, END = 6, 2  # padding, <UNK>, <EOS> and three letters
STEPS = 3  # of a memory to look at
WIDE = 128  # more than there are hypotheses of four symbols
MANNERS = [(0.0, 0.0), (0.6, 0.0), (1.0, 0.0), (0.0, 0.3), (0.6, 1.0)]


class Memory(NamedTuple):
    """`scores` float `[B, V, V, V]` and `attention` float `[B, V, V, T]`, both by the last two symbols."""

    scores: tf.Tensor
    attention: tf.Tensor
    mask: tf.Tensor


def advance(symbols, states, memory):
    (before,) = states
    places = tf.stack([tf.cast(before[:, 0], tf.int32), symbols], axis=1)
    scores, attention = (tf.gather_nd(table, places, batch_dims=1) for table in (memory.scores, memory.attention))
    return scores, [tf.cast(symbols[:, None], tf.float32)], attention


def tables(seed, rows=1, spread=2.0):
    """Returns random tables; the last step of each second row's memory does not count."""
    rng = np.random.default_rng(seed)
    attention = rng.uniform(0.05, 1, (rows, SIZE, SIZE, STEPS)) ** 3
    mask = np.ones((rows, STEPS), bool)
    mask[1::2, -1] = False
    attention *= mask[:, None, None]
    attention /= attention.sum(-1, keepdims=True)
    scores = spread * rng.normal(size=(rows, SIZE, SIZE, SIZE))
    return Memory(tf.constant(scores, tf.float32), tf.constant(attention, tf.float32), tf.constant(mask))


def search(memory, beam, limits, length_penalty=0.0, coverage_penalty=0.0, longest=None, **options):
    states = [tf.fill([memory.mask.shape[0], 1], float(END))]
    longest = max(limits, default=0) if longest is None else longest
    manner = Manner(beam, length_penalty, coverage_penalty)
    return beam_search(advance, states, memory, tf.constant(limits, tf.int32), longest, manner, **options)


def logs_of(memory, row=0):
    scores = memory.scores.numpy()[row].astype(float)
    return scores - np.log(np.exp(scores).sum(-1, keepdims=True))


def judged(memory, symbols, length_penalty, coverage_penalty, row=0):
    """Returns the log-probability and the score of what is written, `<EOS>` included."""
    logs, total, attended = logs_of(memory, row), 0.0, np.zeros(STEPS)
    for before, last, symbol in zip((END, END, *symbols), (END, *symbols), symbols, strict=False):
        total += logs[before, last, symbol]
        attended += memory.attention.numpy()[row, before, last]
    covered = np.log(np.minimum(attended, 1.0)[memory.mask.numpy()[row]]).sum() if coverage_penalty else 0.0
    return total, total / len(symbols) ** length_penalty + coverage_penalty * covered


def every(limit, letters=(3, 4, 5)):
    """Returns all that ends within the limit, and all that does not."""
    ended = [(*text, END) for n in range(limit) for text in itertools.product(letters, repeat=n)]
    return ended, list(itertools.product(letters, repeat=limit))


def written(found, row=0):
    """Returns ids without padding, with `<EOS>` where it came, of what was found."""
    rows = zip(found.ids.numpy()[row].tolist(), found.finished.numpy()[row], found.scores.numpy()[row], strict=True)
    return [(*[i for i in ids if i], *[END] * int(ended)) for ids, ended, score in rows if score > -1e6]


def greedy(memory, limit, row=0):
    logs, text, before, last, total = logs_of(memory, row), (), END, END, 0.0
    while len(text) < limit and END not in text:
        symbol = END + int(logs[before, last, END:].argmax())
        total += logs[before, last, symbol]
        before, last, text = last, symbol, (*text, symbol)
    return text, total


def assert_same(one: Hypotheses, other: Hypotheses):
    for name, values, others in zip(Hypotheses._fields, one, other, strict=True):
        np.testing.assert_allclose(values, others, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize(("length_penalty", "coverage_penalty"), MANNERS)
@pytest.mark.parametrize("allow_unknown", [False, True])
def test_a_wide_beam_finds_everything_in_order(length_penalty, coverage_penalty, allow_unknown):
    memory, limit = tables(1), 3 if allow_unknown else 4
    found = search(memory, WIDE, [limit], length_penalty, coverage_penalty, allow_unknown=allow_unknown)
    expected = []
    for texts in every(limit, (1, 3, 4, 5) if allow_unknown else (3, 4, 5)):
        marks = [(*judged(memory, text, length_penalty, coverage_penalty), text) for text in texts]
        expected += sorted(marks, key=lambda mark: -mark[1])
    assert written(found) == [text for _, _, text in expected]
    count = len(expected)
    np.testing.assert_allclose(found.log_probabilities[0, :count], [mark[0] for mark in expected], rtol=1e-5)
    np.testing.assert_allclose(found.scores[0, :count], [mark[1] for mark in expected], rtol=1e-5)
    # Where there is nothing more there is nothing to read either.
    assert np.all(found.scores[0, count:] < -1e6)
    assert not np.any(found.ids[0, count:])
    assert not np.any(found.finished[0, count:])


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_one_hypothesis_is_greedy(limit):
    rows = 40
    memory = tables(2, rows)
    found = search(memory, 1, [limit] * rows, length_penalty=1.0)
    for row in range(rows):
        text, total = greedy(memory, limit, row)
        assert written(found, row) == [text]
        np.testing.assert_allclose(found.log_probabilities[row, 0], total, rtol=1e-5)
        np.testing.assert_allclose(found.scores[row, 0], total / len(text), rtol=1e-5)
    assert limit == 1 or 0 < found.finished.numpy().sum() < rows


@pytest.mark.parametrize("beam", [1, 2, 5])
@pytest.mark.parametrize(("length_penalty", "coverage_penalty"), MANNERS)
def test_what_is_found_is_sound(beam, length_penalty, coverage_penalty):
    limits = np.arange(60) % 6
    memory = tables(3, 60)
    found = search(memory, beam, limits, length_penalty, coverage_penalty)
    assert found.ids.shape == (60, beam, 5)
    assert not set(np.unique(found.ids)) & {1, END}
    for row, limit in enumerate(limits):
        texts, finished = written(found, row), found.finished.numpy()[row]
        if not limit:
            assert not np.any(found.ids[row])
            assert not finished.any()
            continue
        assert len(set(texts)) == len(texts) > 0
        for place, text in enumerate(texts):
            total, score = judged(memory, text, length_penalty, coverage_penalty, row)
            np.testing.assert_allclose(found.log_probabilities[row, place], total, rtol=1e-5)
            np.testing.assert_allclose(found.scores[row, place], score, rtol=1e-5)
            assert len(text) <= limit
            assert finished[place] or len(text) == limit
        # Padding comes behind.
        lengths = np.count_nonzero(found.ids[row], axis=1)
        assert np.array_equal(found.ids.numpy()[row] != 0, np.arange(5) < lengths[:, None])
        order = [(not ended, -score) for ended, score in zip(finished, found.scores.numpy()[row], strict=True)]
        assert order == sorted(order)


@pytest.mark.parametrize("beam", [1, 4])
def test_rows_are_searched_together_as_alone(beam):
    rows, limits = 12, [0, 5, 1, 3, 5, 0, 2, 4, 5, 5, 1, 5]
    easy, hard = tables(4, rows, spread=9.0), tables(5, rows, spread=0.1)
    turns = (tf.range(rows) % 2 == 0)[:, None, None, None]
    memory = easy._replace(scores=tf.where(turns, easy.scores, hard.scores))
    together = search(memory, beam, limits, 0.6, 0.2)
    for row in range(rows):
        one = tf.nest.map_structure(lambda values, row=row: values[row : row + 1], memory)
        alone = search(one, beam, limits[row : row + 1], 0.6, 0.2)
        assert written(alone) == written(together, row)
        for name in ("scores", "log_probabilities", "finished"):
            np.testing.assert_allclose(getattr(alone, name)[0], getattr(together, name)[row], rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("coverage_penalty", [0.0, 0.2])
def test_no_rows(coverage_penalty):
    memory = tf.nest.map_structure(lambda values: values[:0], tables(0))
    found = search(memory, 3, [], coverage_penalty=coverage_penalty, longest=4)
    assert found.ids.shape == (0, 3, 4)
    assert found.scores.shape == found.log_probabilities.shape == found.finished.shape == (0, 3)


def test_a_search_without_a_memory():
    table = tables(6).scores[0]

    def advance(symbols, states, memory):
        assert memory is None
        return tf.gather_nd(table, tf.stack([tf.fill(tf.shape(symbols), END), symbols], axis=1)), states, None

    found = beam_search(advance, [], None, tf.constant([1]), 1, Manner(4))
    logs = logs_of(tables(6))[END, END]
    assert written(found) == [(END,), *[(3 + i,) for i in np.argsort(-logs[3:])]]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("coverage_penalty", [0.0, 0.2])
def test_it_runs_in_graphs(compiled, coverage_penalty):
    rows, limits = 3, [5, 0, 4]
    memory, manner = tables(7, rows), Manner(3, 0.6, coverage_penalty)

    def run(scores, attention, mask, limits, longest):
        longest = 5 if compiled else longest
        states = [tf.fill([tf.shape(mask)[0], 1], float(END))]
        return beam_search(advance, states, Memory(scores, attention, mask), limits, longest, manner)

    arguments = [*memory, tf.constant(limits), tf.constant(5)]
    shapes = [values.shape for values in arguments]
    if not compiled:
        shapes = [[None, None, None, SIZE], [None, None, None, None], [None, None], [None], []]
    signature = [tf.TensorSpec(shape, values.dtype) for shape, values in zip(shapes, arguments, strict=True)]
    function = tf.function(run, signature, autograph=False, jit_compile=compiled)
    assert_same(function(*arguments), search(memory, 3, limits, 0.6, coverage_penalty))
    if not compiled:
        none = [values[:0] for values in arguments[:4]]
        assert function(*none, tf.constant(0)).ids.shape == (0, 3, 0)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), spread=st.floats(0.1, 5.0))
def test_a_beam_wide_enough_is_never_worse(seed, spread):
    memory = tables(seed, spread=spread)
    best = search(memory, WIDE, [4]).log_probabilities[0, 0] + 1e-4
    for beam in (1, 2, 3, 5):
        found = search(memory, beam, [4])
        assert not found.finished[0, 0] or found.log_probabilities[0, 0] <= best
    text, total = greedy(memory, 4)
    assert text[-1] != END or total <= best


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), spread=st.floats(0.1, 5.0))
def test_no_beam_misses_what_greed_finds(seed, spread):
    memory = tables(seed, spread=spread)
    text, total = greedy(memory, 10)
    for beam in (2, 3, 5):
        found = search(memory, beam, [10])
        rows = written(found)
        assert len(rows) == len(set(rows))
        if text[-1] == END:
            assert found.finished[0, 0]
            assert found.log_probabilities[0, 0] >= total - 1e-4
