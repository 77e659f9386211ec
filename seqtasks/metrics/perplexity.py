"""How well a language model predicts."""

import math


class Perplexity:
    """Perplexity of a symbol, and the same as a logarithm.

    Call args:
        references: Not used: a text is its own reference.
        predictions: Scores with `log_probability`, in nats, and `count` of symbols.

    Returns:
        `perplexity`, the exponential of `nats`; `nats` and `bits`, the mean cross entropy of a symbol;
        `log_likelihood`, minus `nats`, the more the better.

    Reference:
        Jurafsky & Martin, Speech and Language Processing, chapter on n-gram language models.
    """

    def __call__(self, references: None, predictions: list) -> dict[str, float]:
        count = sum(score.count for score in predictions)
        nats = -math.fsum(score.log_probability for score in predictions) / max(count, 1)
        # A model that knows nothing yet may be surprised beyond what a float holds.
        perplexity = math.inf if nats >= 700 else math.exp(nats)
        return {"perplexity": perplexity, "nats": nats, "bits": nats / math.log(2), "log_likelihood": -nats}

    def report(self, references: None, predictions: list) -> str:
        """Returns one line with the count of symbols."""
        scores = self(references, predictions)
        count = sum(score.count for score in predictions)
        return f"perplexity {scores['perplexity']:.4f} ({scores['bits']:.4f} bits each of {count:,} symbols)"
