"""An encoder-decoder's answers: translations, the probability of pairs, and where the decoder looked."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from seqtasks.errors import UsageError
from seqtasks.serving.rows import checked, decoded, encoded, run_in_batches
from seqtasks.serving.text_inputs import TextInputs


class Alignment(NamedTuple):
    """Where the decoder looked as it wrote.

    Args:
        source: The source's symbols.
        target: The target's symbols.
        weights: How much attention each source symbol got at each target symbol, float32 `[target, source]`.
    """

    source: list[str]
    target: list[str]
    weights: np.ndarray


class TranslationPredictor:
    """Translates and scores with the signatures of a model, in memory or exported: the same functions either way.

    Args:
        signatures: `serving_default`, `n_best`, `score` and, where there is attention, `attention`; see
            `seqtasks.serving.signatures`.
        owner: What holds the signatures' variables, if they do not.
    """

    raw = TextInputs()
    """Reads what is given."""

    def __init__(self, signatures: dict[str, Callable[..., dict]], owner=None):
        self._signatures, self._owner = signatures, owner

    def predict(self, texts: Sequence[str]) -> list[dict]:
        """Translates texts.

        Args:
            texts: The texts, each a str.

        Returns:
            One dictionary a text, in their order: `text`; `output`, its translation; `score`, as beam search compared.

        Raises:
            UsageError: If something else than a list of strings is given.
        """
        return [
            {"text": text, "output": decoded(answer["output"]), "score": float(answer["score"])}
            for text, answer in self._answers("serving_default", texts)
        ]

    def n_best(self, texts: Sequence[str]) -> list[dict]:
        """Translates texts in several ways.

        Args:
            texts: The texts, each a str.

        Returns:
            As `predict`; and `outputs`, the translations from the best on, with their `scores` and `log_probabilities`;
            fewer than the beam keeps where there are no more.
        """
        found = []
        for text, answer in self._answers("n_best", texts):
            # What was not found fills the rest, with a probability that nothing has.
            count = max(1, int((answer["log_probabilities"] > _IMPOSSIBLE).sum()))
            outputs = [decoded(output) for output in answer["outputs"][:count]]
            scores = answer["scores"][:count].tolist()
            likely = answer["log_probabilities"][:count].tolist()
            best = {"text": text, "output": outputs[0], "score": scores[0]}
            found.append({**best, "outputs": outputs, "scores": scores, "log_probabilities": likely})
        return found

    def score(self, sources: Sequence[str], targets: Sequence[str]) -> list[dict]:
        """Returns how likely translations are, given their sources.

        Args:
            sources: The texts, each a str.
            targets: As many translations.

        Returns:
            One dictionary a pair, in their order: `source`, `target`, `log_probability`, `perplexity` of a symbol,
            `length` in symbols, `<EOS>` among them; and each symbol in `tokens` with its `log_probabilities`.
        """
        return [
            {
                "source": source,
                "target": target,
                "log_probability": float(answer["log_probability"]),
                "perplexity": float(np.exp(-answer["log_probability"] / answer["length"])),
                "length": int(answer["length"]),
                "tokens": [decoded(token) for token in answer["tokens"][: answer["length"]]],
                "log_probabilities": answer["log_probabilities"][: answer["length"]].tolist(),
            }
            for source, target, answer in self._pairs("score", sources, targets)
        ]

    def alignments(self, sources: Sequence[str], targets: Sequence[str]) -> list[Alignment]:
        """Returns where the decoder looks when it writes the targets.

        Args:
            sources: The texts, each a str.
            targets: As many translations.

        Raises:
            UsageError: If the model has no attention.
        """
        if "attention" not in self._signatures:
            raise UsageError("this model has no attention to show: train one with attention=multiplicative or additive")
        found = []
        for _, _, answer in self._pairs("attention", sources, targets):
            source, target = ([decoded(name) for name in answer[key] if name] for key in _TOKENS)
            found.append(Alignment(source, target, answer["weights"][: len(target), : len(source)]))
        return found

    def _answers(self, signature: str, texts: Sequence[str]):
        texts = checked(texts, str, "texts, each a str")
        rows = [encoded(text) for text in texts]
        return zip(texts, run_in_batches(self._signatures[signature], {"text": rows}, [*map(len, rows)]), strict=True)

    def _pairs(self, signature: str, sources: Sequence[str], targets: Sequence[str]):
        sources, targets = (checked(texts, str, "texts, each a str") for texts in (sources, targets))
        if len(sources) != len(targets):
            raise UsageError(f"expected as many targets as sources. Received: {len(targets)} and {len(sources)}")
        rows = {"source": [encoded(text) for text in sources], "target": [encoded(text) for text in targets]}
        sizes = [max(len(one), len(other)) for one, other in zip(*rows.values(), strict=True)]
        return zip(sources, targets, run_in_batches(self._signatures[signature], rows, sizes), strict=True)


# Far below what a text may have, and far above what `seqtasks.decoding.beam_search` gives for none.
_IMPOSSIBLE = -1e8
_TOKENS = ("source_tokens", "target_tokens")
