"""A recurrent layer that compiles its own XLA programs.

The loop over the steps is compiled, and the gradient to the inputs; the other products over all steps stay with
TensorFlow, whose library for them is the faster one, unless there is so little to multiply that calling it costs more.
On a CPU the steps of one small batch leave a core idle between products, and XLA runs a program's operations one after
the other; so the batch is cut into parts whose programs TensorFlow runs side by side.
"""

import functools

import tensorflow as tf

from seqtasks.layers import whole_sequence
from seqtasks.layers.cell import Cell, stage_widths
from seqtasks.layers.sequence import Manner, Sequence

# Numbers in the projected inputs below which everything goes into one program.
SMALL = 600_000


def run(cell: Cell, sequence: Sequence, weights, manner: Manner, parts: int = 2):
    """Runs a cell over whole sequences, the batch in `parts` side by side; as `whole_sequence.run` otherwise."""
    batch_size = sequence.inputs.shape[0]
    if batch_size is not None:
        parts = min(parts, max(batch_size, 1))

    def differentiable(sequence, weights):
        infer, forward, backward = WHOLE if _small(cell, sequence) else LOOPS_ONLY
        pieces, kept = _cut(sequence, parts), []
        if manner.training:
            results, kept = zip(*(forward(cell, manner, piece, weights) for piece in pieces), strict=True)
        else:
            results = [infer(cell, manner, piece, weights) for piece in pieces]

        def gradient(d_outputs, d_finals):
            # Whoever differentiates what was not run for training pays for a second way there.
            kept_now = kept or [forward(cell, manner, piece, weights)[1] for piece in pieces]
            d_finals = zip(*(_split(d, parts) for d in d_finals), strict=True)
            d_outputs = [None] * parts if d_outputs is None else _split(d_outputs, parts)
            found = [
                backward(cell, manner, piece, weights, residue, d_output, d_final)
                for piece, residue, d_output, d_final in zip(pieces, kept_now, d_outputs, d_finals, strict=True)
            ]
            d_inputs, d_weights, d_states = zip(*found, strict=True)
            return (
                tf.concat(d_inputs, axis=0),
                {name: tf.add_n([d[name] for d in d_weights]) for name in weights},
                [tf.concat(d, axis=0) for d in zip(*d_states, strict=True)],
            )

        return _join(results), gradient

    return whole_sequence.with_gradient(differentiable, sequence, weights, manner)


def _small(cell, sequence):
    batch_size, length, _ = sequence.inputs.shape
    width = sum(stage_widths(cell)) + cell.rest_width
    return batch_size is not None and length is not None and batch_size * length * width < SMALL


def _compiled(function):
    """Returns a function of (cell, manner, *tensors) as XLA programs; equal cells share them."""

    @functools.lru_cache(maxsize=256)
    def program(cell, manner):
        return tf.function(functools.partial(function, cell, manner), jit_compile=True, autograph=False)

    def run_compiled(cell, manner, *tensors):
        return program(cell, manner)(*tensors)

    return run_compiled


_FUNCTIONS = (whole_sequence.infer, whole_sequence.forward, whole_sequence.backward)
_LOOPS = whole_sequence.Loops(*map(_compiled, whole_sequence.PLAIN))
WHOLE = tuple(_compiled(function) for function in _FUNCTIONS)
LOOPS_ONLY = tuple(functools.partial(function, loops=_LOOPS) for function in _FUNCTIONS)


def _cut(sequence, parts):
    pieces = [_split(part, parts) for part in (sequence.inputs, *sequence.states)]
    optional = [[None] * parts if part is None else _split(part, parts) for part in sequence[2:]]
    return [
        Sequence(inputs, tuple(states), mask, recurrent_mask)
        for inputs, *states, mask, recurrent_mask in zip(*pieces, *optional, strict=True)
    ]


def _split(tensor, parts):
    """Cuts along the batch, evenly but for the last part."""
    if parts == 1:
        return [tensor]
    size = (tensor.shape[0] or tf.shape(tensor)[0]) // parts
    return [tensor[i * size : (i + 1) * size if i + 1 < parts else None] for i in range(parts)]


def _join(results):
    if len(results) == 1:
        return results[0]
    outputs, finals = zip(*results, strict=True)
    finals = tuple(tf.concat(final, axis=0) for final in zip(*finals, strict=True))
    return (None if outputs[0] is None else tf.concat(outputs, axis=0)), finals
