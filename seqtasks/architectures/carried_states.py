"""States that stay from one batch of windows to the next."""

import tensorflow as tf


class CarriedStates:
    """Keeps the states that the rows of a batch ended with, for the rows of the next to start from.

    Training and evaluation have their own. No gradient flows back beyond a batch, and what is kept is no weight:
    neither saved nor counted.
    """

    def __init__(self):
        self._kept = {}

    def start(self, sizes, begins, training: bool) -> list:
        """Returns the states to start from, float32 `[B, size]` each.

        Args:
            sizes: Their widths.
            begins: Whether a row starts anew, from zeros, bool `[B]` of a static shape.
            training: Whether the batch is one of training.
        """
        key = (begins.shape[0], bool(training))
        if key not in self._kept:
            with tf.init_scope():
                self._kept[key] = [tf.Variable(tf.zeros([key[0], size]), trainable=False) for size in sizes]
        return [tf.where(begins[:, None], 0.0, state.read_value()) for state in self._kept[key]]

    def keep(self, states, begins, training: bool) -> None:
        """Keeps the states that the batch ended with; `start` comes first."""
        for variable, state in zip(self._kept[begins.shape[0], bool(training)], states, strict=True):
            variable.assign(tf.cast(tf.stop_gradient(state), tf.float32))
