"""Several networks trained side by side as one model."""

import keras
import tensorflow as tf


class Ensemble(keras.Model):
    """Networks alike but for their initial weights and dropout, whose scores are averaged.

    The members see the same batches and learn each for itself; only the tags' transition scores of
    a CRF are shared. Where their errors differ, the average cancels part of them.

    Args:
        members: Networks of one architecture, not built yet.

    Call arguments:
        features: As the members take them.
        training: Whether dropout applies.

    Output:
        The mean of the members' scores.

    Reference:
        Dietterich, Ensemble Methods in Machine Learning, MCS 2000.
    """

    def __init__(self, members, **kwargs):
        super().__init__(**kwargs)
        self.members = list(members)

    def call_on_example(self):
        """Makes the members' weights."""
        for member in self.members:
            member.call_on_example()
        self.built = True

    def call(self, features, training=False):
        return tf.nest.map_structure(_mean, *(member(features, training=training) for member in self.members))

    def loss_of(self, batch, training=True):
        """Returns the sum of the members' losses, a scalar; each gets the gradient it would get alone."""
        return tf.add_n([member.loss_of(batch, training=training) for member in self.members])

    def outputs_of(self, batch):
        """Returns what the averaged scores say, as a member's `outputs_of`."""
        return self.members[0].answers(self(batch, training=False), batch)


def _mean(*scores):
    return tf.add_n(scores) / len(scores)
