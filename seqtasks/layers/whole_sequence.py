"""Recurrent layers over whole sequences, with the gradient of the whole sequence at once.

Around the loop over time stand the products that need no loop: the inputs' projection before it, and after the
backward loop one product for every weight's gradient, over all steps together. All take the parts of a batch.
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


def infer(
    cell: Cell,
    manner: Manner,
    parts: list[Sequence],
    weights,
    loops: Loops | None = None,
    project_in_loop: bool = False,
):
    """Runs a cell and keeps nothing but what it returns.

    Args:
        cell: The equations.
        manner: The direction, and what is wanted.
        parts: What to run over.
        weights: The layer's weights by name.
        loops: What does the work; TensorFlow's operations when None.
        project_in_loop: Whether to project every step's inputs in the loop. The states do not wait for that, so XLA
            multiplies both side by side.

    Returns:
        For each part, (outputs [B, T, units] in the order of the inputs, or None; the final states).
    """
    loops = loops or PLAIN
    steps = [_steps_of(cell, part, weights, projected=not project_in_loop) for part in parts]
    project = (lambda x: cell.project(x, weights)) if project_in_loop else None
    found = loops.infer(cell, manner, steps, project) if project else loops.infer(cell, manner, steps)
    return [(None if outputs is None else _swap(outputs), finals) for outputs, finals in found]


def forward(cell: Cell, manner: Manner, parts: list[Sequence], weights, loops: Loops | None = None):
    """Runs a cell and keeps what `backward` needs.

    Returns:
        For each part, ((outputs or None, final states), what `backward` needs of the way there).
    """
    loops = loops or PLAIN
    found = []
    for finals, gates, states in loops.forward(cell, manner, [_steps_of(cell, part, weights) for part in parts]):
        outputs = None
        if manner.return_sequences:
            outputs = _swap(states[0][:-1] if manner.reverse else states[0][1:])
        found.append(((outputs, finals), (gates, states)))
    return found


def backward(
    cell: Cell,
    manner: Manner,
    parts: list[Sequence],
    weights,
    kept,
    d_outputs,
    d_finals,
    loops: Loops | None = None,
):
    """Goes the way of `forward` back.

    Args:
        cell: The equations.
        manner: As on the way there.
        parts: As on the way there.
        weights: As on the way there.
        kept: For each part, what `forward` kept.
        d_outputs: For each part, the gradient to the outputs, or None.
        d_finals: For each part, the gradients to the final states.
        loops: As on the way there.

    Returns:
        The gradients to the inputs, for each part; to the weights by name; to the initial states, for each part.
    """
    loops = loops or PLAIN
    with tf.GradientTape() as tape:
        tape.watch(weights)
        # The projection is not computed again, unless the cell reads of it: nothing else needs its value.
        steps = [_steps_of(cell, part, weights) for part in parts]
    d_outputs = [None if d is None else _swap(d) for d in d_outputs]
    ways_back = [
        time_loop.WayBack(each, gates, states, d_output, list(d_final))
        for each, (gates, states), d_output, d_final in zip(steps, kept, d_outputs, d_finals, strict=True)
    ]
    targets, upstream, d_inputs, d_initials = [], [], [], []
    for part, way, found in zip(parts, ways_back, loops.backward(cell, manner, ways_back), strict=True):
        d_stages, d_parameters, d_initial = found
        d_x = d_stages[0] if len(d_stages) == 1 else tf.concat(d_stages, axis=-1)
        targets += [way.steps.x, *way.steps.matrices, *way.steps.parameters]
        upstream += [d_x, *_matrices_gradients(cell, manner, way, d_stages), *d_parameters]
        d_inputs.append(loops.inputs_gradient(cell, manner, part.inputs, weights, d_x))
        d_initials.append(d_initial)
    return d_inputs, tape.gradient(targets, weights, output_gradients=upstream), d_initials


def inputs_gradient(cell: Cell, manner: Manner, inputs, weights, d_x):
    """Returns the gradient to the inputs, given the one to their projection."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        x = cell.project(_swap(inputs), weights)
    return tape.gradient(x, inputs, output_gradients=d_x)


PLAIN = Loops(time_loop.infer, time_loop.forward, time_loop.backward, inputs_gradient)


def _matrices_gradients(cell, manner, way, d_stages):
    """Returns the gradient to each recurrent matrix, one product over all steps."""
    before, found = [state[1:] if manner.reverse else state[:-1] for state in way.states], []
    for stage, matrix in enumerate(way.steps.matrices):
        operand = cell.operand(stage, way.gates, before)
        if way.steps.recurrent_mask is not None:
            operand = operand * way.steps.recurrent_mask
        rows, columns = matrix.shape
        found.append(
            tf.matmul(tf.reshape(operand, [-1, rows]), tf.reshape(d_stages[stage], [-1, columns]), transpose_a=True)
        )
    return found


def _steps_of(cell, sequence, weights, projected=True):
    x = _swap(sequence.inputs)
    if projected:
        x = cell.project(x, weights)
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


def _swap(tensor):
    """Exchanges batch and time."""
    return tf.transpose(tensor, [1, 0, *range(2, tensor.shape.rank)])
