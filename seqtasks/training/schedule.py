"""Optimizers and learning-rate schedules."""

import keras
from keras import ops

from seqtasks.errors import UsageError
from seqtasks.sections import Training


class WarmupSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises linearly, then stays or decays to zero.

    Args:
        peak: The highest learning rate.
        decay: `"constant"`, `"cosine"` or `"linear"`.
        warmup_steps: Steps of the rise; the first step already learns.
        total_steps: Steps of the whole training, warm-up included.
    """

    def __init__(self, peak: float, decay: str, warmup_steps: int, total_steps: int):
        self.peak = peak
        self.decay = decay
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps

    def __call__(self, step):
        step = ops.cast(step, "float32")
        rate = ops.convert_to_tensor(self.peak, "float32")
        if self.decay != "constant":
            span = max(self.total_steps - self.warmup_steps, 1)
            done = ops.clip((step - self.warmup_steps) / span, 0.0, 1.0)
            left = 1.0 - done if self.decay == "linear" else 0.5 * (1.0 + ops.cos(3.141592653589793 * done))
            rate = rate * left
        if self.warmup_steps:
            rate = rate * ops.minimum((step + 1.0) / self.warmup_steps, 1.0)
        return rate

    def get_config(self) -> dict:
        return {
            "peak": self.peak,
            "decay": self.decay,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
        }


def build_optimizer(training: Training, total_steps: int) -> keras.optimizers.Optimizer:
    """Returns the configured optimizer. The loop clips gradients, not the optimizer.

    Args:
        training: The training configuration.
        total_steps: Steps of the whole training, over which the learning rate decays.

    Raises:
        UsageError: For weight decay without `adamw`.
    """
    if training.weight_decay and training.optimizer != "adamw":
        raise UsageError(
            "training.weight_decay needs training.optimizer=adamw. "
            f"Received: optimizer={training.optimizer}, weight_decay={training.weight_decay}"
        )
    rate = WarmupSchedule(training.learning_rate, training.schedule, training.warmup_steps, total_steps)
    if training.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(rate, weight_decay=training.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        return optimizer
    if training.optimizer == "nadam":
        return keras.optimizers.Nadam(rate)
    if training.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
    return keras.optimizers.Adam(rate)
