"""What a recurrent layer runs over, and how."""

from typing import NamedTuple

import tensorflow as tf


class Sequence(NamedTuple):
    """A batch of sequences.

    Args:
        inputs: [B, T, features].
        states: The initial states, [B, units] each.
        mask: bool [B, T], False where the states are carried over the step; or None.
        recurrent_mask: Dropout on what multiplies the recurrent matrices [B, units], the same at every step; or None.
    """

    inputs: tf.Tensor
    states: tuple
    mask: tf.Tensor | None = None
    recurrent_mask: tf.Tensor | None = None


class Manner(NamedTuple):
    """How to run.

    Args:
        reverse: Whether to run from the last step to the first.
        return_sequences: Whether to return the output of every step.
        training: Whether the gradient will be wanted.
        together: Whether the parts of a batch go through the steps in one loop.
    """

    reverse: bool = False
    return_sequences: bool = True
    training: bool = False
    together: bool = False


def flatten(results):
    """Returns (outputs or None, final states) as the tensors that a branch or a function of TensorFlow's returns."""
    outputs, finals = results
    return tuple(finals) if outputs is None else (outputs, *finals)


def unflatten(tensors, manner: Manner):
    """Returns what `flatten` was given."""
    return (tensors[0], tuple(tensors[1:])) if manner.return_sequences else (None, tuple(tensors))
