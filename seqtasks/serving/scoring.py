"""`seqtasks score`: how likely a model finds texts, or translations of texts."""

from collections.abc import Iterable

from seqtasks.errors import UsageError
from seqtasks.serving.language import LanguagePredictor
from seqtasks.serving.translation import TranslationPredictor


def score(run, inputs: str | Iterable, *, output_dir="runs") -> list[dict]:
    """Returns how likely a language model finds texts, or an encoder-decoder translations.

    Args:
        run: A run's folder, an export's folder, or a task's name for its latest run.
        inputs: Texts, of which a single one may stand alone; for an encoder-decoder pairs of a source and a target.
        output_dir: Where runs are kept.

    Returns:
        One dictionary an input; see `LanguagePredictor.score` and `TranslationPredictor.score`.

    Raises:
        UsageError: If the model gives no probabilities, or the inputs are not what it takes.
    """
    from seqtasks.serving.predict import load_predictor

    predictor = load_predictor(run, output_dir=output_dir)
    inputs = [inputs] if isinstance(inputs, str) else list(inputs)
    if isinstance(predictor, LanguagePredictor):
        return predictor.score(inputs)
    if not isinstance(predictor, TranslationPredictor):
        raise UsageError(f"{run} gives no probabilities of texts. Use predict, or a run of a task such as word_lm")
    for pair in inputs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise UsageError(f"expected pairs of a source and a target. Received: {pair!r}")
    return predictor.score([source for source, _ in inputs], [target for _, target in inputs])
