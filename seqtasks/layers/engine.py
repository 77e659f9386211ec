"""Chooses how a recurrent layer runs over time.

- "loop": a loop of TensorFlow operations, one step after the other, with the whole-sequence gradient in training. It
  is what an outer XLA program wants, and it takes any length, precision and device.
- "compiled": the loop, and with little to multiply the products around it, as XLA programs of the layer's own. For
  functions that are not compiled as a whole. Every new length or batch size is compiled anew.
- "fused": TensorFlow's kernel for a whole sequence, which only the LSTM has, in graphs that must run without XLA, as
  exports do. In inference only: in training it is the loop.

"auto" takes "loop" inside an XLA program. Outside, training takes "compiled" when the length is known while tracing,
else "loop"; inference takes "fused" for few rows of few units, where there is a kernel, else "loop". Inference is never
"compiled", as what it traces may be exported. Where the number of rows is not known while tracing, an exported graph
holds both and chooses for every batch.

On a CPU every one of them cuts a batch in two, which go through the steps side by side.
"""

import functools

import tensorflow as tf
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from seqtasks.errors import UsageError
from seqtasks.layers import batch_parts, clusters, fused, whole_sequence
from seqtasks.layers.batch_parts import Way
from seqtasks.layers.cell import Cell
from seqtasks.layers.sequence import Manner, Sequence

IMPLEMENTATIONS = ("auto", "loop", "compiled", "fused")

# Rows times units up to which a fused kernel is faster than a loop of operations.
FEW = 3000

_LOOP = Way(whole_sequence.infer, whole_sequence.forward, whole_sequence.backward, differentiable=True)
_PROJECTING_LOOP = _LOOP._replace(infer=functools.partial(whole_sequence.infer, project_in_loop=True))


def run(cell: Cell, sequence: Sequence, weights, manner: Manner, implementation="auto", alone=True):
    """Runs a cell over whole sequences.

    Args:
        cell: The equations.
        sequence: What it runs over.
        weights: The layer's weights by name.
        manner: The direction, and what is wanted.
        implementation: One of `IMPLEMENTATIONS`.
        alone: Whether nothing else is there to keep the second core busy.

    Returns:
        (outputs [B, T, units] in the order of the inputs, or None; the final states).

    Raises:
        UsageError: There is no kernel for this cell, or not in this precision, and "fused" was asked for.
    """
    chosen = choose(cell, sequence, manner) if implementation == "auto" else implementation
    if chosen != "by batch":
        return _run(cell, sequence, weights, manner, chosen, alone)

    def branch(name):
        # None is no result of a branch.
        outputs, finals = _run(cell, sequence, weights, manner, name, alone)
        return finals if outputs is None else (outputs, *finals)

    few = tf.shape(sequence.inputs)[0] * cell.units <= FEW
    found = tf.cond(few, lambda: branch("fused"), lambda: branch("loop"))
    return (found[0], tuple(found[1:])) if manner.return_sequences else (None, tuple(found))


def choose(cell: Cell, sequence: Sequence, manner: Manner) -> str:
    """Returns what "auto" means here; "by batch" for "fused" or "loop" when the number of rows is known."""
    if inside_xla():
        return "loop"
    if manner.training:
        return "compiled" if sequence.inputs.shape[1] is not None else "loop"
    if not fused.supports(cell, sequence):
        return "loop"
    batch_size = sequence.inputs.shape[0]
    if batch_size is None:
        return "by batch"
    return "fused" if batch_size * cell.units <= FEW else "loop"


def inside_xla() -> bool:
    """Returns whether the graph being built will be compiled by XLA as a whole."""
    return not tf.executing_eagerly() and GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())


def _run(cell, sequence, weights, manner, implementation, alone):
    if implementation == "fused" and not fused.supports(cell, sequence):
        raise UsageError(
            f"There is no fused kernel for {cell} in {sequence.inputs.dtype.name}; leave implementation at 'auto'."
        )
    way, parts = _way(cell, sequence, implementation), _parts(sequence, manner, implementation, alone)
    return batch_parts.run(cell, sequence, weights, manner._replace(together=inside_xla()), way, parts)


def _way(cell, sequence, implementation) -> Way:
    if implementation == "fused":
        return fused.WAY
    if implementation == "compiled":
        return clusters.way(cell, sequence)
    beside = inside_xla() and not _on_gpu() and sequence.inputs.shape[0] != 1
    return _PROJECTING_LOOP if beside else _LOOP


def _parts(sequence, manner, implementation, alone) -> int:
    """Returns how many parts of the batch keep both cores busy."""
    if sequence.inputs.shape[0] in (0, 1) or _on_gpu() or (tf.executing_eagerly() and implementation == "loop"):
        return 1
    if inside_xla():
        # Whatever is beside, XLA runs loops one after the other. In inference the projection is beside.
        return 2 if manner.training else 1
    return 2 if alone else 1


def _on_gpu() -> bool:
    return bool(tf.config.list_logical_devices("GPU"))
