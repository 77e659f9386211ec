"""The rows of BED files.

Reference:
    https://samtools.github.io/hts-specs/BEDv1.pdf
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from seqtasks.data.intervals import Interval, from_file, merged, rows_of, to_file

_WIDTHS = (3, 4, 5, 6, 7, 8, 9, 12)
_CODING = "CDS"


def parse_bed(text: str) -> Iterator[tuple[int, Callable[[], list[Interval]]]]:
    """Yields the line of each row, and a function that returns its intervals or raises ValueError.

    A row is a gene with its exons, which are its blocks. A row without blocks is one exon: it names its
    gene as `Parent`. The parts of exons between `thickStart` and `thickEnd` are coding: they are
    intervals of type `CDS` too.

    Args:
        text: What the file holds.
    """
    width, names = None, set()
    for number, line in rows_of(text):
        if line.startswith(("#", "track ", "browser ")) or line.strip() in ("track", "browser"):
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        width = width or len(cells)
        yield number, partial(_intervals, cells, width, number, names)


def bed_rows(intervals: Iterable[Interval]) -> Iterator[str]:
    """Yields a line of 12 columns for each interval that has parts, or has no whole.

    The blocks are its parts of type `exon`, or else all parts; the thick part is where it has parts of
    type `CDS`. Types, further attributes and parts of parts have no column.

    Args:
        intervals: What to write.
    """
    intervals = list(intervals)
    known = {(interval.sequence, interval.id) for interval in intervals}
    parts: dict[tuple[str, str], list[Interval]] = {}
    for interval in intervals:
        for parent in interval.parents:
            parts.setdefault((interval.sequence, parent), []).append(interval)
    for interval in intervals:
        mine = parts.get((interval.sequence, interval.id), [])
        # Of gene, transcript and exon, the transcript has the blocks.
        children = [part for part in mine if (part.sequence, part.id) not in parts]
        is_part = any((interval.sequence, parent) in known for parent in interval.parents)
        if children or not (mine or is_part):
            yield "\t".join(_cells(interval, children))


def _cells(interval: Interval, parts: list[Interval]) -> list[str]:
    parts = parts or [interval]
    coding = [(part.start, part.end) for part in parts if part.type == _CODING]
    exons = [(part.start, part.end) for part in parts if part.type == "exon"]
    blocks = merged(exons or coding or [(part.start, part.end) for part in parts])
    # A row goes from its first block to its last.
    start, end = to_file(blocks[0][0], blocks[-1][1], "BED")
    thick = to_file(min(coding)[0], max(end for _, end in coding), "BED") if coding else (start, start)
    name = interval.id or next(iter(interval.parents), ".")
    score = interval.score if interval.score.isdigit() else "0"
    strand = interval.strand if interval.strand in ("+", "-") else "."
    sizes = "".join(f"{end - start}," for start, end in blocks)
    starts = "".join(f"{start - blocks[0][0]}," for start, _ in blocks)
    names = (cell.replace("\t", " ") for cell in (interval.sequence, name))
    return [next(names), start, end, next(names), score, strand, *thick, "0", str(len(blocks)), sizes, starts]


def _intervals(cells: list[str], width: int, line: int, names: set[tuple[str, str]]) -> list[Interval]:
    if len(cells) not in _WIDTHS:
        raise ValueError(f"expected 3 to 9 or 12 columns, received {len(cells)}")
    if len(cells) != width:
        raise ValueError(f"expected {width} columns as in the first row, received {len(cells)}")
    # Columns that are left out have these values.
    cells = [cell.strip() for cell in cells] + [".", ".", "."][width - 3 :]
    sequence, start, end = cells[0], *from_file(cells[1], cells[2], "BED")
    name, score, strand = (cell or "." for cell in cells[3:6])
    if strand not in ("+", "-", "."):
        raise ValueError(f"expected +, - or . as strand, received {strand[:20]!r}")
    blocks = _blocks(cells, start, end) if width == 12 else [(start, end)]
    coding = _coding(cells, start, end, blocks) if width > 7 else []
    if name == "." or (width == 12 and (sequence, name) in names):
        name = f"line {line}" if name == "." else f"{name} (line {line})"
    names.add((sequence, name))
    tied = {"Parent": (name,)}
    parts = [("exon", *block) for block in blocks] + [(_CODING, *span) for span in coding]
    intervals = [Interval(sequence, a, b, kind, strand, None, tied, line=line) for kind, a, b in parts]
    if width == 12:
        intervals.insert(0, Interval(sequence, start, end, "gene", strand, None, {"ID": (name,)}, ".", score, line))
    return intervals


def _coding(cells: list[str], start: int, end: int, blocks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    # Where nothing is coding, both are 0 or the start.
    if cells[6] == cells[7]:
        return []
    thick_start, thick_end = from_file(cells[6], cells[7], "BED")
    if thick_start < start or thick_end > end:
        raise ValueError(f"the thick part, {cells[6]} to {cells[7]}, is not within {start} to {end}")
    inside = [(max(start, thick_start), min(end, thick_end)) for start, end in blocks]
    return [span for span in inside if span[0] < span[1]]


def _blocks(cells: list[str], start: int, end: int) -> list[tuple[int, int]]:
    sizes, starts = (cell.rstrip(",").split(",") for cell in cells[10:12])
    if not all(number.isascii() and number.isdigit() for number in [cells[9], *sizes, *starts]):
        raise ValueError("expected the count, the sizes and the starts of blocks in whole numbers")
    if not len(sizes) == len(starts) == int(cells[9]):
        raise ValueError(f"expected {cells[9]} blocks, received {len(sizes)} sizes and {len(starts)} starts")
    blocks = [(start + int(begin), start + int(begin) + int(size)) for begin, size in zip(starts, sizes, strict=True)]
    ends = [place for block in blocks for place in block]
    if ends != sorted(ends) or ends[0] != start or ends[-1] != end:
        raise ValueError(f"the blocks are not in order from {start} to {end}")
    return blocks
