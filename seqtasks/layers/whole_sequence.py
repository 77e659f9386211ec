"""Recurrent layers over whole sequences, with the gradient of the whole sequence at once.

Around the loop over time stand the products that need no loop: the inputs' projection before it, and after the
backward loop one product for every weight's gradient, over all steps together.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from seqtasks.layers import time_loop
from seqtasks.layers.cell import Cell
from seqtasks.layers.sequence import Manner, Sequence


class Loops(NamedTuple):
    """What does the work, each a function of (cell, manner, *tensors)."""

    infer: Callable
    forward: Callable
    backward: Callable
    inputs_gradient: Callable


def run(cell: Cell, sequence: Sequence, weights, manner: Manner):
    """Runs a cell over whole sequences.

    In training the gradient is the hand-derived one. Otherwise the loop keeps nothing but what it returns, as an
    exported graph should; its gradient is then TensorFlow's own, the same and slower.

    Args:
        cell: The equations.
        sequence: What it runs over.
        weights: The cell's weights by name.
        manner: The direction, and what is wanted.

    Returns:
        (outputs [B, T, units] in the order of the inputs, or None; the final states).
    """
    if not manner.training:
        return infer(cell, manner, sequence, weights)

    def differentiable(sequence, weights):
        results, kept = forward(cell, manner, sequence, weights)

        def gradient(d_outputs, d_finals):
            return backward(cell, manner, sequence, weights, kept, d_outputs, d_finals)

        return results, gradient

    return with_gradient(differentiable, sequence, weights, manner)


def infer(cell: Cell, manner: Manner, sequence: Sequence, weights, loops: Loops | None = None):
    """Returns (outputs or None, final states) and keeps nothing else."""
    loops = loops or PLAIN
    outputs, finals = loops.infer(cell, manner, _steps_of(cell, sequence, weights))
    return (None if outputs is None else _swap(outputs)), finals


def forward(cell: Cell, manner: Manner, sequence: Sequence, weights, loops: Loops | None = None):
    """Returns (outputs or None, final states), and what `backward` needs of the way there."""
    loops = loops or PLAIN
    finals, gates, states = loops.forward(cell, manner, _steps_of(cell, sequence, weights))
    outputs = None
    if manner.return_sequences:
        outputs = _swap(states[0][:-1] if manner.reverse else states[0][1:])
    return (outputs, finals), (gates, states)


def backward(
    cell: Cell, manner: Manner, sequence: Sequence, weights, kept, d_outputs, d_finals, loops: Loops | None = None
):
    """Returns the gradients to the inputs, to the weights by name, and to the initial states."""
    (gates, states), loops = kept, loops or PLAIN
    with tf.GradientTape() as tape:
        tape.watch(weights)
        # The projection is not computed again, unless the cell reads of it: nothing else needs its value.
        steps = _steps_of(cell, sequence, weights)
    d_outputs = None if d_outputs is None else _swap(d_outputs)
    d_inputs, d_parameters, d_initial = loops.backward(cell, manner, steps, gates, states, d_outputs, d_finals)
    before = [state[1:] if manner.reverse else state[:-1] for state in states]
    d_matrices = []
    for stage, matrix in enumerate(steps.matrices):
        operand = cell.operand(stage, gates, before)
        if steps.recurrent_mask is not None:
            operand = operand * steps.recurrent_mask
        d_matrices.append(_product_over_steps(operand, d_inputs[stage], matrix))
    d_x = d_inputs[0] if len(d_inputs) == 1 else tf.concat(d_inputs, axis=-1)
    d_weights = tape.gradient(
        [steps.x, *steps.matrices, *steps.parameters],
        weights,
        output_gradients=[d_x, *d_matrices, *d_parameters],
    )
    return loops.inputs_gradient(cell, manner, sequence.inputs, weights, d_x), d_weights, d_initial


def inputs_gradient(cell: Cell, manner: Manner, inputs, weights, d_x):
    """Returns the gradient to the inputs, given the one to their projection."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        x = cell.project(_swap(inputs), weights)
    return tape.gradient(x, inputs, output_gradients=d_x)


PLAIN = Loops(time_loop.infer, time_loop.forward, time_loop.backward, inputs_gradient)


def with_gradient(differentiable, sequence: Sequence, weights, manner: Manner):
    """Gives a run a gradient of its own.

    Args:
        differentiable: A function of (sequence, weights) that returns (outputs or None, final states) and a function
            from the gradients to them to the gradients to (inputs, weights, initial states).
        sequence: What is run over; no gradient goes to its masks.
        weights: The cell's weights by name.
        manner: Whether outputs are returned.

    Returns:
        (outputs or None, final states).
    """
    names, states = list(weights), len(sequence.states)

    @tf.custom_gradient
    def flat(*tensors):
        # What a tape sees, it asks TensorFlow to differentiate, whether or not the answer is used.
        inputs, *rest = (tf.stop_gradient(tensor) for tensor in tensors)
        (outputs, finals), gradient = differentiable(
            sequence._replace(inputs=inputs, states=tuple(rest[:states])),
            dict(zip(names, rest[states:], strict=True)),
        )

        def flat_gradient(*upstream):
            d_outputs, d_finals = (upstream[0], upstream[1:]) if manner.return_sequences else (None, upstream)
            d_inputs, d_weights, d_states = gradient(d_outputs, d_finals)
            return (d_inputs, *d_states, *(d_weights[name] for name in names))

        return ((outputs,) if manner.return_sequences else ()) + tuple(finals), flat_gradient

    results = flat(sequence.inputs, *sequence.states, *weights.values())
    return (results[0], tuple(results[1:])) if manner.return_sequences else (None, tuple(results))


def _steps_of(cell, sequence, weights):
    x = cell.project(_swap(sequence.inputs), weights)
    mask = None if sequence.mask is None else _swap(sequence.mask)[:, :, None]
    # A loop's variables must not lose a static batch size on the way round, so all know what any of them knows.
    for state in sequence.states:
        x.set_shape([None, state.shape[0], None])
    for tensor, shape in [*((state, [x.shape[1], None]) for state in sequence.states), (mask, [None, x.shape[1], 1])]:
        if tensor is not None:
            tensor.set_shape(shape)
    return time_loop.Steps(
        x,
        tuple(sequence.states),
        tuple(cell.recurrent_matrices(weights)),
        tuple(cell.parameters(weights)),
        mask,
        sequence.recurrent_mask,
    )


def _product_over_steps(operand, d_sum, matrix):
    """Returns the gradient to a recurrent matrix."""
    return tf.matmul(
        tf.reshape(operand, [-1, matrix.shape[0]]), tf.reshape(d_sum, [-1, matrix.shape[1]]), transpose_a=True
    )


def _swap(tensor):
    """Exchanges batch and time."""
    return tf.transpose(tensor, [1, 0, *range(2, tensor.shape.rank)])
