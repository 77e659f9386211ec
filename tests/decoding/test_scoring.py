import itertools

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.decoding.scoring import AT_ONCE, log_probabilities, targets_of

from .conftest import END, SYMBOLS, ragged, softmax

LONGEST = 4
LETTERS = [symbol for symbol in SYMBOLS if symbol != END]
EVERY = {n: list(itertools.product(LETTERS, repeat=n)) for n in range(LONGEST + 1)}


def scores(model, rows, ends=True):
    """Returns the log-probability of each of the rows' symbols, a list a row."""
    return log_probabilities(model, *targets_of(ragged(rows), ends)).to_list()


def test_what_is_read_stands_before_what_is_predicted():
    rows = ragged([[3, 4], [], [4]])
    inputs, targets = targets_of(rows, ends=True)
    assert inputs.to_list() == [[2, 3, 4], [2], [2, 4]]
    assert targets.to_list() == [[3, 4, 2], [2], [4, 2]]
    inputs, targets = targets_of(rows, ends=False)
    assert inputs.to_list() == [[2, 3], [], [2]]
    assert targets.to_list() == rows.to_list()


def test_the_probabilities_of_all_texts_sum_to_1(language):
    ended = [row for n in range(LONGEST) for row in EVERY[n]]
    total = sum(np.exp(sum(values)) for values in scores(language.model, ended))
    total += sum(np.exp(sum(values)) for values in scores(language.model, EVERY[LONGEST], ends=False))
    assert total == pytest.approx(1, abs=1e-5)


def test_step_by_step_they_sum_to_1_too_and_are_the_same(language):
    model = language.model
    logits, states = model.read_prompt(ragged([[]]))
    logs, ended, texts = np.zeros(1), 0.0, [()]
    for _ in range(LONGEST):
        following = np.log(softmax(logits.numpy().astype(float)))
        ended += np.exp(logs + following[:, END]).sum()
        # Each text goes on with every letter.
        logs = (logs[:, None] + following[:, LETTERS]).ravel()
        texts = [(*text, letter) for text in texts for letter in LETTERS]
        states = [tf.repeat(state, len(LETTERS), axis=0) for state in states]
        logits, states = model.step(tf.constant([text[-1] for text in texts]), states)
    assert ended + np.exp(logs).sum() == pytest.approx(1, abs=1e-5)
    assert texts == EVERY[LONGEST]
    np.testing.assert_allclose(logs, np.sum(scores(model, texts, ends=False), axis=1), atol=1e-4)


@pytest.mark.parametrize("ends", [True, False])
def test_texts_score_together_as_alone(language, ends):
    rows = [[3, 4, 4], [], [4], [3] * 30, [1, 3]]
    together = scores(language.model, rows, ends)
    assert [len(values) for values in together] == [len(row) + ends for row in rows]
    for row, values in zip(rows, together, strict=True):
        np.testing.assert_allclose(values, scores(language.model, [row], ends)[0], atol=1e-5)


def test_more_symbols_than_are_scored_at_once(language):
    row = np.random.default_rng(0).choice([3, 4], AT_ONCE + 40).tolist()
    (whole,) = scores(language.model, [row])
    (start,) = scores(language.model, [row[:9]], ends=False)
    assert len(whole) == AT_ONCE + 41
    np.testing.assert_allclose(whole[:9], start, atol=1e-5)
    last = language.next_of([row])[0, END]
    assert whole[-1] == pytest.approx(np.log(last), abs=1e-4)


def test_no_texts(language):
    assert scores(language.model, []) == []
    assert scores(language.model, [[], []], ends=False) == [[], []]
