"""Chooses how a recurrent layer runs over time.

- "loop": a loop of TensorFlow operations, one step after the other, with the whole-sequence gradient in training. It
  is what an outer XLA program wants, and it takes any length, precision and device.
- "compiled": the loop, the products with the inputs and their gradients as XLA programs of the layer's own; on a CPU
  the batch is cut into two programs that run side by side. For functions that are not compiled as a whole. Every
  new length or batch size is compiled anew.
- "fused": TensorFlow's fused kernels, one for the sequence (LSTM) or one a step (GRU), in graphs that must run
  without XLA, as exports do. Not for training: the gradient is the loop's.

"auto" takes "loop" inside an XLA program; else "compiled" in training when the length is known while tracing; else
"fused" in inference where a kernel does the cell's equations; else "loop".
"""

import tensorflow as tf
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from seqtasks.layers import clusters, fused, whole_sequence
from seqtasks.layers.cell import Cell
from seqtasks.layers.sequence import Manner, Sequence

IMPLEMENTATIONS = ("auto", "loop", "compiled", "fused")


def run(cell: Cell, sequence: Sequence, weights, manner: Manner, implementation="auto", alone=True):
    """Runs a cell over whole sequences.

    Args:
        cell: The equations.
        sequence: What it runs over.
        weights: The cell's weights by name.
        manner: The direction, and what is wanted.
        implementation: One of `IMPLEMENTATIONS`.
        alone: Whether nothing else is there to keep the second core busy.

    Returns:
        (outputs [B, T, units] in the order of the inputs, or None; the final states).
    """
    if implementation == "auto":
        implementation = choose(cell, sequence, manner)
    if implementation == "compiled":
        return clusters.run(cell, sequence, weights, manner, parts=2 if alone and not _on_gpu() else 1)
    if implementation == "fused":
        return fused.run(cell, sequence, weights, manner)
    return whole_sequence.run(cell, sequence, weights, manner)


def choose(cell: Cell, sequence: Sequence, manner: Manner) -> str:
    """Returns what "auto" means here."""
    if inside_xla():
        return "loop"
    if manner.training:
        return "compiled" if sequence.inputs.shape[1] is not None else "loop"
    return "fused" if fused.supports(cell, sequence) else "loop"


def inside_xla() -> bool:
    """Returns whether the graph being built will be compiled by XLA as a whole."""
    return not tf.executing_eagerly() and GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())


def _on_gpu() -> bool:
    return bool(tf.config.list_logical_devices("GPU"))
