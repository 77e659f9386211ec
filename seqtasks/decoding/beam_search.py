"""Finds likely sequences by keeping the best beginnings of each length."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from seqtasks.data.symbols import END_ID, PADDING_ID, UNKNOWN_ID

IMPOSSIBLE = -1e9
"""The log-probability of what must not be: finite, so that it can be added to. Below half of it nothing is real."""


class Manner(NamedTuple):
    """How hypotheses are searched and compared.

    With P the model's probability of a hypothesis of length n (`<EOS>` counts) and a<t> the attention that source step
    t got in all, its score is log P / n^`length_penalty` + `coverage_penalty` * sum over t of log min(a<t>, 1).

    Args:
        beam: How many are kept, K; 1 is greedy.
        length_penalty: The exponent; 0 compares log-probabilities.
        coverage_penalty: The weight; 0 takes no account of attention.
    """

    beam: int
    length_penalty: float = 0.0
    coverage_penalty: float = 0.0


class Hypotheses(NamedTuple):
    """What was found, the best first; those that came to an end before those cut off at the limit.

    Args:
        ids: int32 `[B, K, L]`, padded, without `<EOS>`.
        scores: float32 `[B, K]`; far below zero, and no ids, where there are fewer than K.
        log_probabilities: The logarithms of the model's own probabilities, float32 `[B, K]`.
        finished: Whether `<EOS>` came before the limit, bool `[B, K]`.
    """

    ids: tf.Tensor
    scores: tf.Tensor
    log_probabilities: tf.Tensor
    finished: tf.Tensor


def beam_search(
    advance: Callable, states, memory, limits: tf.Tensor, longest, manner: Manner, allow_unknown: bool = False
) -> Hypotheses:
    """Searches, for each row by itself: no row's result depends on another row.

    At every step the 2K likeliest continuations of the K hypotheses are looked at. Those among the first K that end are
    found; the K likeliest that do not end go on, and with them the greedy hypothesis, so that at a length penalty of 0
    what is found is never less likely. A row is done when K are found, and the best of those that go on is not ahead of
    the best found.

    Args:
        advance: A function of the last symbols int32 `[B * K]`, the states and the memory, which returns the next
            symbols' scores before the softmax, float32 `[B * K, V]`; the states; attention `[B * K, T]` or None.
        states: To start from, a list of float `[B, ...]`.
        memory: What `advance` reads besides: a `NamedTuple` of `[B, ...]`, or None. With a coverage penalty, its
            `mask` tells which steps of it count, bool `[B, T]`.
        limits: The most symbols of each row, `<EOS>` among them, int32 `[B]`; 0 gives nothing.
        longest: The largest of the limits or more: an int, or a tensor where shapes are not static.
        manner: How to search.
        allow_unknown: Whether `<UNK>` may be written.

    Reference:
        Wu et al., Google's Neural Machine Translation System, 2016 (the coverage penalty).
    """
    return _Search(advance, memory, limits, longest, manner, allow_unknown).run(states)


class _Found(NamedTuple):
    """Hypotheses that are complete, the best first: `[B, K]` and `[B, K, L]`."""

    scores: tf.Tensor
    log_probabilities: tf.Tensor
    ids: tf.Tensor


class _Search:
    def __init__(self, advance, memory, limits, longest, manner, allow_unknown):
        self.advance, self.limits, self.longest, self.manner = advance, limits, longest, manner
        self.beam, self.rows = manner.beam, tf.shape(limits)[0] if limits.shape[0] is None else limits.shape[0]
        self.memory = None if memory is None else tf.nest.map_structure(self._tiled, memory)
        self.never = [PADDING_ID] if allow_unknown else [PADDING_ID, UNKNOWN_ID]

    def run(self, states) -> Hypotheses:
        shape = [self.rows, self.beam]
        ids = tf.fill([*shape, self.longest], PADDING_ID)
        # Of the K equal beginnings one counts.
        alive = tf.tile(tf.constant([[0.0] + [IMPOSSIBLE] * (self.beam - 1)]), [self.rows, 1])
        found = _Found(tf.fill(shape, IMPOSSIBLE), tf.fill(shape, IMPOSSIBLE), ids)
        attended = tf.zeros([*shape, self._memory_length() if self.manner.coverage_penalty else 0])
        states = [self._tiled(state) for state in states]
        greedy = tf.zeros([self.rows], tf.int32)
        start = (0, alive, tf.fill(shape, END_ID), ids, states, attended, found, greedy, self.limits > 0)
        _, alive, _, ids, _, attended, found, _, _ = tf.while_loop(
            lambda t, *rest: (t < self.longest) & tf.reduce_any(rest[-1]), self._step, start
        )
        return self._ordered(alive, ids, attended, found)

    def _step(self, t, alive, symbols, ids, states, attended, found, greedy, active):
        logits, states, attention = self.advance(tf.reshape(symbols, [-1]), states, self.memory)
        size = logits.shape[-1]
        barred = tf.reduce_sum(tf.one_hot(self.never, size, on_value=IMPOSSIBLE), axis=0)
        steps = tf.reshape(tf.nn.log_softmax(logits) + barred, [self.rows, self.beam, size])
        looked = attended
        if self.manner.coverage_penalty:
            looked += tf.reshape(attention, tf.shape(attended))
        every = tf.reshape(alive[:, :, None] + steps, [self.rows, self.beam * size])
        totals, places = tf.math.top_k(every, 2 * self.beam)
        ends = places % size == END_ID
        # The likeliest continuation of the greedy hypothesis stays on board, or a beam could miss what greed finds.
        slot = tf.maximum(greedy, 0)
        place = slot * size + tf.argmax(tf.gather(steps, slot, batch_dims=1), axis=-1, output_type=tf.int32)
        total = tf.gather(every, place, batch_dims=1)
        greedy_ends = (greedy >= 0) & (place % size == END_ID)
        greedy_goes = (greedy >= 0) & ~greedy_ends

        counted = ends & (tf.range(2 * self.beam) < self.beam) & ~(greedy_ends[:, None] & (places == place[:, None]))
        ending = [tf.where(counted, totals, IMPOSSIBLE), tf.where(greedy_ends, total, IMPOSSIBLE)[:, None]]
        parents = tf.concat([places // size, slot[:, None]], axis=1)
        before = (tf.gather(values, parents, batch_dims=1) for values in (ids, looked))
        found = self._kept(active, self._merged(found, tf.concat(ending, axis=1), t + 1, *before), found)

        going, best = tf.math.top_k(tf.where(ends, IMPOSSIBLE, totals), self.beam)
        places = tf.gather(places, best, batch_dims=1)
        missing = greedy_goes & ~tf.reduce_any(places == place[:, None], axis=1)
        last = missing[:, None] & (tf.range(self.beam) == self.beam - 1)
        going, places = tf.where(last, total[:, None], going), tf.where(last, place[:, None], places)
        at = tf.argmax(tf.cast(places == place[:, None], tf.int32), axis=1, output_type=tf.int32)
        parents, chosen = places // size, places % size
        new_ids = tf.where(tf.range(self.longest) == t, chosen[:, :, None], tf.gather(ids, parents, batch_dims=1))
        new = (going, chosen, new_ids, tf.gather(looked, parents, batch_dims=1), tf.where(greedy_goes, at, -1))
        old = (alive, symbols, ids, attended, greedy)
        alive, symbols, ids, attended, greedy = self._kept(active, new, old)
        flat = tf.reshape(parents + self.beam * tf.range(self.rows)[:, None], [-1])
        states = [tf.gather(state, flat) for state in states]
        few = found.log_probabilities[:, -1] < IMPOSSIBLE / 2
        ahead = self._scores(alive[:, :1], t + 1, attended[:, :1])[:, 0] > found.scores[:, 0]
        active &= (t + 1 < self.limits) & (few | ahead)
        return t + 1, alive, symbols, ids, states, attended, found, greedy, active

    def _merged(self, found: _Found, ending, length, ids, attended) -> _Found:
        """Returns the best of what was found before and what ends now."""
        scores = tf.where(ending > IMPOSSIBLE / 2, self._scores(ending, length, attended), IMPOSSIBLE)
        scores, best = tf.math.top_k(tf.concat([found.scores, scores], axis=1), self.beam)
        both = tf.concat([found.log_probabilities, ending], axis=1), tf.concat([found.ids, ids], axis=1)
        return _Found(scores, *(tf.gather(values, best, batch_dims=1) for values in both))

    def _scores(self, log_probabilities, length, attended):
        scores = log_probabilities / tf.cast(length, tf.float32) ** self.manner.length_penalty
        if self.manner.coverage_penalty:
            mask = tf.reshape(self.memory.mask, [self.rows, self.beam, self._memory_length()])[:, :1]
            covered = tf.where(mask, tf.math.log(tf.clip_by_value(attended, 1e-9, 1.0)), 0.0)
            scores += self.manner.coverage_penalty * tf.reduce_sum(covered, axis=-1)
        return scores

    def _ordered(self, alive, ids, attended, found: _Found) -> Hypotheses:
        """Returns what was found, filled up with what did not come to an end."""
        length = tf.reduce_sum(tf.cast(ids != PADDING_ID, tf.int32), axis=-1)
        # They come by their probability, and attention may have another say.
        cut, best = tf.math.top_k(self._scores(alive, tf.maximum(length, 1), attended), self.beam)
        alive, ids = (tf.gather(values, best, batch_dims=1) for values in (alive, ids))
        ended = found.log_probabilities > IMPOSSIBLE / 2
        rank = tf.concat([tf.where(ended, 0, 2), tf.ones_like(ended, tf.int32)], axis=1)
        best = tf.argsort(rank, axis=1, stable=True)[:, : self.beam]
        everything = (
            tf.concat([found.ids, ids], axis=1),
            tf.concat([found.scores, cut], axis=1),
            tf.concat([found.log_probabilities, alive], axis=1),
            tf.concat([ended, tf.zeros_like(ended)], axis=1),
        )
        chosen = Hypotheses(*(tf.gather(values, best, batch_dims=1) for values in everything))
        real = chosen.log_probabilities[:, :, None] > IMPOSSIBLE / 2
        return chosen._replace(ids=tf.where(real, chosen.ids, PADDING_ID))

    @staticmethod
    def _kept(active, new, old):
        """Returns the new values of the rows that are active, and the old ones of the others."""
        values = [
            tf.where(tf.reshape(active, [-1] + [1] * (one.shape.rank - 1)), one, other)
            for one, other in zip(new, old, strict=True)
        ]
        return _Found(*values) if isinstance(new, _Found) else values

    def _tiled(self, values):
        return tf.repeat(values, self.beam, axis=0)

    def _memory_length(self):
        mask = self.memory.mask
        return tf.shape(mask)[1] if mask.shape[1] is None else mask.shape[1]
