"""Stretches of sequences, and how file formats count their bases."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Interval:
    """A stretch of a sequence, and what is found there.

    Args:
        sequence: Name of the sequence.
        start: First base, counted from 0.
        end: Where it ends, this base not included.
        type: What is found: `"gene"`, `"mRNA"`, `"exon"`, `"CDS"`, ...
        strand: `"+"`, `"-"`, `"."` where there is none, or `"?"` where it is not known.
        phase: Of coding intervals, how many bases stand before the first whole codon; or None.
        attributes: Further values by name; `ID` and `Parent` tie parts to wholes.
        source: Who found it.
        score: As it is written; `"."` for none.
        line: Line of the file.
    """

    sequence: str
    start: int
    end: int
    type: str
    strand: str = "."
    phase: int | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = "."
    score: str = "."
    line: int = field(default=0, compare=False)

    @property
    def id(self) -> str | None:
        """The interval's own name, if it has one."""
        return next(iter(self.attributes.get("ID", ())), None)

    @property
    def parents(self) -> tuple[str, ...]:
        """The names of the wholes that it is a part of."""
        return tuple(self.attributes.get("Parent", ()))


# GFF3 counts from 1 and includes the end, BED counts from 0 and does not, as `Interval`.
FIRST_BASE = {"GFF3": 1, "BED": 0}


def from_file(start: str, end: str, file_format: str) -> tuple[int, int]:
    """Returns the start and end of an interval as `Interval` counts them.

    Args:
        start: As it is written.
        end: As it is written.
        file_format: `"GFF3"` or `"BED"`.

    Raises:
        ValueError: If they are no such numbers.
    """
    first = FIRST_BASE[file_format]
    if not (start.isascii() and start.isdigit() and end.isascii() and end.isdigit()):
        raise ValueError(f"expected a start and an end in whole numbers, received {start[:20]!r} and {end[:20]!r}")
    begin, stop = int(start) - first, int(end)
    if begin < 0:
        raise ValueError(f"{file_format} counts bases from {first}, received start {start}")
    if begin >= stop:
        relation = "beyond" if int(start) > int(end) else "not before"
        raise ValueError(f"start {start} is {relation} end {end}")
    return begin, stop


def to_file(start: int, end: int, file_format: str) -> tuple[str, str]:
    """Returns the start and end of an interval as a file format counts them."""
    return str(start + FIRST_BASE[file_format]), str(end)


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Returns starts and ends in order, those that overlap or touch made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def rows_of(text: str) -> Iterator[tuple[int, str]]:
    """Yields the number and the content of each line that is not empty."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line.rstrip("\r")
