"""Dropout whose random numbers are cheap in compiled programs."""

import keras
import tensorflow as tf


def uniform(shape, seed_generator) -> tf.Tensor:
    """Returns float32 random numbers in [0, 1).

    The Philox generator is named because XLA's own choice, which Keras's dropout gets on a CPU,
    costs hundreds of times more.

    Args:
        shape: Their shape.
        seed_generator: A `keras.random.SeedGenerator`; it moves on.
    """
    seed = tf.cast(tf.convert_to_tensor(seed_generator.next()), tf.int32)
    return tf.random.stateless_uniform(shape, seed, alg="philox")


def dropout_mask(shape, rate: float, seed_generator, dtype) -> tf.Tensor:
    """Returns zeros with probability `rate`, and else the number that keeps the mean: 1 / (1 - rate)."""
    keep = tf.cast(uniform(shape, seed_generator) >= rate, dtype)
    return keep / tf.cast(1.0 - rate, dtype)


@keras.saving.register_keras_serializable(package="seqtasks")
class Dropout(keras.layers.Layer):
    """Sets a share of the inputs to zero in training.

    Args:
        rate: The share, from 0 to below 1.
        same_every_step: Drop the same features at every step of a sequence (variational dropout),
            instead of each number by itself.
        seed: Seed of the random numbers.

    Call arguments:
        inputs: float; with `same_every_step` `[B, T, D]`, else of any shape.
        training: Whether to drop anything.

    Output:
        As the inputs; what is left is scaled up to keep the mean.

    Raises:
        ValueError: For a rate outside [0, 1).

    Reference:
        Gal & Ghahramani, A Theoretically Grounded Application of Dropout in Recurrent Neural
        Networks, NIPS 2016.
    """

    def __init__(self, rate, same_every_step=False, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be at least 0 and below 1. Received: rate={rate}")
        self.rate = rate
        self.same_every_step = same_every_step
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs, training=False):
        if not training or not self.rate:
            return inputs
        shape = tf.shape(inputs)
        if self.same_every_step:
            shape = tf.stack([shape[0], 1, shape[2]])
        return inputs * dropout_mask(shape, self.rate, self.seed_generator, inputs.dtype)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "same_every_step": self.same_every_step,
            "seed": self.seed,
        }
