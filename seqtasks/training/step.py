"""One compiled training step: gradients, clipping, update, weight averaging, and what to tell of it."""

import keras
import numpy as np
import tensorflow as tf

from seqtasks.sections import Training

_LOSS, _NORM, _LARGEST_NORM, _CLIPPED, _STEPS, _FIRST_BAD = range(6)


class TrainingStep:
    """Trains a model by one batch at a time.

    Losses and gradient norms are summed on the device, so that a step waits for nothing.

    Args:
        model: The model, with `loss_of(batch, training)`, its variables built.
        optimizer: A Keras optimizer.
        training: The training configuration.

    Call args:
        batch: Arrays by name, of static shapes.
    """

    def __init__(self, model, optimizer: keras.optimizers.Optimizer, training: Training):
        self.model = model
        self.optimizer = optimizer
        self.training = training
        self.variables = model.trainable_variables
        optimizer.build(self.variables)
        self.averages = []
        if training.average:
            self.averages = [tf.Variable(variable.value, trainable=False) for variable in self.variables]
        self._meter = tf.Variable(tf.zeros([6]), trainable=False)
        # Two programs: only the first is compiled anew for every shape of batch.
        self._differentiate = tf.function(
            self._loss_and_gradients, jit_compile=training.jit_compile, reduce_retracing=True, autograph=False
        )
        self._update = tf.function(self._clip_and_apply, jit_compile=training.jit_compile, autograph=False)
        self.reset()

    def __call__(self, batch: dict[str, np.ndarray]) -> None:
        loss, gradients = self._differentiate({name: tf.convert_to_tensor(values) for name, values in batch.items()})
        self._update(loss, gradients)

    def reset(self) -> None:
        """Starts the sums of an epoch anew."""
        self._meter.assign([0, 0, 0, 0, 0, -1])

    def read(self) -> dict[str, float]:
        """Returns what happened since `reset`; waits for the steps taken so far.

        Returns:
            `loss` and `gradient_norm_mean`, means over steps; `gradient_norm_max`;
            `clipped_share`, the share of steps whose gradient was scaled down; `first_bad_step`, the
            first step (from 1) whose loss or gradient was not a number or infinite, 0 for none.
        """
        sums = self._meter.numpy().astype(float)
        steps = max(sums[_STEPS], 1.0)
        return {
            "loss": sums[_LOSS] / steps,
            "gradient_norm_mean": sums[_NORM] / steps,
            "gradient_norm_max": sums[_LARGEST_NORM],
            "clipped_share": sums[_CLIPPED] / steps,
            "first_bad_step": int(sums[_FIRST_BAD]) + 1,
        }

    def swap_averages(self) -> None:
        """Exchanges the weights and their averages, to evaluate the averages and to come back."""
        for variable, average in zip(self.variables, self.averages, strict=False):
            value = tf.identity(variable.value)
            variable.assign(average)
            average.assign(value)

    def _loss_and_gradients(self, batch):
        with tf.GradientTape() as tape:
            loss = self.model.loss_of(batch, training=True)
        # Dense: the norm of an embedding's IndexedSlices would count a repeated word wrongly.
        gradients = [
            tf.zeros_like(variable.value) if gradient is None else tf.convert_to_tensor(gradient)
            for gradient, variable in zip(
                tape.gradient(loss, [variable.value for variable in self.variables]), self.variables, strict=True
            )
        ]
        return loss, gradients

    def _clip_and_apply(self, loss, gradients):
        norm = tf.sqrt(tf.add_n([tf.reduce_sum(tf.square(tf.cast(gradient, tf.float32))) for gradient in gradients]))
        clipped = tf.constant(0.0)
        if self.training.clip_norm:
            clipped = tf.cast(norm > self.training.clip_norm, tf.float32)
            scale = self.training.clip_norm / tf.maximum(norm, self.training.clip_norm)
            gradients = [gradient * tf.cast(scale, gradient.dtype) for gradient in gradients]
        self.optimizer.apply(gradients, self.variables)
        if self.averages:
            self._average()
        self._measure(tf.cast(loss, tf.float32), norm, clipped)

    def _average(self) -> None:
        # The running form of a bias-corrected average: the first step's share is 1.
        steps = tf.cast(self.optimizer.iterations.value, tf.float32)
        decay = self.training.average
        share = (1.0 - decay) / (1.0 - tf.pow(decay, steps))
        for average, variable in zip(self.averages, self.variables, strict=True):
            average.assign_add(tf.cast(share, average.dtype) * (variable.value - average))

    def _measure(self, loss, norm, clipped) -> None:
        sums = tf.unstack(self._meter.value())
        bad = tf.logical_not(tf.math.is_finite(loss) & tf.math.is_finite(norm))
        first_bad = tf.where(bad & (sums[_FIRST_BAD] < 0), sums[_STEPS], sums[_FIRST_BAD])
        self._meter.assign(
            tf.stack(
                [
                    sums[_LOSS] + loss,
                    sums[_NORM] + norm,
                    tf.maximum(sums[_LARGEST_NORM], norm),
                    sums[_CLIPPED] + clipped,
                    sums[_STEPS] + 1.0,
                    first_bad,
                ]
            )
        )
