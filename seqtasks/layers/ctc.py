"""Connectionist temporal classification: the loss of labels that are shorter than the sequence they are read from."""

import tensorflow as tf

from seqtasks.layers.attention import FAR_BELOW

BLANK_ID = 0


def ctc_loss(logits, mask, labels, labels_mask):
    """Returns -log P(labels | sequence) of each row, float32 `[B]`, in nats.

    Every step says a label or a blank (`BLANK_ID`). P is summed over all ways to say the labels in their order, a label
    for one step or several in a row, with blanks anywhere, and at least one between two equal labels. A row whose
    labels do not fit into its steps has no such way: it costs nothing and teaches nothing.

    The gradient is the forward-backward algorithm's. All of it is dense and of static shape, so that XLA compiles it.

    Args:
        logits: Scores before the softmax, float `[B, T, V]`.
        mask: The steps that count, bool `[B, T]`, the first ones of a row.
        labels: int32 `[B, L]`.
        labels_mask: The labels that count, bool `[B, L]`, the first ones of a row.

    Reference:
        Graves et al., Connectionist Temporal Classification, ICML 2006.
    """

    @tf.custom_gradient
    def differentiable(logits):
        path = _Path(logits, mask, labels, labels_mask)
        alphas, total = path.forward()
        possible = total > FAR_BELOW / 2

        def gradient(upstream):
            said = path.occupancy(alphas, total)
            weight = tf.where(possible, upstream, 0.0)[:, None, None] * tf.cast(mask, tf.float32)[:, :, None]
            return tf.cast(weight * (path.probabilities - said), logits.dtype)

        return tf.where(possible, -total, 0.0), gradient

    return differentiable(logits)


class _Path:
    """The labels with blanks around them, S = 2 L + 1 places, and the steps that go through them."""

    def __init__(self, logits, mask, labels, labels_mask):
        scores = tf.cast(logits, tf.float32)
        self.probabilities = tf.nn.softmax(scores)
        known = tf.nn.log_softmax(scores)
        count = labels.shape[1] if labels.shape[1] is not None else tf.shape(labels)[1]
        self.width = 2 * count + 1
        blanks = tf.fill(tf.shape(labels), BLANK_ID)
        places = tf.reshape(tf.stack([blanks, labels], axis=-1), [-1, 2 * count])
        places = tf.pad(places, [[0, 0], [0, 1]], constant_values=BLANK_ID)
        # Products and not gathers, whose gradients would be scatters.
        self.symbols = tf.one_hot(places, known.shape[-1])
        self.emissions = tf.transpose(tf.matmul(known, self.symbols, transpose_b=True), [1, 0, 2])
        before = tf.pad(places, [[0, 0], [2, 0]], constant_values=BLANK_ID)[:, :-2]
        self.skips = tf.where((places != BLANK_ID) & (places != before), 0.0, FAR_BELOW)
        self.counts = tf.transpose(mask)[:, :, None]
        length = tf.reduce_sum(tf.cast(labels_mask, tf.int32), axis=1)[:, None]
        at = tf.range(self.width)[None]
        # It begins with the first blank or label, and ends with the last label or the blank behind it.
        self.begins = tf.where((at == 0) | ((at == 1) & (length > 0)), 0.0, FAR_BELOW)
        self.ends = tf.where((at == 2 * length) | (at == 2 * length - 1), 0.0, FAR_BELOW)
        self.steps = known.shape[1] if known.shape[1] is not None else tf.shape(known)[1]

    def forward(self):
        """Returns the log-sum of all ways to each place after each step, `[T, B, S]`, and of all whole ways, `[B]`."""
        arrays = self._array(self.emissions), self._array(self.counts)

        def body(t, alpha, kept):
            emissions, counts = (array.read(t) for array in arrays)
            arrived = tf.where(t == 0, self.begins, self._arrived(alpha, self.skips))
            alpha = tf.where(counts, arrived + emissions, alpha)
            return t + 1, alpha, kept.write(t, alpha)

        # A row without steps is at its beginning; without labels too, that is the end.
        start = (0, tf.zeros_like(self.begins) + tf.where(tf.range(self.width) == 0, 0.0, FAR_BELOW), self._kept())
        _, final, kept = tf.while_loop(
            lambda t, *_: t < self.steps, body, start, maximum_iterations=self.steps, parallel_iterations=1
        )
        return kept.stack(), tf.reduce_logsumexp(final + self.ends, axis=1)

    def occupancy(self, alphas, total):
        """Returns how probable it is that a step says a symbol, given the labels, `[B, T, V]`."""
        arrays = self._array(self.emissions), self._array(self.counts), self._array(alphas)
        # What leaves a place skips what the place two behind it may skip.
        skips = tf.pad(self.skips, [[0, 0], [0, 2]], constant_values=FAR_BELOW)[:, 2:]

        def body(t, beta, kept):
            emissions, counts, alpha = (array.read(t) for array in arrays)
            share = tf.exp(tf.minimum(alpha + beta - total[:, None], 0.0))
            kept = kept.write(t, tf.where(counts, share, 0.0))
            said = beta + emissions
            left = tf.reverse(self._arrived(tf.reverse(said, [1]), tf.reverse(skips, [1])), [1])
            return t - 1, tf.where(counts, left, beta), kept

        _, _, kept = tf.while_loop(
            lambda t, *_: t >= 0,
            body,
            (self.steps - 1, self.ends, self._kept()),
            maximum_iterations=self.steps,
            parallel_iterations=1,
        )
        return tf.matmul(tf.transpose(kept.stack(), [1, 0, 2]), self.symbols)

    @staticmethod
    def _arrived(values, skips):
        """Returns the log-sum of what stays at each place, comes from the one before, or skips that one."""
        one = tf.pad(values, [[0, 0], [1, 0]], constant_values=FAR_BELOW)[:, :-1]
        two = tf.pad(values, [[0, 0], [2, 0]], constant_values=FAR_BELOW)[:, :-2] + skips
        return tf.reduce_logsumexp(tf.stack([values, one, two]), axis=0)

    def _array(self, values):
        return tf.TensorArray(values.dtype, self.steps, element_shape=values.shape[1:]).unstack(values)

    def _kept(self):
        return tf.TensorArray(tf.float32, self.steps, element_shape=self.begins.shape)
