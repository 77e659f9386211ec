"""The rows of CSV and TSV files, each with its line."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from seqtasks.errors import DataError

MEND_ROW = "Mend the row, or leave such rows out with --skip-bad-rows"


def table_rows(text: str, file: Path) -> Iterator[tuple[int, list[str] | DataError]]:
    """Yields the cells of each row that is not empty, or what is wrong with it.

    CSV follows the usual quoting, everything else is parted by tabs and has none.

    Args:
        text: The file's content.
        file: Where it is from; its ending tells which of the two it is.
    """
    return _csv_rows(text, file) if file.suffix.lower() == ".csv" else _tsv_rows(text)


def _tsv_rows(text: str) -> Iterator:
    for line, content in enumerate(text.split("\n"), start=1):
        if content.strip():
            yield line, content.rstrip("\r").split("\t")


def _csv_rows(text: str, file: Path) -> Iterator:
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, DataError(f"not CSV: {error}. {MEND_ROW}", file, reader.line_num)
            continue
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells
