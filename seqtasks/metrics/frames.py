"""How well a model of music predicts."""

import math


class FrameLikelihood:
    """Mean negative log-likelihood of a frame, all its notes together, in nats.

    The frames counted are the second to the last of every piece, each given all frames before it: neither the first
    one, nor a key, nor the end of a piece. All counted frames of a split weigh alike.

    Call args:
        references: Not used: a piece is its own reference.
        predictions: Scores with `log_probability`, in nats, of the counted frames, and their `count`.

    Returns:
        `nats_per_frame`; `log_likelihood`, minus that, the more the better.

    Reference:
        Boulanger-Lewandowski et al., Modeling Temporal Dependencies in High-Dimensional Sequences, ICML 2012; counted
        as by Bai et al., An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence Modeling,
        2018.
    """

    def __call__(self, references: None, predictions: list) -> dict[str, float]:
        count = sum(score.count for score in predictions)
        nats = math.fsum(-score.log_probability for score in predictions) / max(count, 1)
        return {"nats_per_frame": nats, "log_likelihood": -nats}

    def report(self, references: None, predictions: list) -> str:
        """Returns one line with the count of frames."""
        count = sum(score.count for score in predictions)
        return f"{self(references, predictions)['nats_per_frame']:.4f} nats each of {count:,} frames"
