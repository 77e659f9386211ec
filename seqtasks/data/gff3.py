"""The rows of GFF3 files.

Reference:
    https://github.com/The-Sequence-Ontology/Specifications/blob/master/gff3.md
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from urllib.parse import unquote

from seqtasks.data.intervals import Interval, from_file, rows_of, to_file

_COLUMNS = "sequence, source, type, start, end, score, strand, phase, attributes"
# What has a meaning in a row is written as %XX.
_IN_COLUMNS = re.compile(r"[%\x00-\x1f\x7f]")
_IN_ATTRIBUTES = re.compile(r"[%;=&,\x00-\x1f\x7f]")


def parse_gff3(text: str) -> Iterator[tuple[int, Callable[[], Iterable[Interval]]]]:
    """Yields the line of each row, and a function that returns its interval or raises ValueError.

    Args:
        text: What the file holds; sequences behind `##FASTA` are passed over.
    """
    for number, line in rows_of(text):
        if line.startswith(("##FASTA", ">")):
            return
        if not line.startswith("#"):
            yield number, partial(_intervals, line.split("\t"), number)


def gff3_rows(intervals: Iterable[Interval]) -> Iterator[str]:
    """Yields the lines of a file, its first line among them."""
    yield "##gff-version 3"
    for interval in intervals:
        names = [_escape(value, _IN_COLUMNS) for value in (interval.sequence, interval.source, interval.type)]
        phase = "." if interval.phase is None else str(interval.phase)
        attributes = ";".join(
            f"{_escape(name, _IN_ATTRIBUTES)}={','.join(_escape(value, _IN_ATTRIBUTES) for value in values)}"
            for name, values in interval.attributes.items()
        )
        places = to_file(interval.start, interval.end, "GFF3")
        yield "\t".join([*names, *places, interval.score, interval.strand, phase, attributes or "."])


def _intervals(cells: list[str], line: int) -> list[Interval]:
    if len(cells) != 9:
        raise ValueError(f"expected 9 columns with tabs between them ({_COLUMNS}), received {len(cells)}")
    name, source, kind, start, end, score, strand, phase, attributes = (cell.strip() for cell in cells)
    begin, stop = from_file(start, end, "GFF3")
    if strand not in ("+", "-", ".", "?"):
        raise ValueError(f"expected +, -, . or ? as strand, received {strand[:20]!r}")
    if phase not in ("0", "1", "2", "."):
        raise ValueError(f"expected 0, 1, 2 or . as phase, received {phase[:20]!r}")
    names = {"sequence": unquote(name), "type": unquote(kind), "source": unquote(source)}
    phase = None if phase == "." else int(phase)
    attributes = _attributes(attributes)
    return [
        Interval(
            **names, start=begin, end=stop, strand=strand, phase=phase, attributes=attributes, score=score, line=line
        )
    ]


def _attributes(cell: str) -> dict[str, tuple[str, ...]]:
    attributes = {}
    for entry in cell.split(";") if cell != "." else ():
        name, equals, values = entry.strip().partition("=")
        if not name and not equals:
            continue
        if not name or not equals:
            hint = "; this looks like GTF, of which GFF3 can be made" if '"' in entry else ""
            raise ValueError(f"expected attributes NAME=VALUE;NAME=VALUE, received {entry.strip()[:40]!r}{hint}")
        attributes[unquote(name)] = tuple(unquote(value) for value in values.split(","))
    return attributes


def _escape(value: str, characters: re.Pattern) -> str:
    return characters.sub(lambda found: f"%{ord(found.group()):02X}", value)
