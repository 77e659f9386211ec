"""Weights for what stands at each place of a window of DNA."""

import math

import keras
import tensorflow as tf


class PositionWeights(keras.layers.Layer):
    """Scores of labels that are sums of weights, one for each place and the bases there.

    With words of one base this is a position weight matrix. Words of two bases add a weight for each pair of
    neighbours (a weight array), and so on. A word of `k` bases among those of up to `K` counts
    `sqrt(2 (K - k + 1) / (K (K + 1)))`, so that inner products of what two sequences hold are their weighted degree
    kernel.

    Where a base is not known exactly, its distribution is multiplied in: N counts the mean of the weights. A word that
    holds a gap, or reaches beyond the end, counts nothing. Places are distances from the middle, as those of
    `position_size`; bases that are further from it than half of the longest sequence count nothing. All weights begin
    at zero: what was never seen at a place says nothing.

    Args:
        inputs: The configuration of what goes in; its `position_weights` is K.
        num_classes: Number C of classes.

    Call arguments:
        bases: float `[B, T, 4]`, the probabilities of A, C, G and T; zeros behind a sequence's end.
        mask: bool `[B, T]`.

    Output:
        float32 `[B, C]`, to add to scores.

    Reference:
        Stormo, DNA binding sites: representation and discovery, Bioinformatics 2000 (the matrix); Zhang & Marr, A
        weight array method for splicing signal analysis, CABIOS 1993; Rätsch & Sonnenburg, Accurate Splice Site
        Detection for Caenorhabditis elegans, in Kernel Methods in Computational Biology, MIT Press 2004 (weighted
        degree); Cheng et al., Wide & Deep Learning for Recommender Systems, DLRS 2016 (linear beside deep).
    """

    def __init__(self, inputs, num_classes, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.longest_word = inputs.position_weights
        self.half = inputs.max_length // 2 + 1
        self.num_classes = num_classes

    def build(self, bases_shape, mask_shape=None):
        words = sum(4**length for length in range(1, self.longest_word + 1))
        shape = 2 * self.half + 1, words, self.num_classes
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="zeros")

    def call(self, bases, mask):
        rows, steps = tf.unstack(tf.shape(bases)[:2])
        # Places that no sequence of the batch reaches are left out: most windows are much shorter than they may be.
        half = tf.minimum(steps // 2 + 1, self.half)
        words = _words(_around_the_middle(tf.cast(bases, tf.float32), mask, half), self.longest_word)
        kernel = self.kernel[self.half - half : self.half + half + 1]
        size = (2 * half + 1) * self.kernel.shape[1]
        return tf.reshape(words, [rows, size]) @ tf.reshape(kernel, [size, self.num_classes])


def _around_the_middle(bases, mask, half):
    """Returns the bases by their distance from the middle, from -half to half, `[B, 2 * half + 1, 4]`."""
    middle = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1, keepdims=True) // 2
    steps = tf.range(-half, half + 1) + middle
    last = tf.shape(bases)[1] - 1
    inside = tf.cast((steps >= 0) & (steps <= last), bases.dtype)
    return tf.gather(bases, tf.clip_by_value(steps, 0, last), batch_dims=1) * inside[:, :, None]


def _words(bases, longest):
    """Returns how far each word of up to so many bases begins at each place, float `[B, P, 4 + 16 + ...]`."""
    rows, places = tf.unstack(tf.shape(bases)[:2])
    word, found = bases, []
    for length in range(1, longest + 1):
        if length > 1:
            following = tf.pad(bases[:, length - 1 :], [[0, 0], [0, length - 1], [0, 0]])
            word = tf.reshape(word[..., None] * following[:, :, None], [rows, places, 4**length])
        found.append(word * math.sqrt(2 * (longest - length + 1) / (longest * (longest + 1))))
    return tf.concat(found, axis=-1)
