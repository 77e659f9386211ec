"""The recursions of a linear chain: partition function, marginals, best sequence.

All take emissions [B, T, K], a right-padded mask bool [B, T], transitions [K, K], start [K] and end [K].
"""

import tensorflow as tf


def sequence_score(emissions, tags, mask, transitions, start, end):
    """Returns the score [B] of the tags int32 [B, T]; 0 for a row without steps."""
    counts = tf.cast(mask, emissions.dtype)
    # One-hot products and not gathers: their gradients are products too, where a gather's is a scatter.
    chosen = tf.one_hot(tags, emissions.shape[-1], dtype=emissions.dtype) * counts[:, :, None]
    score = tf.reduce_sum(chosen * emissions, axis=[1, 2])
    score += tf.reduce_sum(tf.einsum("btk,kl->btl", chosen[:, :-1], transitions) * chosen[:, 1:], axis=[1, 2])
    following = tf.pad(counts[:, 1:], [[0, 0], [0, 1]])
    last = tf.reduce_sum(chosen * (counts - following)[:, :, None], axis=1)
    return score + tf.linalg.matvec(chosen[:, 0], start) + tf.linalg.matvec(last, end)


def log_partition(emissions, mask, transitions, start, end):
    """Returns the logarithm [B] of the summed exponentials of all sequences' scores; 0 for a row without steps.

    Its gradient is what the model expects: the probability of every tag at every step, and the expected count of
    every transition, found by running the recursion backwards.
    """

    @tf.custom_gradient
    def differentiable(emissions, transitions, start, end):
        alphas, final = _forward(emissions, mask, transitions, start)
        total = tf.where(mask[:, 0], tf.reduce_logsumexp(final + end, axis=-1), 0)

        def gradient(upstream):
            weight = upstream[:, None] * tf.cast(mask[:, :1], emissions.dtype)
            last = weight * tf.nn.softmax(final + end)
            unary, pairs = _backward(alphas, mask, transitions, last)
            return unary, pairs, tf.reduce_sum(unary[:, 0], axis=0), tf.reduce_sum(last, axis=0)

        return total, gradient

    return differentiable(emissions, transitions, start, end)


def marginals(emissions, mask, transitions, start, end):
    """Returns the probability [B, T, K] of every tag at every step; 0 where the mask is False."""
    alphas, final = _forward(emissions, mask, transitions, start)
    last = tf.nn.softmax(final + end) * tf.cast(mask[:, :1], emissions.dtype)
    return _backward(alphas, mask, transitions, last)[0]


def best_sequence(emissions, mask, transitions, start, end):
    """Returns the best tags int32 [B, T], 0 where the mask is False, and their score [B], by Viterbi's recursion."""
    length, steps, counts = _time_first(emissions, mask)
    tag_count = emissions.shape[-1]
    pointers = tf.TensorArray(tf.int32, length, element_shape=[emissions.shape[0], tag_count])
    stay = tf.zeros_like(emissions[:, 0], tf.int32) + tf.range(tag_count)

    def advance(t, best, pointers):
        paths = best[:, :, None] + transitions
        new = tf.reduce_max(paths, axis=1) + steps.read(t)
        pointer = tf.argmax(paths, axis=1, output_type=tf.int32)
        count = counts.read(t)
        return t + 1, tf.where(count, new, best), pointers.write(t, tf.where(count, pointer, stay))

    first = (1, start + emissions[:, 0], pointers.write(0, stay))
    _, best, pointers = tf.while_loop(lambda t, *_: t < length, advance, first)
    best += end
    pointers = pointers.stack()
    back = tf.TensorArray(tf.int32, length, element_shape=pointers.shape[1:]).unstack(pointers)
    tags = tf.TensorArray(tf.int32, length, element_shape=[emissions.shape[0]])

    def retreat(t, tag, tags):
        before = tf.gather(back.read(t), tag, axis=1, batch_dims=1)
        return t - 1, before, tags.write(t, tag)

    last = tf.argmax(best, axis=-1, output_type=tf.int32)
    _, _, tags = tf.while_loop(lambda t, *_: t >= 0, retreat, (length - 1, last, tags))
    tags = tf.transpose(tags.stack())
    return tf.where(mask, tags, 0), tf.where(mask[:, 0], tf.reduce_max(best, axis=-1), 0)


def _forward(emissions, mask, transitions, start):
    """Returns alpha [T, B, K], the log-sum of all beginnings that end in each tag, and alpha after the last step."""
    length, steps, counts = _time_first(emissions, mask)
    alphas = tf.TensorArray(emissions.dtype, length, element_shape=[emissions.shape[0], emissions.shape[-1]])

    def body(t, alpha, alphas):
        new = tf.reduce_logsumexp(alpha[:, :, None] + transitions, axis=1) + steps.read(t)
        alpha = tf.where(counts.read(t), new, alpha)
        return t + 1, alpha, alphas.write(t, alpha)

    alpha = start + emissions[:, 0]
    _, final, alphas = tf.while_loop(lambda t, *_: t < length, body, (1, alpha, alphas.write(0, alpha)))
    return alphas.stack(), final


def _backward(alphas, mask, transitions, last):
    """Runs the forward recursion backwards.

    Args:
        alphas: What `_forward` kept [T, B, K].
        mask: bool [B, T].
        transitions: [K, K].
        last: The gradient to the last alpha [B, K].

    Returns:
        The gradients to the emissions [B, T, K] and to the transitions [K, K].
    """
    length = tf.shape(alphas)[0] if alphas.shape[0] is None else alphas.shape[0]
    kept = tf.TensorArray(alphas.dtype, length, element_shape=alphas.shape[1:]).unstack(alphas)
    counts = _counts(mask, length)
    unary = tf.TensorArray(alphas.dtype, length, element_shape=alphas.shape[1:])

    def body(t, flow, pairs, unary):
        # Of the flow into tag j at t, the share that came from tag i.
        share = tf.nn.softmax(kept.read(t - 1)[:, :, None] + transitions, axis=1)
        count = counts.read(t)
        moved = share * tf.where(count, flow, 0)[:, None, :]
        unary = unary.write(t, tf.where(count, flow, 0))
        flow = tf.where(count, tf.reduce_sum(moved, axis=2), flow)
        return t - 1, flow, pairs + tf.reduce_sum(moved, axis=0), unary

    start = (length - 1, last, tf.zeros_like(transitions), unary)
    _, flow, pairs, unary = tf.while_loop(lambda t, *_: t > 0, body, start)
    return tf.transpose(unary.write(0, flow).stack(), [1, 0, 2]), pairs


def _time_first(emissions, mask):
    length = tf.shape(emissions)[1] if emissions.shape[1] is None else emissions.shape[1]
    steps = tf.TensorArray(emissions.dtype, length, element_shape=[emissions.shape[0], emissions.shape[-1]])
    return length, steps.unstack(tf.transpose(emissions, [1, 0, 2])), _counts(mask, length)


def _counts(mask, length):
    counts = tf.TensorArray(tf.bool, length, element_shape=[mask.shape[0], 1])
    return counts.unstack(tf.transpose(mask)[:, :, None])
