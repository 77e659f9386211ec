"""What one step of a recurrent layer is."""

from collections.abc import Sequence

import tensorflow as tf


class Cell:
    """One step of a recurrent layer, elementwise in all but its recurrent products.

    A step has one or more stages. Stage k multiplies an operand by its recurrent matrix, adds its slice of the
    projected input and applies the activations: gates of stage k = activation(x_k + operand_k @ U_k). `update` makes
    the new states from the gates. What is left of the projected input behind the stages' slices goes to `update` as
    it is.

    `operand` and `update` get any number of leading axes, so they must split and concatenate along the last one.

    Attributes:
        activations: For each stage, its (name, width) blocks from left to right; a name is "sigmoid", "tanh" or
            "linear". Every block is one tensor in `gates`.
    """

    activations: Sequence[Sequence[tuple[str, int]]] = ()

    def operand(self, stage: int, gates, states):
        """Returns what multiplies the recurrent matrix of `stage`, given the gates of the stages before it."""
        return states[0]

    def update(self, gates, rest, states, parameters):
        """Returns the new states; the first of them is the step's output.

        Args:
            gates: One tensor a block of `activations`.
            rest: The projected input that no stage used, possibly 0 wide.
            states: The states before the step.
            parameters: The cell's elementwise weights.
        """
        raise NotImplementedError


def step(cell: Cell, x, states, matrices, parameters=(), recurrent_mask=None):
    """Runs one step.

    Args:
        cell: The equations.
        x: Projected inputs [B, G].
        states: The states before the step, [B, units] each.
        matrices: One recurrent matrix a stage.
        parameters: The cell's elementwise weights.
        recurrent_mask: Dropout on the operands [B, units], or None.

    Returns:
        (gates, new states).
    """
    widths = stage_widths(cell)
    rest_width = x.shape[-1] - sum(widths)
    parts = tf.split(x, [*widths, rest_width], axis=-1) if len(widths) > 1 or rest_width else [x, None]
    gates = []
    for stage, (blocks, matrix) in enumerate(zip(cell.activations, matrices, strict=True)):
        operand = cell.operand(stage, gates, states)
        if recurrent_mask is not None:
            operand = operand * recurrent_mask
        gates = [*gates, *activate(blocks, parts[stage] + tf.matmul(operand, matrix))]
    return gates, tuple(cell.update(gates, parts[-1], states, parameters))


def activate(blocks, sums):
    """Returns one tensor a block: the activations of a stage's sums."""
    parts = tf.split(sums, [width for _, width in blocks], axis=-1) if len(blocks) > 1 else [sums]
    functions = {"sigmoid": tf.sigmoid, "tanh": tf.tanh, "linear": tf.identity}
    return [functions[name](part) for (name, _), part in zip(blocks, parts, strict=True)]


def activation_gradient(name, output, d_output):
    """Returns the gradient to an activation's input, from its output alone."""
    if name == "sigmoid":
        return d_output * output * (1 - output)
    return d_output * (1 - output * output) if name == "tanh" else d_output


def stage_widths(cell):
    """Returns the width of each stage's product."""
    return [sum(width for _, width in blocks) for blocks in cell.activations]
