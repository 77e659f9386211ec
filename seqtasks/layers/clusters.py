"""A recurrent layer that compiles its own XLA programs.

The loop over the steps is compiled, and the gradient to the inputs; the other products over all steps stay with
TensorFlow, whose library for them is the faster one, unless there is so little to multiply that calling it costs more.
On a CPU the steps of one small batch leave a core idle between products; so every part of a batch has programs of its
own, and TensorFlow runs them side by side.
"""

import functools

import tensorflow as tf

from seqtasks.layers import whole_sequence
from seqtasks.layers.batch_parts import Way
from seqtasks.layers.cell import Cell, stage_widths
from seqtasks.layers.sequence import Sequence

# Numbers in the projected inputs below which everything goes into one program.
SMALL = 600_000


def way(cell: Cell, sequence: Sequence) -> Way:
    """Returns how to run parts of a batch."""
    batch_size, length, _ = sequence.inputs.shape
    width = sum(stage_widths(cell)) + cell.rest_width
    small = batch_size is not None and length is not None and batch_size * length * width < SMALL
    return _WHOLE if small else _LOOPS_ONLY


def _compiled(function):
    """Returns a function of (cell, manner, *tensors) as XLA programs; equal cells share them."""

    @functools.lru_cache(maxsize=256)
    def program(cell, manner):
        return tf.function(functools.partial(function, cell, manner), jit_compile=True, autograph=False)

    def run_compiled(cell, manner, *tensors):
        return program(cell, manner)(*tensors)

    return run_compiled


def _one_by_one(infer, forward, backward):
    """Returns a way that runs every part by itself."""

    def each(function):
        return lambda cell, manner, parts, weights: [function(cell, manner, [p], weights)[0] for p in parts]

    def backward_each(cell, manner, *args):
        parts, weights, *rest = args
        found = [
            backward(cell, manner, [part], weights, *([r] for r in own))
            for part, *own in zip(parts, *rest, strict=True)
        ]
        d_inputs, d_weights, d_states = zip(*found, strict=True)
        summed = {name: tf.add_n([d[name] for d in d_weights]) for name in weights}
        return [d[0] for d in d_inputs], summed, [d[0] for d in d_states]

    return Way(each(infer), each(forward), backward_each)


_LOOPS = whole_sequence.Loops(*map(_compiled, whole_sequence.PLAIN))
_INFER = _compiled(functools.partial(whole_sequence.infer, project_in_loop=True))
_WHOLE = _one_by_one(_INFER, _compiled(whole_sequence.forward), _compiled(whole_sequence.backward))
_LOOPS_ONLY = _one_by_one(
    _INFER,
    functools.partial(whole_sequence.forward, loops=_LOOPS),
    functools.partial(whole_sequence.backward, loops=_LOOPS),
)
