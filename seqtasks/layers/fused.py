"""Inference with TensorFlow's fused kernel for a whole sequence, BlockLSTMV2.

It knows no masks. So the steps that count are moved to the front of every row, the kernel runs as far as the longest
row counts, and every step then reads the state after as many counted steps as lie up to it. That is right for any
pattern, and costs two gathers.
"""

import tensorflow as tf

from seqtasks.layers import whole_sequence
from seqtasks.layers.batch_parts import Way
from seqtasks.layers.cell import Cell
from seqtasks.layers.sequence import Manner, Sequence


def supports(cell: Cell, sequence: Sequence) -> bool:
    """Returns whether a kernel computes this cell in this precision."""
    return sequence.recurrent_mask is None and sequence.inputs.dtype in cell.fused_dtypes


def infer(cell: Cell, manner: Manner, parts: list[Sequence], weights):
    """Runs a cell; as `whole_sequence.infer`."""
    return [_infer(cell, manner, part, weights) for part in parts]


# The kernel's own gradient is wrong in TensorFlow 2.21.
WAY = Way(infer, whole_sequence.forward, whole_sequence.backward)


def _infer(cell, manner, sequence, weights):
    inputs = sequence.inputs
    length = tf.shape(inputs)[1] if inputs.shape[1] is None else inputs.shape[1]
    if sequence.mask is None:
        if manner.reverse:
            inputs = tf.reverse(inputs, [1])
        states = cell.run_fused(tf.transpose(inputs, [1, 0, 2]), sequence.states, weights, length)
        # The first states are there for sequences without steps.
        finals = tuple(
            tf.concat([first[None], state[-1:]], axis=0)[-1]
            for first, state in zip(sequence.states, states, strict=True)
        )
        outputs = tf.transpose(states[0], [1, 0, 2])
        return _wanted(tf.reverse(outputs, [1]) if manner.reverse else outputs, manner), finals
    counted = tf.cast(sequence.mask, tf.int32)
    counts, totals = tf.cumsum(counted, axis=1, reverse=manner.reverse), tf.reduce_sum(counted, axis=1)
    # Of equal ones the first comes first; backward, the last step that counts is to.
    ranks = counted * tf.cumsum(counted, axis=1) if manner.reverse else counted
    inputs = tf.gather(inputs, tf.math.top_k(ranks, length).indices, batch_dims=1)
    # At least one, if only over what is masked: without rows there is no longest, and BlockLSTMV2 aborts the process
    # when asked for fewer steps than none or for more than there are.
    steps = tf.minimum(tf.maximum(tf.reduce_max(totals), 1), tf.shape(inputs)[1])
    states = cell.run_fused(tf.transpose(inputs, [1, 0, 2]), sequence.states, weights, steps)
    after = [
        tf.transpose(tf.concat([first[None], state], axis=0), [1, 0, 2])
        for first, state in zip(sequence.states, states, strict=True)
    ]
    finals = tuple(tf.gather(state, totals, batch_dims=1) for state in after)
    return _wanted(tf.gather(after[0], counts, batch_dims=1), manner), finals


def _wanted(outputs, manner):
    return outputs if manner.return_sequences else None
