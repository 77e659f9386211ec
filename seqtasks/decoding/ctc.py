"""Transcripts from the scores of steps each of which says a symbol or a blank."""

from typing import NamedTuple

import tensorflow as tf

from seqtasks.decoding.beam_search import IMPOSSIBLE
from seqtasks.layers.ctc import BLANK_ID, ctc_loss


class Transcripts(NamedTuple):
    """What was found, the likeliest first.

    Args:
        ids: int32 `[B, K, L]`, padded with `BLANK_ID`; L is the length of the longest, and 1 at least.
        log_probabilities: log P(transcript | sequence), float32 `[B, K]`; far below zero, and no ids, where there are
            fewer than K.
    """

    ids: tf.Tensor
    log_probabilities: tf.Tensor


def transcribe(logits: tf.Tensor, mask: tf.Tensor, beam: int) -> Transcripts:
    """Returns the likeliest transcripts that a search finds, each row by itself.

    The log-probabilities are those of the transcripts, summed over all ways to say them as `ctc_loss` does, and not
    what the search has seen of them: it forgets what it drops, and the best path is one way of many.

    Args:
        logits: Scores before the softmax, float `[B, T, V]`.
        mask: The steps that count, bool `[B, T]`, the first ones of a row.
        beam: How many to find, K. 1 takes the likeliest symbol of every step.
    """
    logits = tf.cast(logits, tf.float32)
    ids, found = _best_path(logits, mask) if beam == 1 else _prefix_beam_search(logits, mask, beam)
    longest = tf.reduce_max(tf.reduce_sum(tf.cast(ids != BLANK_ID, tf.int32), axis=-1))
    longest = tf.maximum(longest, 1)
    ids = ids[:, :, :longest]
    labels = tf.reshape(ids, [tf.shape(logits)[0] * beam, longest])
    known = -ctc_loss(tf.repeat(logits, beam, axis=0), tf.repeat(mask, beam, axis=0), labels, labels != BLANK_ID)
    likely = tf.where(found, tf.reshape(known, [-1, beam]), IMPOSSIBLE)
    likely, order = tf.math.top_k(likely, beam)
    return Transcripts(tf.gather(ids, order, batch_dims=1), likely)


def _best_path(logits, mask):
    """Returns what the likeliest symbols of all steps say, `[B, 1, T]`, and that it was found, `[B, 1]`."""
    said = tf.where(mask, tf.argmax(logits, axis=-1, output_type=tf.int32), BLANK_ID)
    before = tf.pad(said, [[0, 0], [1, 0]], constant_values=BLANK_ID)[:, :-1]
    return _to_the_left(tf.where(said != before, said, BLANK_ID))[:, None], tf.fill([tf.shape(said)[0], 1], True)


def _to_the_left(said):
    """Moves what is no blank to the front of the last axis, in its order."""
    order = tf.argsort(tf.cast(said == BLANK_ID, tf.int32), axis=-1, stable=True)
    return tf.gather(said, order, batch_dims=said.shape.rank - 1)


class _Beam(NamedTuple):
    """The beginnings of transcripts that are followed, `[B, K]` each.

    Args:
        blank: The log-probability of all ways to them that end with a blank.
        spoken: That of all others.
        last: Their last symbol, `BLANK_ID` for none.
        name: A number that tells them apart.
        parent: The name of what they are without their last symbol.
    """

    blank: tf.Tensor
    spoken: tf.Tensor
    last: tf.Tensor
    name: tf.Tensor
    parent: tf.Tensor

    @property
    def total(self):
        return _log_sum(self.blank, self.spoken)


# Names are what a linear congruential generator makes of them, modulo 2^64 (Knuth's MMIX).
_FACTOR = 6364136223846793005


def _prefix_beam_search(logits, mask, beam):
    """Returns the transcripts found `[B, K, T]`, and which of them are real `[B, K]`.

    Reference:
        Hannun et al., First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional Recurrent DNNs,
        2014.
    """
    known = tf.transpose(tf.nn.log_softmax(logits), [1, 0, 2])
    counts = tf.transpose(mask)[:, :, None]
    steps, rows = tf.shape(known)[0], tf.shape(known)[1]
    arrays = [tf.TensorArray(v.dtype, steps, element_shape=v.shape[1:]).unstack(v) for v in (known, counts)]
    nothing, none = tf.fill([rows, beam], IMPOSSIBLE), tf.zeros([rows, beam], tf.int32)
    # Of the K equal beginnings one counts.
    first = tf.tile(tf.constant([[0.0] + [IMPOSSIBLE] * (beam - 1)]), [rows, 1])
    start = _Beam(first, nothing, none, tf.ones([rows, beam], tf.int64), tf.zeros([rows, beam], tf.int64))
    traces = [tf.TensorArray(tf.int32, steps, element_shape=[None, beam]) for _ in range(2)]

    def body(t, before, parents, symbols):
        scores, counted = (array.read(t) for array in arrays)
        after, parent, symbol = _step(before, scores)
        after = _Beam(*(tf.where(counted, new, old) for new, old in zip(after, before, strict=True)))
        parent = tf.where(counted, parent, tf.range(beam)[None])
        return t + 1, after, parents.write(t, parent), symbols.write(t, tf.where(counted, symbol, BLANK_ID))

    _, last, *traces = tf.while_loop(
        lambda t, *_: t < steps, body, (0, start, *traces), maximum_iterations=steps, parallel_iterations=1
    )
    real = last.total > IMPOSSIBLE / 2
    ids = _traced(*(trace.stack() for trace in traces))
    return tf.where(real[:, :, None], ids, BLANK_ID), real


def _step(beam: _Beam, scores):
    """Returns the beam after a step, where in the one before its beginnings stood, and what each got, or no symbol.

    Args:
        beam: The beam before.
        scores: Log-probabilities of the step's symbols, float32 `[B, V]`.
    """
    size, total, spoken = beam.last.shape[1], beam.total, scores[:, None]
    symbols = tf.range(tf.shape(scores)[1])
    # The last symbol once more is another one only behind a blank.
    twice = symbols == beam.last[:, :, None]
    longer = spoken + tf.where(twice, beam.blank[:, :, None], total[:, :, None])
    longer = tf.where(symbols == BLANK_ID, IMPOSSIBLE, longer)
    same_blank = total + scores[:, BLANK_ID : BLANK_ID + 1]
    repeated = tf.gather(scores, beam.last, batch_dims=1)
    same_spoken = tf.where(beam.last == BLANK_ID, IMPOSSIBLE, beam.spoken + repeated)
    # Where what a beginning becomes is followed already, the two are one: [B, shorter, longer].
    real = total > IMPOSSIBLE / 2
    child = (beam.name[:, :, None] == beam.parent[:, None]) & real[:, :, None] & real[:, None]
    met = tf.gather(longer, tf.repeat(beam.last[:, None], size, axis=1), batch_dims=2)
    same_spoken = _log_sum(same_spoken, tf.reduce_max(tf.where(child, met, IMPOSSIBLE), axis=1))
    taken = tf.matmul(tf.cast(child, tf.float32), tf.one_hot(beam.last, tf.shape(scores)[1]))
    longer = tf.where(taken > 0, IMPOSSIBLE, longer)

    same = tf.where(real, _log_sum(same_blank, same_spoken), IMPOSSIBLE)
    longer = tf.maximum(tf.where(real[:, :, None], longer, IMPOSSIBLE), IMPOSSIBLE)
    every = tf.concat([same, tf.reshape(longer, [tf.shape(longer)[0], size * tf.shape(scores)[1]])], axis=1)
    best, places = tf.math.top_k(every, size)
    stays, place = places < size, tf.maximum(places - size, 0)
    parent = tf.where(stays, places, place // tf.shape(scores)[1])
    symbol = tf.where(stays, BLANK_ID, place % tf.shape(scores)[1])

    def of_parent(values):
        return tf.gather(values, parent, batch_dims=1)

    new = of_parent(beam.name) * _FACTOR + tf.cast(symbol, tf.int64)
    after = _Beam(
        tf.where(stays, of_parent(same_blank), IMPOSSIBLE),
        tf.where(stays, of_parent(same_spoken), best),
        tf.where(stays, of_parent(beam.last), symbol),
        tf.where(stays, of_parent(beam.name), new),
        tf.where(stays, of_parent(beam.parent), of_parent(beam.name)),
    )
    return after, parent, symbol


def _traced(parents, symbols):
    """Returns the symbols on the way to each beginning, `[B, K, T]`, blanks behind them.

    Args:
        parents: Where each stood a step before, int32 `[T, B, K]`.
        symbols: What it got in the step, int32 `[T, B, K]`.
    """
    steps, rows, beam = tf.unstack(tf.shape(parents))
    said = tf.TensorArray(tf.int32, steps, element_shape=[None, parents.shape[2]])

    def body(t, at, said):
        return t - 1, tf.gather(parents[t], at, batch_dims=1), said.write(t, tf.gather(symbols[t], at, batch_dims=1))

    at = tf.tile(tf.range(beam)[None], [rows, 1])
    _, _, said = tf.while_loop(
        lambda t, *_: t >= 0, body, (steps - 1, at, said), maximum_iterations=steps, parallel_iterations=1
    )
    return _to_the_left(tf.transpose(said.stack(), [1, 2, 0]))


def _log_sum(one, other):
    """Returns log(e^one + e^other)."""
    return tf.maximum(one, other) + tf.math.log1p(tf.exp(-tf.abs(one - other)))
