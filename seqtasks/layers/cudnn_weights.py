"""A layer's weights in the order in which cuDNN reads them."""

import tensorflow as tf


def pack(weights, gates: tuple[int, ...]):
    """Returns a layer's weights as cuDNN's one buffer of parameters.

    cuDNN calls the buffer opaque, but the layout for one layer in one direction is what Keras has relied on for
    years: the matrix of every gate for the inputs, then those for the states, each [units, columns] row by row; then
    the biases, the inputs' first. A bias without rows is the inputs', and the states' is zero.

    Args:
        weights: The layer's weights by name: "kernel" [features, gates * units], "recurrent_kernel"
            [units, gates * units], and, where there is one, "bias" [gates * units] or [2, gates * units].
        gates: For each of cuDNN's gates, its place in the weights' columns.

    Returns:
        The parameters [gates * units * (features + units + 2)].
    """
    bias = weights.get("bias")
    if bias is None:
        bias = tf.zeros([2, weights["kernel"].shape[-1]], weights["kernel"].dtype)
    elif bias.shape.rank == 1:
        bias = tf.stack([bias, tf.zeros_like(bias)])
    # Transposed, a matrix has the units in its rows, gate after gate, as the buffer has them.
    matrices = [tf.transpose(_reordered(weights[name], gates)) for name in ("kernel", "recurrent_kernel")]
    return tf.concat([tf.reshape(part, [-1]) for part in (*matrices, _reordered(bias, gates))], axis=0)


def _reordered(weight, gates):
    """Returns a weight with its columns in cuDNN's order of gates."""
    if gates == tuple(range(len(gates))):
        return weight
    columns = tf.split(weight, len(gates), axis=-1)
    return tf.concat([columns[gate] for gate in gates], axis=-1)
