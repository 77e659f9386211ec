"""A batch run in parts that do not wait for each other, and differentiated in the same way."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from seqtasks.layers.cell import Cell
from seqtasks.layers.sequence import Manner, Sequence


class Way(NamedTuple):
    """How to run parts of a batch: functions with the arguments and results of `whole_sequence`'s.

    Args:
        infer: Runs and keeps nothing.
        forward: Runs and keeps what `backward` needs.
        backward: Goes back.
        differentiable: Whether TensorFlow can differentiate `infer` by itself.
    """

    infer: Callable
    forward: Callable
    backward: Callable
    differentiable: bool = False


def run(cell: Cell, sequence: Sequence, weights, manner: Manner, way: Way, parts: int = 1):
    """Runs a cell over whole sequences.

    In training the gradient is the hand-derived one. So it is otherwise, at the price of a second way there, unless
    TensorFlow can differentiate the way itself.

    Args:
        cell: The equations.
        sequence: What it runs over.
        weights: The layer's weights by name.
        manner: The direction, and what is wanted.
        way: How to run a part.
        parts: How many parts to cut the batch into.

    Returns:
        (outputs [B, T, units] in the order of the inputs, or None; the final states).
    """

    def differentiable(sequence, weights):
        pieces, kept = _cut(sequence, parts), None
        if manner.training:
            results, kept = zip(*way.forward(cell, manner, pieces, weights), strict=True)
        else:
            results = way.infer(cell, manner, pieces, weights)

        def gradient(d_outputs, d_finals):
            given, kept_now = (pieces, weights), kept
            if kept is None:
                # In a branch of the graph, the gradient is a graph of its own. There a tape knows only its tensors.
                given = tf.nest.map_structure(lambda part: None if part is None else tf.identity(part), given)
                kept_now = [kept for _, kept in way.forward(cell, manner, *given)]
            d_finals = list(zip(*(_split(d, parts) for d in d_finals), strict=True))
            d_outputs = [None] * parts if d_outputs is None else _split(d_outputs, parts)
            found = way.backward(cell, manner, *given, kept_now, d_outputs, d_finals)
            d_inputs, d_weights, d_states = found
            return _concatenate(d_inputs), d_weights, [_concatenate(d) for d in zip(*d_states, strict=True)]

        return _join(results), gradient

    if way.differentiable and not manner.training:
        return _join(way.infer(cell, manner, _cut(sequence, parts), weights))
    return _with_gradient(differentiable, sequence, weights, manner)


def _with_gradient(differentiable, sequence, weights, manner):
    names, states = list(weights), len(sequence.states)

    @tf.custom_gradient
    def flat(*tensors):
        # What a tape sees, it asks TensorFlow to differentiate, whether or not the answer is used.
        inputs, *rest = (tf.stop_gradient(tensor) for tensor in tensors)
        (outputs, finals), gradient = differentiable(
            sequence._replace(inputs=inputs, states=tuple(rest[:states])),
            dict(zip(names, rest[states:], strict=True)),
        )

        def flat_gradient(*upstream):
            d_outputs, d_finals = (upstream[0], upstream[1:]) if manner.return_sequences else (None, upstream)
            d_inputs, d_weights, d_states = gradient(d_outputs, d_finals)
            return (d_inputs, *d_states, *(d_weights[name] for name in names))

        return ((outputs,) if manner.return_sequences else ()) + tuple(finals), flat_gradient

    results = flat(sequence.inputs, *sequence.states, *weights.values())
    return (results[0], tuple(results[1:])) if manner.return_sequences else (None, tuple(results))


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
    outputs, finals = zip(*results, strict=True)
    finals = tuple(_concatenate(final) for final in zip(*finals, strict=True))
    return (None if outputs[0] is None else _concatenate(outputs)), finals


def _concatenate(tensors):
    return tensors[0] if len(tensors) == 1 else tf.concat(tensors, axis=0)
