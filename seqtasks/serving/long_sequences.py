"""Tags of sequences of bases that are longer than a model takes: whole chromosomes.

They are cut into pieces that overlap, and the tags put together again in the middle of each overlap, far from where a
piece was cut; rather between genes, so that none is put together of two halves.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from seqtasks.data.gene_labels import BETWEEN
from seqtasks.errors import RefusedError

PIECE = 50_000
OVERLAP_SHARE = 0.2


def in_pieces(answer: Callable[[list[str]], list[dict]], texts: Sequence[str], longest: int) -> list[dict]:
    """Returns the predictions of sequences of any length.

    Args:
        answer: Returns the predictions of sequences that are not too long, a tag a letter.
        texts: The sequences. One with white space in it, which is no letter, is not cut.
        longest: The most letters of a piece.

    Raises:
        RefusedError: If a sequence is refused; it names the sequences' places, not the pieces'.
    """
    cuts = [pieces(text, longest) for text in texts]
    parts = [(row, span) for row, spans in enumerate(cuts) for span in spans]
    try:
        found = iter(answer([texts[row][slice(*span)] for row, span in parts]))
    except RefusedError as error:
        raise RefusedError({parts[part][0]: why for part, why in error.rows.items()}) from None
    return [joined(text, spans, [next(found) for _ in spans]) for text, spans in zip(texts, cuts, strict=True)]


def pieces(text: str, longest: int) -> list[tuple[int, int]]:
    """Returns where each piece of a sequence begins and ends; the whole is one if it is not cut.

    Args:
        text: The sequence.
        longest: The most letters of a piece.
    """
    if len(text) <= longest or not text.isascii() or any(map(str.isspace, text)):
        return [(0, len(text))]
    overlap = int(OVERLAP_SHARE * longest)
    starts = range(0, len(text) - overlap, longest - overlap)
    return [(start, min(start + longest, len(text))) for start in starts]


def joined(text: str, spans: Sequence[tuple[int, int]], found: Sequence[dict]) -> dict:
    """Returns the prediction of a sequence from those of its pieces.

    Args:
        text: The sequence.
        spans: What `pieces` returned.
        found: The prediction of each piece.
    """
    if len(spans) == 1:
        # Of a text that is no plain sequence, letters and tags need not be as many.
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
