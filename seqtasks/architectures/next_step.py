"""What models share that predict each step of a sequence from the steps before it."""

import keras
import tensorflow as tf

from seqtasks.architectures.carried_states import CarriedStates
from seqtasks.data.symbols import END_ID
from seqtasks.errors import UsageError

NEVER = -3e38
"""The score of a symbol that must not come: finite, as XLA multiplies it by zero, and low at any temperature."""


class NextStepModel(keras.Model):
    """Learns and scores the steps of sequences, each given the right ones before it.

    Where sequences are cut into windows, a batch's rows start from the states that the batch before ended with, and no
    gradient flows back beyond. A subclass has `recurrent`, a `seqtasks.architectures.stack.RecurrentStack`, and the
    methods that are not written here.

    Args:
        config: The run's configuration.

    Raises:
        UsageError: For a configuration that would let the model see what it is to predict.
    """

    def __init__(self, config, **kwargs):
        super().__init__(**kwargs)
        if config.model.bidirectional:
            raise UsageError("a language model must not read backwards what it is to predict: set bidirectional=false")
        if config.model.members > 1:
            raise UsageError(f"a language model has one member. Received: members={config.model.members}")
        self.carried = CarriedStates() if config.inputs.context != "example" else None

    def losses(self, outputs, targets, training):
        """Returns the cross entropy of each step, float32 `[B, T]`, in nats.

        Args:
            outputs: What `call` returned first, float `[B, T, D]`.
            targets: What was to be predicted, `[B, T, ...]`.
            training: Whether it may be estimated.
        """
        raise NotImplementedError

    def counted(self, batch):
        """Returns the steps whose probabilities a score is made of, and those that it counts, bool `[B, T]` each."""
        raise NotImplementedError

    def read_prompt(self, prompt: tf.RaggedTensor):
        """Reads the start of a text and returns (the next symbol's scores float32 `[B, V]`, the states after).

        Args:
            prompt: Its symbols, ragged int32 `[B, (T)]`.
        """
        count = prompt.row_lengths()
        begin = tf.fill([tf.shape(count)[0], 1], END_ID)
        symbols = tf.concat([begin, prompt.to_tensor()], axis=1)
        # Without rows there is no longest: the width is told.
        outputs, states = self.read(symbols, tf.sequence_mask(count + 1, tf.shape(symbols)[1]))
        return self.score(tf.gather(outputs, count, batch_dims=1)), states

    def loss_of(self, batch, training=True):
        """Returns the mean cross entropy of a step, a scalar, in nats.

        Args:
            batch: `inputs` and `targets` `[B, T, ...]`, `mask` bool `[B, T]`, and `begins` bool `[B]`, whether a row
                starts from zero states.
            training: Whether dropout applies, and the loss may be estimated from a sample.
        """
        mask = batch["mask"]
        losses = self._cross_entropies(batch, training)
        return tf.reduce_sum(tf.where(mask, losses, 0.0)) / tf.maximum(tf.reduce_sum(tf.cast(mask, tf.float32)), 1.0)

    def outputs_of(self, batch):
        """Returns each row's `log_probability` float32 `[B]` and the `count` int32 `[B]` of what was predicted."""
        losses = self._cross_entropies(batch, training=False)
        scored, counted = (steps & batch["mask"] for steps in self.counted(batch))
        return {
            "log_probability": -tf.reduce_sum(tf.where(scored, losses, 0.0), axis=1),
            "count": tf.reduce_sum(tf.cast(counted, tf.int32), axis=1),
        }

    def _cross_entropies(self, batch, training):
        begins = batch["begins"]
        start = self.carried.start(self.recurrent.state_size, begins, training) if self.carried else None
        outputs, states = self(batch["inputs"], mask=batch["mask"], states=start, training=training)
        if self.carried:
            self.carried.keep(states, begins, training)
        return self.losses(outputs, batch["targets"], training)
