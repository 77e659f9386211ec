"""Scores of predictions: thin adapters over the field's own scorers."""

from seqtasks.metrics.classification import Accuracy, MacroF1
from seqtasks.metrics.frames import FrameLikelihood
from seqtasks.metrics.genes import BaseAccuracy, GeneF1
from seqtasks.metrics.perplexity import Perplexity
from seqtasks.metrics.spans import SpanF1, TokenAccuracy
from seqtasks.metrics.transcription import CharacterErrorRate, WordErrorRate
from seqtasks.metrics.translation import Bleu, ChrF, ExactMatch

__all__ = [
    "Accuracy",
    "BaseAccuracy",
    "Bleu",
    "CharacterErrorRate",
    "ChrF",
    "ExactMatch",
    "FrameLikelihood",
    "GeneF1",
    "MacroF1",
    "Perplexity",
    "SpanF1",
    "TokenAccuracy",
    "WordErrorRate",
]
