import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.sections import Training
from seqtasks.training.step import TrainingStep


class Slope(keras.Model):
    """Its loss has the gradient that the batch says."""

    def __init__(self):
        super().__init__()
        self.point = self.add_weight(shape=(2,), initializer="zeros", name="point")

    def loss_of(self, batch, training):
        return tf.reduce_sum(self.point * batch["gradient"])


def steps_with(gradients, optimizer=None, **training):
    step = TrainingStep(Slope(), optimizer or keras.optimizers.SGD(1.0), Training(**training))
    for gradient in gradients:
        step({"gradient": np.array(gradient, np.float32)})
    return step


def test_clipping_scales_to_the_norm_and_reports_how_often():
    step = steps_with([[3, 4], [0.3, 0.4], [30, 40]], clip_norm=1.0)
    sums = step.read()
    assert sums["clipped_share"] == pytest.approx(2 / 3)
    assert sums["gradient_norm_mean"] == pytest.approx((5 + 0.5 + 50) / 3)
    assert sums["gradient_norm_max"] == pytest.approx(50)
    # The two clipped steps have length 1, the other one keeps its own.
    np.testing.assert_allclose(step.variables[0].numpy(), [-1.5, -2.0], rtol=1e-5)


def test_no_clipping_at_norm_zero():
    step = steps_with([[30, 40]], clip_norm=0)
    assert step.read()["clipped_share"] == 0
    np.testing.assert_allclose(step.variables[0].numpy(), [-30, -40])


def test_reset_forgets():
    step = steps_with([[3, 4]])
    step.reset()
    assert step.read() == {
        "loss": 0,
        "gradient_norm_mean": 0,
        "gradient_norm_max": 0,
        "clipped_share": 0,
        "first_bad_step": 0,
    }


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_names_the_first_step_that_is_not_finite(bad):
    step = steps_with([[1, 1], [1, bad], [1, 1], [bad, 1]])
    assert step.read()["first_bad_step"] == 2


def test_averages_are_bias_corrected():
    decay, gradients = 0.9, [[1, 0], [0, 2], [3, 1]]
    step = steps_with(gradients, average=decay, clip_norm=0)
    points = -np.cumsum(gradients, axis=0)
    weights = decay ** np.arange(len(points))[::-1]
    expected = (weights[:, None] * points).sum(0) / weights.sum()
    np.testing.assert_allclose(step.averages[0].numpy(), expected, rtol=1e-5)
    step.swap_averages()
    np.testing.assert_allclose(step.variables[0].numpy(), expected, rtol=1e-5)
    step.swap_averages()
    np.testing.assert_allclose(step.variables[0].numpy(), points[-1])


def test_a_word_that_stands_twice_counts_its_whole_gradient():
    class Lookup(keras.Model):
        def __init__(self):
            super().__init__()
            self.table = self.add_weight(shape=(4, 1), initializer="zeros", name="table")

        def loss_of(self, batch, training):
            return tf.reduce_sum(tf.gather(self.table.value, batch["words"]))

    step = TrainingStep(Lookup(), keras.optimizers.SGD(1.0), Training(clip_norm=0))
    step({"words": np.array([1, 1, 1, 2], np.int32)})
    assert step.read()["gradient_norm_max"] == pytest.approx(np.sqrt(9 + 1))
