"""Tags of sequences of bases that are longer than a model takes: whole chromosomes.

They are cut into pieces that overlap, and the tags put together again in the middle of each overlap, far from where a
piece was cut; rather between genes, so that none is put together of two halves.
"""

from collections.abc import Sequence
from itertools import pairwise

from seqtasks.data.gene_labels import BETWEEN
from seqtasks.errors import RefusedError
from seqtasks.serving.predict import Predictor

PIECE, SHARE = 50_000, 5  # an overlap is a fifth of a piece


class LongSequencePredictor(Predictor):
    """Predicts the tags of sequences of any length.

    Args:
        *arguments: `Predictor`'s.
        piece: The most letters that are tagged at once.
        **options: `Predictor`'s.
    """

    def __init__(self, *arguments, piece: int = PIECE, **options):
        super().__init__(*arguments, **options)
        self._piece = piece

    def predict(self, inputs: Sequence) -> list[dict]:
        """Predicts from sequences; see `Predictor.predict`.

        Args:
            inputs: Sequences. One that is longer than a piece is cut, unless there is white space in it, which is no
                letter.
        """
        cuts = [pieces(text, self._piece) if isinstance(text, str) else [None] for text in inputs]
        owners = [row for row, found in enumerate(cuts) for _ in found]
        rows = zip(inputs, cuts, strict=True)
        parts = [given if part is None else given[slice(*part)] for given, found in rows for part in found]
        try:
            found = iter(super().predict(parts))
        except RefusedError as error:
            raise RefusedError({owners[part]: why for part, why in error.rows.items()}) from None
        return [joined(text, spans, [next(found) for _ in spans]) for text, spans in zip(inputs, cuts, strict=True)]


def pieces(text: str, longest: int) -> list[tuple[int, int] | None]:
    """Returns where each piece of a sequence begins and ends, or [None] for one that is not cut.

    Args:
        text: The sequence.
        longest: The most letters of a piece.
    """
    if len(text) <= longest or not text.isascii() or any(map(str.isspace, text)):
        return [None]
    step = longest - longest // SHARE
    starts = range(0, len(text) - longest // SHARE, step)
    return [(start, min(start + longest, len(text))) for start in starts]


def joined(text: str, spans: Sequence[tuple[int, int] | None], found: Sequence[dict]) -> dict:
    """Returns the prediction of a sequence from those of its pieces.

    Args:
        text: The sequence.
        spans: What `pieces` returned.
        found: The prediction of each piece, a tag a letter.
    """
    if spans[0] is None:
        return found[0]
    borders = [0]
    for ((_, end), one), ((start, _), other) in pairwise(zip(spans, found, strict=True)):
        shared = end - start
        borders.append(start + _border(one["tags"][-shared:], other["tags"][:shared]))
    borders.append(len(text))
    whole = {"text": text, "tokens": [], "tags": [], "scores": []}
    for (start, _), (begin, end), part in zip(spans, pairwise(borders), found, strict=True):
        for name in ("tokens", "tags", "scores"):
            whole[name] += part[name][begin - start : end - start]
    return whole


def _border(ones: Sequence[str], others: Sequence[str]) -> int:
    """Returns where in an overlap to go over from one piece to the next."""
    middle = len(ones) // 2
    between = [place for place, tags in enumerate(zip(ones, others, strict=True)) if set(tags) == {BETWEEN}]
    return min(between, key=lambda place: abs(place - middle), default=middle)
