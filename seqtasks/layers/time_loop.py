"""The loop over time that every recurrent layer shares, with its hand-derived backward pass.

A `Cell` writes down one step. The loop runs it over a whole sequence, and, when training, backpropagates through the
whole sequence at once: the forward loop keeps the gates and the states, the backward loop differentiates one step at a
time from them, and the recurrent matrices' gradients are one product each over all steps, after the loop.
"""

import tensorflow as tf

from seqtasks.layers.cell import Cell, activation_gradient, stage_widths, step


def run(
    cell: Cell,
    x,
    states,
    matrices,
    parameters=(),
    mask=None,
    recurrent_mask=None,
    reverse: bool = False,
    return_sequences: bool = True,
    training: bool = False,
):
    """Runs a cell over whole sequences.

    With `training` the gradient is the hand-derived one. Without it the loop keeps nothing but what it returns, as
    an exported graph should; its gradient is then TensorFlow's own, the same and slower.

    Args:
        cell: The equations.
        x: Projected inputs, time first [T, B, G].
        states: The initial states, [B, units] each.
        matrices: One recurrent matrix a stage.
        parameters: The cell's elementwise weights.
        mask: bool [T, B, 1], False where the states are carried over the step; or None.
        recurrent_mask: Dropout on the operands [B, units], the same at every step; or None.
        reverse: Whether to run from the last step to the first.
        return_sequences: Whether to return the output of every step.
        training: Whether the gradient will be wanted.

    Returns:
        (outputs [T, B, units] in the order of x, or None; the final states).
    """
    matrices, parameters, states = tuple(matrices), tuple(parameters), tuple(states)
    # A loop's variables must not lose a static batch size on the way round, so all know what any of them knows.
    for state in states:
        x.set_shape([None, state.shape[0], None])
    for tensor, shape in [*((state, [x.shape[1], None]) for state in states), (mask, [None, x.shape[1], 1])]:
        if tensor is not None:
            tensor.set_shape(shape)
    if not training:
        return _infer(cell, x, states, matrices, parameters, mask, recurrent_mask, reverse, return_sequences)
    stages, weights = len(matrices), len(matrices) + len(parameters)

    @tf.custom_gradient
    def differentiable(x, *rest):
        matrices, parameters, states = rest[:stages], rest[stages:weights], rest[weights:]
        gates, kept, finals = _forward(cell, x, states, matrices, parameters, mask, recurrent_mask, reverse)
        outputs = [kept[0][:-1] if reverse else kept[0][1:]] if return_sequences else []

        def gradient(*upstream):
            d_outputs, d_finals = (upstream[0], upstream[1:]) if return_sequences else (None, upstream)
            return _backward(
                cell, x, matrices, parameters, mask, recurrent_mask, reverse, gates, kept, d_outputs, d_finals
            )

        return (*outputs, *finals), gradient

    results = differentiable(x, *matrices, *parameters, *states)
    return (results[0], tuple(results[1:])) if return_sequences else (None, tuple(results))


def _infer(cell, x, states, matrices, parameters, mask, recurrent_mask, reverse, return_sequences):
    length = _length(x)
    inputs, masks = _array_of(x), None if mask is None else _array_of(mask)
    outputs = (_new_array(length, states[0].shape, x.dtype),) if return_sequences else ()

    def body(t, states, outputs):
        at = length - 1 - t if reverse else t
        _, new = step(cell, inputs.read(at), states, matrices, parameters, recurrent_mask)
        new = _carry(masks, at, new, states)
        return t + 1, new, tuple(array.write(at, new[0]) for array in outputs)

    _, finals, outputs = tf.while_loop(
        lambda t, *_: t < length, body, (0, states, outputs), maximum_iterations=x.shape[0]
    )
    return (outputs[0].stack() if outputs else None), finals


def _forward(cell, x, states, matrices, parameters, mask, recurrent_mask, reverse):
    """Returns every step's gates [T, B, .], the states around every step [T+1, B, .] and the final states."""
    length = _length(x)
    inputs, masks = _array_of(x), None if mask is None else _array_of(mask)
    widths = [width for blocks in cell.activations for _, width in blocks]
    kept_gates = tuple(_new_array(length, [x.shape[1], width], x.dtype) for width in widths)
    kept_states = tuple(
        _new_array(length + 1, state.shape, state.dtype).write(length if reverse else 0, state) for state in states
    )

    def body(t, states, kept_gates, kept_states):
        at = length - 1 - t if reverse else t
        gates, new = step(cell, inputs.read(at), states, matrices, parameters, recurrent_mask)
        new = _carry(masks, at, new, states)
        kept_gates = tuple(array.write(at, gate) for array, gate in zip(kept_gates, gates, strict=True))
        after = at if reverse else at + 1
        kept_states = tuple(array.write(after, state) for array, state in zip(kept_states, new, strict=True))
        return t + 1, new, kept_gates, kept_states

    _, finals, kept_gates, kept_states = tf.while_loop(
        lambda t, *_: t < length, body, (0, states, kept_gates, kept_states)
    )
    return [array.stack() for array in kept_gates], [array.stack() for array in kept_states], finals


def _backward(cell, x, matrices, parameters, mask, recurrent_mask, reverse, gates, states, d_outputs, d_finals):
    """Returns the gradients to x, the matrices, the parameters and the initial states, in this order."""
    length = _length(x)
    widths = stage_widths(cell)
    rest_width = x.shape[-1] - sum(widths)
    gate_arrays, state_arrays = [_array_of(gate) for gate in gates], [_array_of(state) for state in states]
    masks = None if mask is None else _array_of(mask)
    rests = _array_of(x[..., sum(widths) :]) if rest_width else None
    d_output_array = None if d_outputs is None else _array_of(d_outputs)
    written = [*widths, rest_width] if rest_width else widths
    d_inputs = tuple(_new_array(length, [x.shape[1], width], x.dtype) for width in written)
    transposed = [tf.transpose(matrix) for matrix in matrices]

    def body(t, d_states, d_parameters, d_inputs):
        at = length - 1 - t if reverse else t
        before = [array.read(at + 1 if reverse else at) for array in state_arrays]
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
        d_stages = _differentiate_stages(cell, gates, before, transposed, recurrent_mask, d_gates, d_before)
        d_parameters = tuple(_add(a, b) for a, b in zip(d_parameters, d_small, strict=True))
        d_rest = [_or_zeros(d_rest, rest)] if rest_width else []
        d_inputs = tuple(array.write(at, d) for array, d in zip(d_inputs, [*d_stages, *d_rest], strict=True))
        return t - 1, tuple(map(_or_zeros, d_before, before)), d_parameters, d_inputs

    start = (length - 1, tuple(d_finals), tuple(tf.zeros_like(p) for p in parameters), d_inputs)
    _, d_initial, d_parameters, d_inputs = tf.while_loop(lambda t, *_: t >= 0, body, start)
    d_inputs = [array.stack() for array in d_inputs]
    before = [state[1:] if reverse else state[:-1] for state in states]
    d_matrices = []
    for stage, d_stage in enumerate(d_inputs[: len(widths)]):
        operand = cell.operand(stage, gates, before)
        if recurrent_mask is not None:
            operand = operand * recurrent_mask
        d_matrices.append(
            tf.matmul(
                tf.reshape(operand, [-1, operand.shape[-1]]), tf.reshape(d_stage, [-1, widths[stage]]), transpose_a=True
            )
        )
    d_x = d_inputs[0] if len(d_inputs) == 1 else tf.concat(d_inputs, axis=-1)
    return (d_x, *d_matrices, *d_parameters, *d_initial)


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
