"""Transcripts chosen with the help of a language model."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from seqtasks.errors import UsageError
from seqtasks.serving.language import LanguagePredictor, load_language_predictor
from seqtasks.serving.predict import Predictor, load_predictor
from seqtasks.task import TRANSCRIPTION

LM_WEIGHT = 0.5
"""How much a language model counts where nobody says."""


class RescoringPredictor:
    """Predicts as a `Predictor` does, of the transcripts that it finds the one that a language model also likes.

    They are ranked by log P(transcript | sound) + `lm_weight` * log P(transcript) + `word_bonus` * words, the second P
    being the language model's.

    Args:
        predictor: Finds transcripts.
        language: The language model.
        lm_weight: How much it counts; 0 changes nothing.
        word_bonus: What a word is worth: a language model finds every further word less likely.

    Raises:
        UsageError: If the predictor does not transcribe, or the weight is below 0.
    """

    def __init__(
        self,
        predictor: Predictor,
        language: LanguagePredictor,
        lm_weight: float = LM_WEIGHT,
        word_bonus: float = 0.0,
    ):
        if getattr(predictor, "family", None) != TRANSCRIPTION:
            raise UsageError("a language model helps models that transcribe alone: name a run of a task such as speech")
        if not lm_weight >= 0:
            raise UsageError(f"the language model's weight must be 0 or more. Received: {lm_weight}")
        self.raw = predictor.raw
        self._predictor, self._language = predictor, language
        self._weight, self._bonus = lm_weight, word_bonus

    def predict(self, inputs: Sequence) -> list[dict]:
        """Transcribes; see `Predictor.predict`.

        Returns:
            As there, and `lm_log_probability` of the transcript and its `score`, by which it was chosen.
        """
        return [{name: best[name] for name in (self.raw.key, "transcript", *_NUMBERS)} for best in self.n_best(inputs)]

    def n_best(self, inputs: Sequence) -> list[dict]:
        """Transcribes in several ways; see `Predictor.n_best`.

        Returns:
            As there, the best by `scores` first, with `lm_log_probabilities`.
        """
        found = self._predictor.n_best(inputs)
        texts = list(dict.fromkeys(text for one in found for text in one["transcripts"]))
        known = {one["text"]: one["log_probability"] for one in self._language.score(texts)}
        return [self._ranked(one, known) for one in found]

    def _ranked(self, found: dict, known: dict[str, float]) -> dict:
        rows = [
            (heard + self._weight * known[text] + self._bonus * len(text.split()), text, heard, known[text])
            for text, heard in zip(found["transcripts"], found["log_probabilities"], strict=True)
        ]
        rows.sort(key=lambda row: -row[0])
        scores, transcripts, heard, written = map(list, zip(*rows, strict=True))
        best = dict(zip(_NUMBERS, (heard[0], written[0], scores[0]), strict=True))
        return {
            self.raw.key: found[self.raw.key],
            "transcript": transcripts[0],
            **best,
            "transcripts": transcripts,
            "log_probabilities": heard,
            "lm_log_probabilities": written,
            "scores": scores,
        }


_NUMBERS = ("log_probability", "lm_log_probability", "score")


def rescore(
    run,
    language_model,
    inputs: str | Path | Iterable,
    *,
    lm_weight: float = LM_WEIGHT,
    word_bonus: float = 0.0,
    output_dir="runs",
) -> list[dict]:
    """Transcribes sounds, and chooses with the help of a language model.

    Args:
        run: A run's folder, an export's folder, or a task's name for its latest run.
        language_model: Likewise, of a task such as `word_lm` or `char_lm`, trained on texts that look like transcripts.
        inputs: Sounds, as `seqtasks.predict` takes them.
        lm_weight: See `RescoringPredictor`, as for the next.
        word_bonus: What a word is worth.
        output_dir: Where runs are kept.

    Returns:
        One dictionary a sound; see `RescoringPredictor.predict`.
    """
    inputs = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    predictor = load_predictor(run, output_dir=output_dir)
    language = load_language_predictor(language_model, output_dir=output_dir)
    return RescoringPredictor(predictor, language, lm_weight, word_bonus).predict(inputs)
