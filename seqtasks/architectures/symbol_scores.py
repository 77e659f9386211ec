"""From a network's outputs to a score for every symbol of a vocabulary."""

import keras
import tensorflow as tf

from seqtasks.layers.dropout import uniform


class SymbolScores(keras.layers.Layer):
    """Scores every symbol by the product of its weights with an output.

    Args:
        num_symbols: Symbols V of the vocabulary, the most frequent ones first.
        samples: In training, score so many drawn symbols besides the right one in place of all; 0 scores all.

    Call arguments:
        outputs: float `[N, D]`.
        shared: Weights `[V, D]` to use, those of the symbols' embedding, or None for the layer's own.

    Output:
        float32 `[N, V]`.

    Reference:
        - Press & Wolf, Using the Output Embedding to Improve Language Models, EACL 2017 (shared weights).
        - Jean et al., On Using Very Large Target Vocabulary for Neural Machine Translation, ACL 2015 (samples).
    """

    def __init__(self, num_symbols, samples=0, tied=True, **kwargs):
        super().__init__(**kwargs)
        self.num_symbols, self.samples, self.tied = num_symbols, samples, tied
        self.seed_generator = keras.random.SeedGenerator() if samples else None

    def build(self, shape):
        self.kernel = None
        if not self.tied:
            self.kernel = self.add_weight(shape=(self.num_symbols, shape[-1]), name="kernel")
        self.bias = self.add_weight(shape=(self.num_symbols,), initializer="zeros", name="bias", autocast=False)

    def call(self, outputs, shared=None):
        weights, bias = self._weights(shared)
        return tf.cast(tf.matmul(outputs, weights, transpose_b=True), tf.float32) + bias

    def loss(self, outputs, targets, shared=None):
        """Returns the cross entropy of each target, float32 `[N]`; in training with `samples` an estimate of it.

        Args:
            outputs: float `[N, D]`.
            targets: int32 `[N]`.
            shared: As for `call`.
        """
        if not self.samples:
            logits = self(outputs, shared)
            return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
        weights, bias = self._weights(shared)
        drawn = self._draw()
        rows = tf.gather(weights, targets)
        right = tf.cast(tf.reduce_sum(outputs * rows, axis=-1), tf.float32) + tf.gather(bias, targets)
        others = tf.cast(tf.matmul(outputs, tf.gather(weights, drawn), transpose_b=True), tf.float32)
        others += tf.gather(bias, drawn) - self._log_expected(drawn)
        # The right symbol is no mistake when drawn: it is as right again. With that, the loss is least where that over
        # all symbols is, however few are drawn.
        again = targets[:, None] == drawn
        right += tf.math.log1p(tf.reduce_sum(tf.cast(again, tf.float32), axis=1)) - self._log_expected(targets)
        logits = tf.concat([right[:, None], tf.where(again, -1e9, others)], axis=1)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.zeros_like(targets), logits)

    def _weights(self, shared):
        weights = tf.convert_to_tensor(self.kernel if shared is None else shared)
        return tf.cast(weights, self.compute_dtype), tf.convert_to_tensor(self.bias)

    def _draw(self):
        """Returns symbols, repetitions included, each drawn as Zipf's law makes symbols frequent."""
        draw = tf.exp(uniform([self.samples], self.seed_generator) * tf.math.log(self.num_symbols + 1.0)) - 1
        return tf.minimum(tf.cast(draw, tf.int32), self.num_symbols - 1)

    def _log_expected(self, symbols):
        """Returns the logarithm of how often each of them is among the drawn ones, on average."""
        ranks = tf.cast(symbols, tf.float32)
        share = tf.math.log1p(1 / (ranks + 1)) / tf.math.log(self.num_symbols + 1.0)
        return tf.math.log(self.samples * share)
