"""One graph with two implementations of a layer, ours for a CPU and cuDNN's for a GPU.

Which of them runs is settled where the model runs, so one SavedModel is right for both. Two things settle it:

- `DeviceIndex`, an operation that says what kind of device it was placed on. Not on a GPU, the layer runs as it would
  without any of this. This is all that a CPU ever sees.
- On a GPU a function is called which has a sibling in the graph's library: they say that they implement the same
  interface, and which device they are for. The graph calls the one for a CPU, our loop. Grappler, TensorFlow's graph
  optimizer, puts the one for a GPU, cuDNN's, in its place where the call was placed on a GPU.

So nothing of cuDNN's is in a graph that a machine without a GPU looks at, and it loads the model. The functions alone
would do, as in Sonnet and Keras 2, but Grappler never inlines them, and a call costs a CPU more than the choice does.
"""

import functools
import uuid
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from seqtasks.layers import cudnn
from seqtasks.layers.cell import Cell
from seqtasks.layers.sequence import Manner, Sequence, flatten, unflatten


def run(cell: Cell, sequence: Sequence, weights, manner: Manner, ways: list[Callable], which, loop: Callable):
    """Adds both implementations to the graph being built.

    Args:
        cell: The equations; cuDNN supports them.
        sequence: What it runs over.
        weights: The layer's weights by name.
        manner: The direction, and what is wanted.
        ways: How the layer may run where there is no GPU: functions without arguments.
        which: The place in `ways` of the one to take, an int32 tensor.
        loop: Runs it on a GPU where cuDNN cannot, as a function of (cell, sequence, weights, manner).

    Returns:
        (outputs [B, T, units] in the order of the inputs, or None; the final states).
    """

    def on_gpu():
        masked = sequence.mask is not None
        tensors = [sequence.inputs, *sequence.states, *([sequence.mask] if masked else []), *weights.values()]
        specs = tuple(tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors)
        called, sibling = _pair(cell, manner, loop, _Layout(specs, len(sequence.states), masked, tuple(weights)))
        sibling.add_to_graph()
        return tuple(called(*tensors))

    # 0 on a GPU, elsewhere 1. One choice instead of two, one in the other: every choice passes all tensors on.
    branch = tf.raw_ops.DeviceIndex(device_names=["GPU"])
    branch = branch if len(ways) == 1 else branch * (1 + which)
    branches = [on_gpu, *(lambda way=way: flatten(way()) for way in ways)]
    return unflatten(tf.switch_case(branch, branches, name="device"), manner)


class _Layout(NamedTuple):
    """What both functions' arguments are: inputs, states, mask if there is one, weights."""

    specs: tuple
    states: int
    masked: bool
    names: tuple

    def read(self, tensors):
        """Returns the arguments as a sequence and the weights by name."""
        inputs, *rest = tensors
        states, rest = tuple(rest[: self.states]), rest[self.states :]
        mask, rest = (rest[0], rest[1:]) if self.masked else (None, rest)
        return Sequence(inputs, states, mask), dict(zip(self.names, rest, strict=True))


# Equal layers over equal shapes share a pair.
@functools.lru_cache(maxsize=256)
def _pair(cell, manner, loop, layout):
    """Returns the function to call and its sibling for a GPU.

    They capture nothing, so that they take the same arguments; the weights are arguments.
    """

    def by_loop(*tensors):
        return flatten(loop(cell, *layout.read(tensors), manner))

    def by_cudnn(*tensors):
        return flatten(cudnn.infer(cell, *layout.read(tensors), manner))

    # No other pair may have the name, or Grappler would take functions over other shapes for implementations too. Nor
    # may it begin with "lstm_", as Keras's do: LiteRT's converter rewrites those.
    interface = f"seqtasks_{cell.cudnn[0]}_{uuid.uuid4().hex}"

    def trace(function, device=None):
        attributes = {"api_implements": interface, "api_preferred_device": device} if device else None
        function = tf.function(function, autograph=False, experimental_attributes=attributes)
        return function.get_concrete_function(*layout.specs)

    # Outside the graph being built, as other graphs will call them.
    with tf.init_scope():
        traced_loop = trace(by_loop)

        def on_gpu(*tensors):
            fits = cudnn.fits(layout.read(tensors)[0])
            return tf.cond(fits, lambda: by_cudnn(*tensors), lambda: tuple(traced_loop(*tensors)))

        return trace(lambda *tensors: tuple(traced_loop(*tensors)), "CPU"), trace(on_gpu, "GPU")
