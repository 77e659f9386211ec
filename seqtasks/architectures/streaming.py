"""Classification of a sequence while it still comes in."""

import tensorflow as tf

from seqtasks.errors import UsageError

POOLINGS = ("last", "mean", "max", "max+mean")
"""Poolings that need not see all steps at once."""


class StreamingClassifier:
    """Reads a sequence step by step, with the weights of a network that was trained on whole ones.

    After the last step it says what the network says of the whole sequence.

    Args:
        model: A `seqtasks.architectures.many_to_one.Classifier`, or an `Ensemble` of them.

    Raises:
        UsageError: For a network that must see the whole sequence first.
    """

    def __init__(self, model):
        self.members = list(getattr(model, "members", [model]))
        network = self.members[0].settings.model
        if network.bidirectional:
            raise UsageError(
                "a bidirectional network reads a sequence from its end too, and cannot say anything before: train with "
                "-s model.bidirectional=false"
            )
        if network.pooling not in POOLINGS:
            raise UsageError(
                f"pooling {network.pooling!r} weighs all steps against each other, and cannot say anything before the "
                f"last: train with -s model.pooling set to one of {', '.join(POOLINGS)}"
            )
        if not hasattr(self.members[0].reader, "step"):
            raise UsageError("this model reads its inputs as a whole: only clips are read frame by frame")

    def first_state(self, batch_size: int) -> list:
        """Returns the state before the first step of so many sequences."""
        return [
            {
                "reader": member.reader.first_state(batch_size),
                "recurrent": [tf.zeros([batch_size, size]) for size in member.recurrent.state_size],
                "pooled": _nothing_pooled(batch_size, member.settings.model.units),
            }
            for member in self.members
        ]

    def step(self, inputs, state) -> tuple:
        """Reads one step.

        Args:
            inputs: What the reader's `step` takes: of clips a frame each, uint8 `[B, S, S, channels]`.
            state: The state before it.

        Returns:
            (the classes' probabilities by what came in so far, float32 `[B, C]`; the state after it).
        """
        scores, after = [], []
        for member, before in zip(self.members, state, strict=True):
            vector, reader = member.reader.step(inputs, before["reader"])
            output, recurrent = member.recurrent.step(vector, before["recurrent"])
            vector, pooled = _pool(output, before["pooled"], member.settings.model.pooling)
            scores.append(member.scores_of(vector))
            after.append({"reader": reader, "recurrent": list(recurrent), "pooled": pooled})
        answers = self.members[0].answers(tf.add_n(scores) / len(scores), None)
        return answers["probabilities"], after


def _nothing_pooled(batch_size: int, width: int) -> dict:
    zeros = tf.zeros([batch_size, width])
    return {"steps": tf.zeros([]), "sum": zeros, "max": tf.fill(tf.shape(zeros), zeros.dtype.min)}


def _pool(output, before: dict, mode: str) -> tuple:
    """Returns the steps so far as one vector, as `seqtasks.layers.SequencePooling`, and what to go on from."""
    after = {
        "steps": before["steps"] + 1,
        "sum": before["sum"] + output,
        "max": tf.maximum(before["max"], output),
    }
    pooled = {"last": output, "mean": after["sum"] / after["steps"], "max": after["max"]}
    return tf.concat([pooled[part] for part in mode.split("+")], axis=-1), after
