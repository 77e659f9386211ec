"""What cuDNN's kernel computes, written from its documentation in plain float64, to stand in for it on a CPU.

NVIDIA cuDNN, API reference of `cudnnRNNForward` and `cudnnGetRNNWeightParams`: the equations, the order of the gates
(LSTM: input, forget, new memory, output; GRU: reset, update, new memory), of the matrices and of the biases.
"""

import numpy as np
import tensorflow as tf

GATES = {"lstm": 4, "gru": 3}


def unpack(mode, params, features, units):
    """Returns the buffer's matrices for the inputs and for the states, [gates, units, columns], and its biases."""
    count = GATES[mode]
    shapes = [(count, units, features), (count, units, units), (count, units), (count, units)]
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    assert len(params) == ends[-1]
    return [part.reshape(shape) for part, shape in zip(np.split(params, ends[:-1]), shapes, strict=True)]


def run(mode, inputs, states, params, lengths):
    """Runs each row for its length; returns outputs, zero behind it, and the states after it."""
    inputs, params = np.asarray(inputs, "float64"), np.asarray(params, "float64")
    states = [np.array(state, "float64") for state in states]
    batch_size, length, features = inputs.shape
    assert batch_size > 0
    assert np.all((lengths >= 1) & (lengths <= length)), lengths
    weights = unpack(mode, params, features, states[0].shape[-1])
    outputs = np.zeros((batch_size, length, states[0].shape[-1]))
    for row in range(batch_size):
        now = [state[row] for state in states]
        for t in range(lengths[row]):
            now = {"lstm": _lstm, "gru": _gru}[mode](inputs[row, t], now, *weights)
            outputs[row, t] = now[0]
        for state, last in zip(states, now, strict=True):
            state[row] = last
    return outputs, states


def run_kernel(mode, inputs, states, params, lengths):
    """Stands in for `cudnn.run_kernel`."""

    def plain(inputs, params, lengths, *states):
        outputs, finals = run(mode, inputs, states, params, lengths)
        return [one.astype("float32") for one in (outputs, *finals)]

    found = tf.numpy_function(plain, [inputs, params, lengths, *states], [tf.float32] * (1 + len(states)))
    outputs, *finals = found
    outputs.set_shape([*inputs.shape[:2], states[0].shape[-1]])
    for final, state in zip(finals, states, strict=True):
        final.set_shape(state.shape)
    return outputs, tuple(finals)


def _lstm(x, states, w, r, b_w, b_r):
    h, c = states
    i, f, new, o = (w[k] @ x + r[k] @ h + b_w[k] + b_r[k] for k in range(4))
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(new)
    return [_sigmoid(o) * np.tanh(c), c]


def _gru(x, states, w, r, b_w, b_r):
    (h,) = states
    reset, update = (_sigmoid(w[k] @ x + r[k] @ h + b_w[k] + b_r[k]) for k in range(2))
    new = np.tanh(w[2] @ x + reset * (r[2] @ h + b_r[2]) + b_w[2])
    return [(1 - update) * new + update * h]


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))
