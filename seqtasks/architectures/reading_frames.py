"""What the six reading frames say of each base: its codons, and how far each frame is open around it.

A base is the first, second or third of a codon, on either strand: six codons, one of each reading frame. Long stretches
without a stop codon are rare by chance, and genes use some codons more than others.

Reference:
    - Fickett, Recognition of protein coding regions in DNA sequences, Nucleic Acids Research 10, 1982.
    - Staden and McLachlan, Codon preference and its use in identifying protein coding regions in long DNA sequences,
      Nucleic Acids Research 10, 1982.
"""

import math

import tensorflow as tf

from seqtasks.data.bases import BASES
from seqtasks.data.open_reading_frames import STOPS

UNKNOWN = 64
_DOUBLINGS = 7
LONGEST = 2**_DOUBLINGS
# Codons as numbers in base four.
_STOPS = tuple(sum(BASES.index(base) * 4 ** (2 - place) for place, base in enumerate(stop)) for stop in STOPS)


def codons(vectors, mask):
    """Returns the codons that begin at each base and go on to the right, as read on either strand.

    Args:
        vectors: The probabilities of A, C, G and T, float `[B, T, 4]`.
        mask: bool `[B, T]`, True in a row's first steps.

    Returns:
        int32 `[B, T, 2]`, from 0 to 63, forward strand first, or `UNKNOWN` where a base of it is not known; and whether
        there are three bases, bool `[B, T]`.
    """
    known = tf.reduce_max(vectors, axis=-1) > 0.99
    bases = tf.argmax(vectors, axis=-1, output_type=tf.int32)
    first, second, third = (shifted(bases, -step) for step in range(3))
    sure = known & shifted(known, -1) & shifted(known, -2)
    forward, reverse = 16 * first + 4 * second + third, 63 - (16 * third + 4 * second + first)
    return tf.where(sure[:, :, None], tf.stack([forward, reverse], axis=-1), UNKNOWN), shifted(mask, -2) & mask


def in_frames(of_codons):
    """Returns what the six codons that a base belongs to have, of what each codon has.

    Args:
        of_codons: `[B, T, 2, D]`, at the leftmost base of each codon.

    Returns:
        `[B, T, 6 * D]`, by strand the codon that the base is the leftmost, the middle and the rightmost of.
    """
    frames = tf.stack([shifted(of_codons, step) for step in range(3)], axis=3)
    return tf.reshape(frames, [*_sizes(of_codons), 3 * of_codons.shape[2] * of_codons.shape[3]])


def open_codons(codons, whole):
    """Returns how far each codon's frame is open: how many codons there are without a stop, to the left and the right.

    Args:
        codons: What `codons` returned first; one that is not known is no stop.
        whole: What it returned second.

    Returns:
        float32 `[B, T, 2, 2]`: by strand how many to the left and to the right, the codon itself included, at most
        `LONGEST`, on a logarithmic scale from 0 to 1.
    """
    stop = tf.reduce_any(codons[:, :, :, None] == tf.constant(_STOPS), axis=-1)
    is_open = tf.cast(whole[:, :, None] & ~stop, tf.float32)
    left = right = is_open
    # What is open over so many codons goes on with what is open behind them.
    for doubling in range(_DOUBLINGS):
        size = 2**doubling
        left += tf.where(left == size, shifted(left, 3 * size), 0)
        right += tf.where(right == size, shifted(right, -3 * size), 0)
    return tf.math.log1p(tf.stack([left, right], axis=-1)) / math.log1p(LONGEST)


def shifted(values, steps):
    """Returns `[B, T, ...]` values moved to the right by so many steps, or left if negative, zeros where none were."""
    before, behind = max(steps, 0), max(-steps, 0)
    padded = tf.pad(values, [[0, 0], [before, behind]] + [[0, 0]] * (values.shape.rank - 2))
    return padded[:, behind : behind + _sizes(values)[1]]


def _sizes(values):
    """Returns rows and steps, as numbers where they are known."""
    shape = tf.shape(values)
    return [shape[axis] if values.shape[axis] is None else values.shape[axis] for axis in range(2)]
