"""Inference with cuDNN's kernel for a whole sequence, which only GPUs have.

The kernel takes a length for every row, none of them zero, and leaves zeros behind a row's end. Our layers carry the
states over masked steps instead: behind the end of a row stands its last state, and where the row runs backwards, its
initial one.
"""

import tensorflow as tf

from seqtasks.layers import cudnn_weights
from seqtasks.layers.cell import Cell
from seqtasks.layers.sequence import Manner, Sequence


def supports(cell: Cell, sequence: Sequence) -> bool:
    """Returns whether cuDNN computes this cell in this precision."""
    return cell.cudnn is not None and sequence.recurrent_mask is None and sequence.inputs.dtype == tf.float32


def fits(sequence: Sequence):
    """Returns a bool tensor, whether cuDNN takes these rows.

    It takes no empty batch, and of masks only those that end rows early. Rows without steps that count are no
    hindrance, see `infer`.
    """
    some, mask = tf.size(sequence.inputs) > 0, sequence.mask
    if mask is None:
        return some
    gone_on = tf.logical_and(mask[:, 1:], tf.logical_not(mask[:, :-1]))
    return tf.logical_and(some, tf.logical_not(tf.reduce_any(gone_on)))


def infer(cell: Cell, sequence: Sequence, weights, manner: Manner):
    """Runs a cell over sequences that fit.

    Args:
        cell: The equations.
        sequence: What it runs over; `fits` is true of it.
        weights: The layer's weights by name.
        manner: The direction, and what is wanted.

    Returns:
        (outputs [B, T, units] in the order of the inputs, or None; the final states).
    """
    inputs, states, mask, _ = sequence
    if mask is None:
        counts = lengths = tf.fill([tf.shape(inputs)[0]], tf.shape(inputs)[1])
    else:
        counts = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
        # A row without steps that count runs over its first one, and what comes of it is not used.
        lengths = tf.maximum(counts, 1)

    def turned(sequences):
        if not manner.reverse:
            return sequences
        return tf.reverse(sequences, [1]) if mask is None else tf.reverse_sequence(sequences, lengths, 1, 0)

    mode, gates = cell.cudnn
    outputs, finals = run_kernel(mode, turned(inputs), states, cudnn_weights.pack(weights, gates), lengths)
    if mask is not None:
        counted = (counts > 0)[:, None]
        finals = tuple(tf.where(counted, final, first) for final, first in zip(finals, states, strict=True))
    if not manner.return_sequences:
        return None, finals
    outputs = turned(outputs)
    if mask is not None:
        carried = states[0] if manner.reverse else finals[0]
        outputs = tf.where(mask[:, :, None], outputs, carried[:, None])
    return outputs, finals


def run_kernel(mode, inputs, states, params, lengths):
    """Runs the kernel.

    Args:
        mode: "lstm" or "gru".
        inputs: [B, T, features].
        states: The initial states, [B, units] each.
        params: The packed weights.
        lengths: How many steps of each row to run, int32 [B], from 1 to T.

    Returns:
        (outputs [B, T, units], zero behind a row's length; the states after it).
    """
    found = tf.raw_ops.CudnnRNNV3(
        input=inputs,
        input_h=states[0][:, None],
        # The GRU has no second state.
        input_c=states[1][:, None] if len(states) > 1 else tf.zeros([], inputs.dtype),
        params=params,
        sequence_lengths=lengths,
        rnn_mode=mode,
        is_training=False,
        time_major=False,
    )
    finals = (found.output_h, found.output_c)[: len(states)]
    return found.output, tuple(tf.squeeze(final, axis=1) for final in finals)
