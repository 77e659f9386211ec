"""Reads and writes what is found where on sequences: GFF3 and BED files."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from seqtasks.data.bed import bed_rows, parse_bed
from seqtasks.data.dataset import counted
from seqtasks.data.gff3 import gff3_rows, parse_gff3
from seqtasks.data.gzip_files import write_text
from seqtasks.data.intervals import Interval
from seqtasks.data.table_rows import MEND_ROW
from seqtasks.data.text_files import read_text
from seqtasks.errors import DataError, did_you_mean

ANNOTATION_SUFFIXES = (".gff3", ".gff", ".bed")


def read_annotations(path, options, notes: list[str], lengths: Mapping[str, int]) -> tuple[list[Interval], int]:
    """Reads the intervals of a GFF3 or BED file.

    Args:
        path: The file, which ends in one of `ANNOTATION_SUFFIXES`; with `.gz` behind that it is unpacked.
        options: `seqtasks.data.sources.ReadOptions`.
        notes: Takes what a reader of the scores should know.
        lengths: The sequences' lengths by name.

    Returns:
        The intervals in the order of the file, and how many rows were left out.

    Raises:
        DataError: If a row cannot be read, or there is no such place on the sequences.
    """
    path = Path(path)
    text, note = read_text(path, options.encoding)
    notes += [note] if note else []
    parse = parse_bed if file_format_of(path) == "BED" else parse_gff3
    intervals, skipped = [], 0
    for line, row in parse(text):
        try:
            # A row of BED may stand for a gene and its exons.
            found = list(row())
            for interval in found:
                _check_place(interval, lengths)
        except ValueError as error:
            if not options.skip_bad_rows:
                raise DataError(f"{error}. {MEND_ROW}", path, line) from error
            skipped += 1
            continue
        intervals += found
    if skipped:
        notes.append(f"{path.name}: skipped {counted(skipped, 'bad row')}")
    return intervals, skipped


def write_annotations(path, intervals: Iterable[Interval]) -> None:
    """Writes intervals in one piece, as GFF3 or BED.

    BED has no parts but blocks: parts that name a parent become blocks of its row.

    Args:
        path: The file; its ending says which format, and `.gz` behind that to pack it.
        intervals: What to write, in this order.
    """
    rows = bed_rows if file_format_of(path) == "BED" else gff3_rows
    write_text(path, "".join(f"{row}\n" for row in rows(intervals)))


def file_format_of(path) -> str:
    """Returns `"BED"` or `"GFF3"` by a file's ending.

    Raises:
        DataError: If it has another ending.
    """
    name = Path(path).name.lower().removesuffix(".gz")
    if not name.endswith(ANNOTATION_SUFFIXES):
        raise DataError(f"expected a name that ends in {', '.join(ANNOTATION_SUFFIXES)}", path)
    return "BED" if name.endswith(".bed") else "GFF3"


def _check_place(interval: Interval, lengths: Mapping[str, int]) -> None:
    length = lengths.get(interval.sequence)
    if length is None:
        known = did_you_mean(interval.sequence, list(lengths)[:20]).rstrip(".")
        raise ValueError(f"the FASTA file has no sequence {interval.sequence!r}.{known}")
    if interval.end > length:
        raise ValueError(f"end {interval.end} is behind the end of {interval.sequence!r}, which has {length:,} bases")
