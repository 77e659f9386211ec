"""What one step of a recurrent layer is."""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class Cell:
    """One step of a recurrent layer, elementwise in all but its recurrent products.

    A step has one or more stages. Stage k multiplies an operand by its recurrent matrix, adds its slice of the
    projected input and applies the activations: gates of stage k = activation(x_k + operand_k @ U_k). `update` makes
    the new states from the gates. What is left of the projected input behind the stages' slices goes to `update` as
    it is.

    `operand` and `update` get any number of leading axes, so they must split and concatenate along the last one.

    `weights` are the layer's by name ("kernel", "recurrent_kernel", "bias" where there is one), in its computing
    precision. Equal cells share their compiled programs, so all that tells them apart is in their fields.

    Args:
        units: The width of the states.
    """

    units: int

    @property
    def fused_dtypes(self) -> tuple[tf.DType, ...]:
        """The precisions in which a kernel of TensorFlow's runs this cell over a whole sequence."""
        return ()

    def run_fused(self, x, states, weights, steps):
        """Runs such a kernel.

        Args:
            x: The inputs, time first [T, B, features].
            states: The initial states.
            weights: The layer's weights by name.
            steps: How many of the steps to run.

        Returns:
            The states after every step [T, B, units]; those after `steps` may be anything, or missing.
        """
        raise NotImplementedError

    @property
    def cudnn(self) -> tuple[str, tuple[int, ...]] | None:
        """cuDNN's name for this cell and, for each of its gates, the place in the weights' columns; or None."""
        return None

    @property
    def activations(self) -> Sequence[Sequence[tuple[str, int]]]:
        """For each stage, its (name, width) blocks from left to right.

        A name is "sigmoid", "tanh" or "linear". Every block is one tensor in `gates`. The columns of the weights are
        in the same order.
        """
        raise NotImplementedError

    @property
    def rest_width(self) -> int:
        """How much of the projected input goes to `update` as it is."""
        return 0

    def project(self, inputs, weights):
        """Returns the inputs' part of every gate [..., G]."""
        return affine(inputs, weights["kernel"], weights.get("bias"))

    def recurrent_matrices(self, weights):
        """Returns the recurrent matrices, one a stage."""
        return [weights["recurrent_kernel"]]

    def parameters(self, weights):
        """Returns the elementwise weights."""
        return ()

    def operand(self, stage: int, gates, states):
        """Returns what multiplies the recurrent matrix of `stage`, given the gates of the stages before it."""
        return states[0]

    def update(self, gates, rest, states, parameters):
        """Returns the new states; the first of them is the step's output.

        Args:
            gates: One tensor a block of `activations`.
            rest: The projected input that no stage used, `rest_width` wide.
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
    several = len(widths) > 1 or cell.rest_width
    parts = tf.split(x, [*widths, cell.rest_width], axis=-1) if several else [x, None]
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


def affine(inputs, kernel, bias=None):
    """Returns inputs @ kernel + bias over the last axis, as one product for all leading axes."""
    flat = tf.matmul(tf.reshape(inputs, [-1, kernel.shape[0]]), kernel)
    if bias is not None:
        flat = tf.nn.bias_add(flat, bias)
    leading = [tf.shape(inputs)[i] if n is None else n for i, n in enumerate(inputs.shape[:-1])]
    return tf.reshape(flat, [*leading, kernel.shape[-1]])
