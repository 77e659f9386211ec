"""The loops over time that every recurrent layer shares, forwards and, hand-derived, backwards.

A `Cell` writes down one step; these run it over projected inputs, time first. The forward loop keeps the gates and
the states, the backward loop differentiates one step at a time from them. No product over all steps is in here: the
inputs' projection and the weights' gradients are `whole_sequence`'s.

Each takes the parts of a batch, whose steps do not wait for each other. TensorFlow runs a loop for each part side by
side, but XLA runs loops one after the other; there one loop can go through the steps of all.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from seqtasks.layers.cell import Cell, activation_gradient, stage_widths, step
from seqtasks.layers.sequence import Manner


class Steps(NamedTuple):
    """What a loop runs over.

    Args:
        x: Projected inputs, time first [T, B, G].
        states: The initial states, [B, units] each.
        matrices: One recurrent matrix a stage.
        parameters: The cell's elementwise weights.
        mask: bool [T, B, 1], False where the states are carried over the step; or None.
        recurrent_mask: Dropout on the operands [B, units]; or None.
    """

    x: tf.Tensor
    states: tuple
    matrices: tuple
    parameters: tuple
    mask: tf.Tensor | None
    recurrent_mask: tf.Tensor | None


def infer(cell: Cell, manner: Manner, parts: list[Steps], project: Callable | None = None):
    """Runs a cell and keeps nothing but what is asked for.

    Args:
        cell: The equations.
        manner: The direction, and whether to keep the outputs.
        parts: What to run over.
        project: Projects one step's inputs [B, features], where x is not projected yet; or None.

    Returns:
        For each part, (outputs [T, B, units] in the order of the inputs, or None; the final states).
    """
    length = _length(parts[0].x)

    def loop(steps):
        inputs, masks = _array_of(steps.x), None if steps.mask is None else _array_of(steps.mask)
        outputs = (_new_array(length, steps.states[0].shape, steps.x.dtype),) if manner.return_sequences else ()

        def body(at, states, outputs):
            x = inputs.read(at) if project is None else project(inputs.read(at))
            _, new = step(cell, x, states, steps.matrices, steps.parameters, steps.recurrent_mask)
            new = _carry(masks, at, new, states)
            return new, tuple(array.write(at, new[0]) for array in outputs)

        return body, (steps.states, outputs)

    ends = _run(map(loop, parts), length, manner.reverse, manner.together, most=parts[0].x.shape[0])
    return [((outputs[0].stack() if outputs else None), finals) for finals, outputs in ends]


def forward(cell: Cell, manner: Manner, parts: list[Steps]):
    """Runs a cell and keeps what `backward` needs.

    Args:
        cell: The equations.
        manner: The direction.
        parts: What to run over.

    Returns:
        For each part, (the final states, every step's gates [T, B, .], the states around every step
        [T + 1, B, units]).
    """
    length = _length(parts[0].x)
    widths = [width for blocks in cell.activations for _, width in blocks]

    def loop(steps):
        x = steps.x
        inputs, masks = _array_of(x), None if steps.mask is None else _array_of(steps.mask)
        kept_gates = tuple(_new_array(length, [x.shape[1], width], x.dtype) for width in widths)
        kept_states = tuple(
            _new_array(length + 1, state.shape, state.dtype).write(length if manner.reverse else 0, state)
            for state in steps.states
        )

        def body(at, states, kept_gates, kept_states):
            gates, new = step(cell, inputs.read(at), states, steps.matrices, steps.parameters, steps.recurrent_mask)
            new = _carry(masks, at, new, states)
            kept_gates = tuple(array.write(at, gate) for array, gate in zip(kept_gates, gates, strict=True))
            after = at if manner.reverse else at + 1
            kept_states = tuple(array.write(after, state) for array, state in zip(kept_states, new, strict=True))
            return new, kept_gates, kept_states

        return body, (steps.states, kept_gates, kept_states)

    ends = _run(map(loop, parts), length, manner.reverse, manner.together)
    return [
        (finals, [array.stack() for array in gates], [array.stack() for array in states])
        for finals, gates, states in ends
    ]


class WayBack(NamedTuple):
    """What `backward` needs of one part.

    Args:
        steps: As on the way there. Of x, only what no stage of the cell uses is read.
        gates: As `forward` kept them.
        states: As `forward` kept them.
        d_outputs: The gradient to the outputs [T, B, units], or None.
        d_finals: The gradients to the final states.
    """

    steps: Steps
    gates: list
    states: list
    d_outputs: tf.Tensor | None
    d_finals: list


def backward(cell: Cell, manner: Manner, parts: list[WayBack]):
    """Goes the way of `forward` back.

    Args:
        cell: The equations.
        manner: As on the way there.
        parts: What was run over.

    Returns:
        For each part, the gradients to x, one tensor a stage and one for the rest; to the parameters; and to the
        initial states.
    """
    length, widths, rest_width = _length(parts[0].gates[0]), stage_widths(cell), cell.rest_width
    written = [*widths, rest_width] if rest_width else widths

    def loop(part):
        steps, gates, states, d_outputs, d_finals = part
        matrices, parameters = steps.matrices, steps.parameters
        gate_arrays, state_arrays = [_array_of(gate) for gate in gates], [_array_of(state) for state in states]
        masks = None if steps.mask is None else _array_of(steps.mask)
        rests = _array_of(steps.x[..., sum(widths) :]) if rest_width else None
        d_output_array = None if d_outputs is None else _array_of(d_outputs)
        d_inputs = tuple(_new_array(length, [gates[0].shape[1], width], gates[0].dtype) for width in written)
        transposed = [tf.transpose(matrix) for matrix in matrices]

        def body(at, d_states, d_parameters, d_inputs):
            before = [array.read(at + 1 if manner.reverse else at) for array in state_arrays]
            gates = [array.read(at) for array in gate_arrays]
            rest = rests.read(at) if rest_width else None
            if d_output_array is not None:
                d_states = (d_states[0] + d_output_array.read(at), *d_states[1:])
            d_carried = [None] * len(d_states)
            if masks is not None:
                counts = masks.read(at)
                d_carried = [tf.where(counts, tf.zeros_like(d), d) for d in d_states]
                d_states = tuple(tf.where(counts, d, tf.zeros_like(d)) for d in d_states)
            d_gates, d_rest, d_before, d_small = _differentiate_update(cell, gates, rest, before, parameters, d_states)
            d_before = [_add(a, b) for a, b in zip(d_carried, d_before, strict=True)]
            d_stages = _differentiate_stages(cell, gates, before, transposed, steps.recurrent_mask, d_gates, d_before)
            d_parameters = tuple(_add(a, b) for a, b in zip(d_parameters, d_small, strict=True))
            d_rest = [_or_zeros(d_rest, rest)] if rest_width else []
            d_inputs = tuple(array.write(at, d) for array, d in zip(d_inputs, [*d_stages, *d_rest], strict=True))
            return tuple(map(_or_zeros, d_before, before)), d_parameters, d_inputs

        return body, (tuple(d_finals), tuple(tf.zeros_like(p) for p in parameters), d_inputs)

    ends = _run(map(loop, parts), length, not manner.reverse, manner.together)
    return [
        ([array.stack() for array in d_inputs], d_parameters, d_initial) for d_initial, d_parameters, d_inputs in ends
    ]


def _run(loops, length, reverse, together, most=None):
    """Runs loops of one length.

    Args:
        loops: For each, a function of a step's index and the loop's variables that returns the new variables, and what
            the variables start from.
        length: The number of steps.
        reverse: Whether to start at the last step.
        together: Whether to make them one loop.
        most: At most this many steps, where TensorFlow is to differentiate the loop; or None.

    Returns:
        Each loop's variables after the last step.
    """
    loops = list(loops)
    if not together and len(loops) > 1:
        return [_run([loop], length, reverse, together, most)[0] for loop in loops]
    bodies, starts = zip(*loops, strict=True)

    def body(t, *variables):
        at = length - 1 - t if reverse else t
        return (t + 1, *(each(at, *own) for each, own in zip(bodies, variables, strict=True)))

    return tf.while_loop(lambda t, *_: t < length, body, (0, *starts), maximum_iterations=most)[1:]


def _differentiate_update(cell, gates, rest, states, parameters, d_states):
    sources = [*gates, *([] if rest is None else [rest]), *states, *parameters]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        new = list(cell.update(gates, rest, tuple(states), parameters))
    found = tape.gradient(new, sources, output_gradients=list(d_states))
    d_gates, found = found[: len(gates)], found[len(gates) :]
    d_rest, found = (None, found) if rest is None else (found[0], found[1:])
    return d_gates, d_rest, found[: len(states)], found[len(states) :]


def _differentiate_stages(cell, gates, states, transposed, recurrent_mask, d_gates, d_states):
    """Returns the gradient to each stage's sum x_k + operand_k @ U_k, adding to `d_states` in place."""
    d_gates, d_stages = list(d_gates), []
    first = len(gates)
    for stage in reversed(range(len(transposed))):
        blocks = cell.activations[stage]
        first, last = first - len(blocks), first
        d_sums = [
            activation_gradient(name, gate, _or_zeros(d_gate, gate))
            for (name, _), gate, d_gate in zip(blocks, gates[first:last], d_gates[first:last], strict=True)
        ]
        d_sum = d_sums[0] if len(d_sums) == 1 else tf.concat(d_sums, axis=-1)
        d_operand = tf.matmul(d_sum, transposed[stage])
        if recurrent_mask is not None:
            d_operand = d_operand * recurrent_mask
        earlier = list(gates[:first])
        with tf.GradientTape() as tape:
            tape.watch([*earlier, *states])
            operand = tf.identity(cell.operand(stage, earlier, tuple(states)))
        found = tape.gradient(operand, [*earlier, *states], output_gradients=d_operand)
        d_gates[:first] = [_add(a, b) for a, b in zip(d_gates[:first], found[:first], strict=True)]
        d_states[:] = [_add(a, b) for a, b in zip(d_states, found[first:], strict=True)]
        d_stages.insert(0, d_sum)
    return d_stages


def _carry(masks, at, new, old):
    if masks is None:
        return new
    counts = masks.read(at)
    return tuple(tf.where(counts, a, b) for a, b in zip(new, old, strict=True))


def _length(x):
    return tf.shape(x)[0] if x.shape[0] is None else x.shape[0]


def _new_array(size, element_shape, dtype):
    return tf.TensorArray(dtype, size, element_shape=element_shape)


def _array_of(x):
    return _new_array(_length(x), x.shape[1:], x.dtype).unstack(x)


def _add(a, b):
    return b if a is None else a if b is None else a + b


def _or_zeros(gradient, like):
    return tf.zeros_like(like) if gradient is None else gradient
