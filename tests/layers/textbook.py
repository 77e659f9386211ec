"""The layers' equations once more, step by step in plain float64, to hold the layers against."""

import numpy as np
import tensorflow as tf


def columns(layer, weights, count):
    """Returns the kernel, recurrent kernel and bias of each gate."""
    kernel, recurrent, bias = weights[:3]
    return list(
        zip(tf.split(kernel, count, -1), tf.split(recurrent, count, -1), tf.split(bias, count, -1), strict=True)
    )


def simple_rnn(layer, weights, x, states):
    kernel, recurrent, bias = weights
    return (tf.tanh(x @ kernel + states[0] @ recurrent + bias),)


def simplified_gru(layer, weights, x, states):
    (c,) = states
    (w_u, u_u, b_u), (w_c, u_c, b_c) = columns(layer, weights, 2)
    update = tf.sigmoid(x @ w_u + c @ u_u + b_u)
    candidate = tf.tanh(x @ w_c + c @ u_c + b_c)
    return (update * candidate + (1 - update) * c,)


def gru(layer, weights, x, states):
    (c,) = states
    (w_z, u_z, b_z), (w_r, u_r, b_r), (w_h, u_h, b_h) = columns(layer, weights, 3)
    update = 1 - tf.sigmoid(x @ w_z + c @ u_z + b_z)
    relevance = tf.sigmoid(x @ w_r + c @ u_r + b_r)
    candidate = tf.tanh(x @ w_h + (relevance * c) @ u_h + b_h)
    return (update * candidate + (1 - update) * c,)


def gru_reset_after(layer, weights, x, states):
    (c,) = states
    kernel, recurrent, (bias, recurrent_bias) = weights[0], weights[1], tf.unstack(weights[2])
    x_z, x_r, x_h = tf.split(x @ kernel + bias, 3, -1)
    s_z, s_r, s_h = tf.split(c @ recurrent + recurrent_bias, 3, -1)
    update = 1 - tf.sigmoid(x_z + s_z)
    candidate = tf.tanh(x_h + tf.sigmoid(x_r + s_r) * s_h)
    return (update * candidate + (1 - update) * c,)


def lstm(layer, weights, x, states):
    a, c = states
    gates = columns(layer, weights, 4)
    see = tf.unstack(weights[3]) if layer.peephole else [0.0, 0.0, 0.0]
    i, f, g, o = (x @ w + a @ u + b for w, u, b in gates)
    update, forget = tf.sigmoid(i + see[0] * c), tf.sigmoid(f + see[1] * c)
    c = update * tf.tanh(g) + forget * c
    output = tf.sigmoid(o + see[2] * c)
    return (output * (c if layer.output_activation == "linear" else tf.tanh(c)), c)


def unroll(equations, layer, weights, x, states, mask, go_backwards=False):
    """Runs one row at a time, skipping masked steps altogether.

    Returns:
        (outputs [B, T, units] in the order they are made, final states).
    """
    rows, finals = [], []
    steps = range(x.shape[1])
    for row in range(x.shape[0]):
        now, outputs = tuple(state[row : row + 1] for state in states), []
        for t in reversed(steps) if go_backwards else steps:
            if mask is None or mask[row, t]:
                now = equations(layer, weights, x[row : row + 1, t], now)
            outputs.append(now[0])
        rows.append(tf.stack(outputs, 1))
        finals.append(now)
    return tf.concat(rows, 0), tuple(tf.concat(parts, 0) for parts in zip(*finals, strict=True))


def masks():
    """Returns the patterns that every layer must get right, one a row."""
    return np.array(
        [
            [1, 1, 1, 1, 1],  # nothing masked
            [1, 1, 0, 0, 0],  # right-padded
            [0, 0, 0, 1, 1],  # left-padded
            [0, 1, 0, 1, 0],  # gaps
            [0, 0, 0, 0, 0],  # nothing counts
        ],
        bool,
    )
