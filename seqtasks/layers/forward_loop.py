"""The loop over time for formats whose loops only count up: what runs backward is turned around before and after.

tf2onnx puts what a loop writes in the order in which it was written, whatever its index: backward, the steps would come
out in the wrong order.
"""

import tensorflow as tf

from seqtasks.layers import whole_sequence
from seqtasks.layers.batch_parts import Way
from seqtasks.layers.cell import Cell
from seqtasks.layers.sequence import Manner, Sequence


def infer(cell: Cell, manner: Manner, parts: list[Sequence], weights):
    """Runs a cell; as `whole_sequence.infer`."""
    if not manner.reverse:
        return whole_sequence.infer(cell, manner, parts, weights)
    turned = [part._replace(inputs=_turned(part.inputs), mask=_turned(part.mask)) for part in parts]
    found = whole_sequence.infer(cell, manner._replace(reverse=False), turned, weights)
    return [(_turned(outputs), finals) for outputs, finals in found]


def _turned(sequences):
    return None if sequences is None else tf.reverse(sequences, [1])


WAY = Way(infer, whole_sequence.forward, whole_sequence.backward, differentiable=True)
