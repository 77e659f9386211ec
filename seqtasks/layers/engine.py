"""Chooses how a recurrent layer runs over time.

- "loop": a loop of TensorFlow operations, one step after the other, with the whole-sequence gradient in training. It
  is what an outer XLA program wants, and it takes any length, precision and device.
- "forward": the loop, in inference always counting up: for formats whose loops can do nothing else.
- "compiled": the loop, and with little to multiply the products around it, as XLA programs of the layer's own. For
  functions that are not compiled as a whole. Every new length or batch size is compiled anew.
- "fused": TensorFlow's kernel for a whole sequence, which only the LSTM has, in graphs that must run without XLA, as
  exports do. In inference only: in training it is the loop.

"auto" takes "loop" inside an XLA program. Outside, training takes "compiled" when the length is known while tracing,
else "loop"; inference takes "fused" for few rows of few units, where there is a kernel, else "loop". Inference is never
"compiled", as what it traces may be exported. Where the number of rows is not known while tracing, an exported graph
holds both and chooses for every batch. And it holds cuDNN's kernel, where there is one, and chooses that on a GPU, see
`device_choice`; a forced implementation leaves it out.

On a CPU every one of them cuts a batch in two, which go through the steps side by side.
"""

import functools

import tensorflow as tf
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from seqtasks.errors import UsageError
from seqtasks.layers import batch_parts, clusters, cudnn, device_choice, forward_loop, fused, whole_sequence
from seqtasks.layers.batch_parts import Way
from seqtasks.layers.cell import Cell
from seqtasks.layers.sequence import Manner, Sequence, flatten, unflatten

IMPLEMENTATIONS = ("auto", "loop", "forward", "compiled", "fused")

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
    if implementation != "auto":
        return _run(cell, sequence, weights, manner, implementation, alone, _on_gpu())
    chosen, left = choose(cell, sequence, manner), left_to_device(cell, sequence, manner)
    names = ("fused", "loop") if chosen == "by batch" else (chosen,)
    on_gpu = False if left else _on_gpu()
    ways = [functools.partial(_run, cell, sequence, weights, manner, name, alone, on_gpu) for name in names]
    many = tf.shape(sequence.inputs)[0] * cell.units > FEW if len(ways) > 1 else False
    if left:
        return device_choice.run(cell, sequence, weights, manner, ways, tf.cast(many, tf.int32), _run_loop_on_gpu)
    if len(ways) == 1:
        return ways[0]()
    fused_way, loop_way = ways
    return unflatten(tf.cond(many, lambda: flatten(loop_way()), lambda: flatten(fused_way())), manner)


def left_to_device(cell: Cell, sequence: Sequence, manner: Manner) -> bool:
    """Returns whether "auto" leaves it to the device that the graph being built will run on."""
    if manner.training or tf.executing_eagerly() or inside_xla():
        return False
    return cudnn.supports(cell, sequence)


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


def _run_loop_on_gpu(cell, sequence, weights, manner):
    return _run(cell, sequence, weights, manner, "loop", alone=True, on_gpu=True)


def inside_xla() -> bool:
    """Returns whether the graph being built will be compiled by XLA as a whole."""
    return not tf.executing_eagerly() and GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())


def _run(cell, sequence, weights, manner, implementation, alone, on_gpu):
    if implementation == "fused" and not fused.supports(cell, sequence):
        raise UsageError(
            f"There is no fused kernel for {cell} in {sequence.inputs.dtype.name}; leave implementation at 'auto'."
        )
    way, parts = _way(cell, sequence, implementation, on_gpu), _parts(sequence, manner, implementation, alone, on_gpu)
    return batch_parts.run(cell, sequence, weights, manner._replace(together=inside_xla()), way, parts)


def _way(cell, sequence, implementation, on_gpu) -> Way:
    if implementation == "fused":
        return fused.WAY
    if implementation == "forward":
        return forward_loop.WAY
    if implementation == "compiled":
        return clusters.way(cell, sequence)
    return _PROJECTING_LOOP if not on_gpu and _projects_in_loop(cell, sequence) else _LOOP


def _projects_in_loop(cell, sequence) -> bool:
    """Returns whether a CPU should project every step's inputs in the step."""
    rows = sequence.inputs.shape[0]
    if inside_xla():
        return rows != 1  # the two products go side by side
    # Where there is a fused kernel, it has the few rows, and what it leaves is many. For others it wins nothing sure.
    return fused.supports(cell, sequence) and (rows is None or rows * cell.units > FEW)


def _parts(sequence, manner, implementation, alone, on_gpu) -> int:
    """Returns how many parts of the batch keep both cores busy."""
    if sequence.inputs.shape[0] in (0, 1) or on_gpu or (tf.executing_eagerly() and implementation == "loop"):
        return 1
    if inside_xla():
        # Whatever is beside, XLA runs loops one after the other. In inference the projection is beside.
        return 2 if manner.training else 1
    return 2 if alone else 1


def _on_gpu() -> bool:
    return bool(tf.config.list_logical_devices("GPU"))
