"""Reads and writes FASTA files of DNA."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from seqtasks.data.bases import LEGAL, first_illegal
from seqtasks.data.dataset import counted
from seqtasks.data.gzip_files import write_text
from seqtasks.data.text_files import read_text
from seqtasks.errors import DataError

FASTA_SUFFIXES = (".fa", ".fasta", ".fna", ".ffn", ".fas", ".fsa")
_MEND = "Mend it, or leave such records out with --skip-bad-rows"


@dataclass(frozen=True)
class Record:
    """A named sequence.

    Args:
        name: The first word after `>`.
        sequence: Its bases, as they are written.
        description: What follows the name.
        line: Line of the file where it begins.
    """

    name: str
    sequence: str
    description: str = ""
    line: int = field(default=0, compare=False)


def read_fasta(path, options, notes: list[str]) -> tuple[list[Record], int]:
    """Reads the records of a file.

    A record is a line `>name description` and the lines of its sequence up to the next; empty lines,
    blanks within lines and lines that begin with `;` are passed over.

    Args:
        path: The file; one that ends in `.gz` is unpacked.
        options: `seqtasks.data.sources.ReadOptions`.
        notes: Takes what a reader of the scores should know.

    Returns:
        The records, and how many were left out.

    Raises:
        DataError: If there are no records, or one is bad: it has no name or no sequence, a name or a
            letter that cannot be, or stands before the first name.
    """
    path = Path(path)
    text, note = read_text(path, options.encoding)
    notes += [note] if note else []
    records, skipped, lines = [], 0, {}
    for record in parse_fasta(text, path):
        if isinstance(record, Record) and record.name in lines:
            message = (
                f"a second record is named {record.name!r}; the first begins in line {lines[record.name]}. {_MEND}"
            )
            record = DataError(message, path, record.line)
        if isinstance(record, DataError):
            if not options.skip_bad_rows:
                raise record
            skipped += 1
            continue
        lines[record.name] = record.line
        records.append(record)
    if not records:
        found = f"{counted(skipped, 'bad record')} and no other" if skipped else "no records"
        raise DataError(f"{found}. Expected lines >NAME, each with lines of bases below it", path)
    if skipped:
        notes.append(f"{path.name}: skipped {counted(skipped, 'bad record')}")
    return records, skipped


def parse_fasta(text: str, path=None) -> Iterator[Record | DataError]:
    """Yields the records of a text, or in the place of a bad one the error.

    Args:
        text: What the file holds.
        path: The file, which errors name.
    """
    header, rows = None, []
    for number, line in enumerate(re.split("\r\n|\r|\n", text), start=1):
        line = line.strip()
        if line.startswith(">"):
            if header or rows:
                yield _record(header, rows, path)
            header, rows = (number, line[1:].strip()), []
        elif line and not line.startswith(";"):
            rows.append((number, line))
    if header or rows:
        yield _record(header, rows, path)


def write_fasta(path, records: Iterable[Record], width: int = 60) -> None:
    """Writes records in one piece.

    Args:
        path: The file; one that ends in `.gz` is packed.
        records: What to write.
        width: Bases in a line.
    """
    lines = []
    for record in records:
        lines.append(f">{record.name} {record.description}".rstrip())
        lines += [record.sequence[start : start + width] for start in range(0, len(record.sequence), width)]
    write_text(path, "".join(f"{line}\n" for line in lines))


def _record(header: tuple[int, str] | None, rows: list[tuple[int, str]], path) -> Record | DataError:
    if header is None:
        line, row = rows[0]
        message = f"text before the first record: {row[:40]!r}. Expected a line >NAME before the bases. {_MEND}"
        return DataError(message, path, line)
    line, title = header
    if not title:
        return DataError(f"a record without a name. Expected >NAME. {_MEND}", path, line)
    name, *description = title.split(None, 1)
    for number, row in rows:
        # Blanks are for the eye.
        row = re.sub(r"\s+", "", row)
        position = first_illegal(row)
        if position is not None:
            message = f"{row[position]!r} in record {name!r} is no base. Expected {LEGAL}. {_MEND}"
            return DataError(message, path, number)
    sequence = re.sub(r"\s+", "", "".join(row for _, row in rows))
    if not sequence:
        return DataError(f"record {name!r} has no sequence. {_MEND}", path, line)
    return Record(name, sequence, "".join(description), line)
