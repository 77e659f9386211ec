import itertools

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.decoding.beam_search import IMPOSSIBLE
from seqtasks.decoding.ctc import transcribe
from seqtasks.layers.ctc import BLANK_ID, ctc_loss


def random_logits(*shape, seed=0):
    return (2 * np.random.default_rng(seed).normal(size=shape)).astype(np.float32)


def mask_of(lengths, steps):
    return tf.sequence_mask(lengths, steps)


def said(path):
    """Returns what a step-by-step path says: repetitions joined, blanks left out."""
    return tuple(symbol for symbol, _ in itertools.groupby(path) if symbol != BLANK_ID)


def every_transcript(logits):
    """Returns the log-probability of each transcript, the likeliest first, by going through all paths in float64."""
    logits = logits.astype(float)
    known = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    likely = {}
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        step_by_step = sum(known[t, symbol] for t, symbol in enumerate(path))
        likely[said(path)] = np.logaddexp(likely.get(said(path), -np.inf), step_by_step)
    return sorted(likely.items(), key=lambda item: -item[1])


def rows_of(found):
    """Returns each row's transcripts with their log-probabilities, without those that are none."""
    rows = []
    for ids, likely in zip(found.ids.numpy(), found.log_probabilities.numpy(), strict=True):
        kept = likely > IMPOSSIBLE / 2
        assert not ids[~kept].any()
        transcripts = [tuple(i for i in one if i) for one in ids[kept].tolist()]
        rows.append(list(zip(transcripts, likely[kept], strict=True)))
    return rows


@pytest.mark.parametrize(("steps", "symbols", "seed"), [(1, 2, 0), (4, 2, 1), (4, 3, 2), (5, 4, 3), (6, 3, 4)])
def test_a_wide_beam_finds_everything(steps, symbols, seed):
    logits = random_logits(1, steps, symbols, seed=seed)
    expected = every_transcript(logits[0])
    beam = len(expected) + 3
    (found,) = rows_of(transcribe(logits, mask_of([steps], steps), beam))
    assert [transcript for transcript, _ in found] == [transcript for transcript, _ in expected]
    np.testing.assert_allclose([p for _, p in found], [p for _, p in expected], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_a_narrow_beam_tells_true_probabilities_and_no_transcript_twice(seed):
    logits = random_logits(1, 6, 4, seed=seed)
    expected = dict(every_transcript(logits[0]))
    (found,) = rows_of(transcribe(logits, mask_of([6], 6), 4))
    assert len(found) == len({transcript for transcript, _ in found}) == 4
    likely = [p for _, p in found]
    assert likely == sorted(likely, reverse=True)
    np.testing.assert_allclose(likely, [expected[transcript] for transcript, _ in found], rtol=1e-4)
    assert found[0][1] == pytest.approx(max(expected.values()), rel=1e-4)


def test_the_best_path_may_miss_what_is_likelier_in_all():
    # Two ways to say 1 together beat the one way to say nothing.
    logits = np.log(np.array([[[0.6, 0.4], [0.6, 0.4]]], np.float32))
    (greedy,), (searched,) = (rows_of(transcribe(logits, mask_of([2], 2), beam)) for beam in (1, 2))
    assert greedy == [((), pytest.approx(np.log(0.36), rel=1e-5))]
    assert searched[0] == ((1,), pytest.approx(np.log(0.64), rel=1e-5))


@pytest.mark.parametrize("seed", range(4))
def test_one_is_the_likeliest_symbol_of_every_step(seed):
    logits = random_logits(3, 12, 4, seed=seed)
    lengths = [12, 7, 0]
    found = rows_of(transcribe(logits, mask_of(lengths, 12), 1))
    for row, length, one in zip(logits, lengths, found, strict=True):
        ((transcript, likely),) = one
        assert transcript == said(row[:length].argmax(-1))
        labels = tf.constant([[*transcript, BLANK_ID]])
        loss = ctc_loss(row[None], mask_of([length], 12), labels, labels != BLANK_ID)
        assert likely == pytest.approx(-float(loss[0]), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("beam", [1, 5])
def test_a_row_is_transcribed_as_if_it_were_alone(beam):
    logits, lengths = random_logits(6, 20, 5), [20, 1, 0, 13, 2, 7]
    together = rows_of(transcribe(logits, mask_of(lengths, 20), beam))
    for row, length, expected in zip(logits, lengths, together, strict=True):
        (alone,) = rows_of(transcribe(row[None, : max(length, 1)], mask_of([length], max(length, 1)), beam))
        assert [transcript for transcript, _ in alone] == [transcript for transcript, _ in expected]
        np.testing.assert_allclose([p for _, p in alone], [p for _, p in expected], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("beam", [1, 3])
def test_without_a_step_nothing_is_said_for_certain(beam):
    found = transcribe(random_logits(2, 3, 4), mask_of([0, 0], 3), beam)
    assert found.ids.shape == (2, beam, 1)
    assert rows_of(found) == [[((), 0.0)]] * 2


@pytest.mark.parametrize("beam", [1, 3])
def test_no_row_at_all(beam):
    function = tf.function(
        lambda logits, mask: transcribe(logits, mask, beam),
        input_signature=[tf.TensorSpec([None, None, 4], tf.float32), tf.TensorSpec([None, None], tf.bool)],
    )
    found = function(tf.zeros([0, 2, 4]), tf.zeros([0, 2], tf.bool))
    assert found.ids.shape == (0, beam, 1)
    assert found.log_probabilities.shape == (0, beam)
    # The same graph takes rows.
    assert rows_of(function(random_logits(2, 6, 4), mask_of([6, 3], 6))) == rows_of(
        transcribe(random_logits(2, 6, 4), mask_of([6, 3], 6), beam)
    )
