"""Scores of translations."""


class Bleu:
    """BLEU of all texts together, computed by sacrebleu: tokens as of `13a`, case kept, one reference a text.

    Texts are compared as they are read by people, not as pieces or tokens, so that scores can be compared with
    published ones that bear the same signature, which the report shows.

    Call args:
        references: The right translations.
        predictions: The translations to score.

    Returns:
        `bleu`, between 0 and 100.

    Raises:
        ValueError: If the lists disagree in length.

    Reference:
        Post, A Call for Clarity in Reporting BLEU Scores, WMT 2018. https://github.com/mjpost/sacrebleu
    """

    def __call__(self, references: list[str], predictions: list[str]) -> dict[str, float]:
        return {"bleu": _score(_bleu(), references, predictions)[0]}

    def report(self, references: list[str], predictions: list[str]) -> str:
        """Returns one line: the score with its parts, and the signature."""
        return _score(_bleu(), references, predictions)[1]


class ChrF:
    """Character n-gram F-score of all texts together, chrF2, computed by sacrebleu.

    Call args:
        references: The right translations.
        predictions: The translations to score.

    Returns:
        `chrf`, between 0 and 100.

    Raises:
        ValueError: If the lists disagree in length.

    Reference:
        Popović, chrF: character n-gram F-score for automatic MT evaluation, WMT 2015.
    """

    def __call__(self, references: list[str], predictions: list[str]) -> dict[str, float]:
        return {"chrf": _score(_chrf(), references, predictions)[0]}

    def report(self, references: list[str], predictions: list[str]) -> str:
        """Returns one line: the score and the signature."""
        return _score(_chrf(), references, predictions)[1]


class ExactMatch:
    """Share of texts translated exactly as the reference, character by character.

    Call args:
        references: The right translations.
        predictions: The translations to score.

    Returns:
        `exact_match`, between 0 and 1.

    Raises:
        ValueError: If the lists disagree in length.
    """

    def __call__(self, references: list[str], predictions: list[str]) -> dict[str, float]:
        right = sum(a == b for a, b in zip(references, predictions, strict=True))
        return {"exact_match": right / len(references) if references else 0.0}

    def report(self, references: list[str], predictions: list[str]) -> str:
        """Returns one line with the counts."""
        right = sum(a == b for a, b in zip(references, predictions, strict=True))
        return f"exact match {self(references, predictions)['exact_match']:.4f} ({right} of {len(references)})"


def _bleu():
    from sacrebleu.metrics import BLEU

    # `force` only silences a guess that texts which end in " ." are tokenized.
    return BLEU(tokenize="13a", force=True)


def _chrf():
    from sacrebleu.metrics import CHRF

    return CHRF()


def _score(metric, references: list[str], predictions: list[str]) -> tuple[float, str]:
    """Returns the score and the line that reports it."""
    if len(references) != len(predictions):
        raise ValueError(
            f"as many predictions as references are needed. Received: {len(predictions)}, {len(references)}"
        )
    if not references:
        return 0.0, "nothing to score"
    score = metric.corpus_score(list(predictions), [list(references)])
    return float(score.score), score.format(width=2, signature=str(metric.get_signature()))
