"""Reads labelled stretches of DNA: tables, and the files of the UCI repository."""

from dataclasses import dataclass
from pathlib import Path

from seqtasks.data.bases import LEGAL, first_illegal
from seqtasks.data.dataset import TRAIN, Dataset, complete_splits, counted
from seqtasks.data.delimited import DelimitedFiles
from seqtasks.data.table_rows import MEND_ROW
from seqtasks.data.text_files import find_splits, read_text, split_named
from seqtasks.errors import DataError

_SUFFIXES = (".data", ".csv", ".tsv", ".txt", ".tab", ".jsonl", ".ndjson", ".json")
_UCI = ".data"


@dataclass(frozen=True)
class DnaTable:
    """A file or a folder of files with a sequence and its label a row.

    Rows of the UCI repository's splice junctions and promoters are `label, name, sequence` without a
    header; what the rows of a file look like decides. Others are tables as
    `seqtasks.data.delimited.DelimitedFiles` reads them, with columns `sequence` and `label`. An example
    is `{"text": sequence, "label": label}`.

    A split that is missing is held out of train, so that no sequence in it is in train too.
    """

    description: str = (
        "CSV, TSV or JSON Lines with columns sequence and label, or the UCI repository's rows of label, name and "
        "sequence, one file or a folder with train, valid and test"
    )

    def read(self, path, options) -> Dataset:
        """Reads the files.

        Args:
            path: A file, or a folder with one file a split or with one `.data` file.
            options: `seqtasks.data.sources.ReadOptions`.

        Raises:
            DataError: If there is nothing to read, or a row cannot be read.
        """
        files = _find(Path(path), options.needed)
        # Columns that are named are those of a table.
        if not options.features and any(_is_uci(file, options) for file in files.values()):
            dataset = Dataset({}, str(path))
            for split, file in files.items():
                _read_uci(file, split, options, dataset)
        else:
            dataset = _read_table(files[TRAIN] if len(files) == 1 and TRAIN in files else path, options)
            dataset.source = str(path)
        if TRAIN not in dataset.splits:
            return dataset
        return complete_splits(dataset, options.validation_fraction, options.seed, together="text")


def _find(path: Path, needed: str) -> dict[str, Path]:
    if path.is_dir():
        # As the repository gives it: one file of rows, and what is told about them.
        data = [file for file in path.iterdir() if file.name.lower().endswith(_UCI) and file.is_file()]
        if len(data) == 1 and split_named(data[0].name) is None:
            return {TRAIN: data[0]}
    return find_splits(path, _SUFFIXES, needed)


def _is_uci(file: Path, options) -> bool:
    text, _ = read_text(file, options.encoding)
    for row in text.split("\n"):
        if row.strip():
            cells = [cell.strip() for cell in row.split(",")]
            # In a header, "dna" spells three codes.
            return len(cells) == 3 and len(cells[2]) > 3 and first_illegal(cells[2]) is None
    return False


def _read_uci(file: Path, split: str, options, dataset: Dataset) -> None:
    text, note = read_text(file, options.encoding)
    dataset.notes += [note] if note else []
    rows = []
    for line, row in enumerate(text.split("\n"), start=1):
        if row.strip():
            cells = [cell.strip() for cell in row.split(",")]
            rows.append(({"text": cells[-1], "label": cells[0]}, (file, line), _fault(cells)))
    _keep(rows, split, file, options, dataset)


def _read_table(path, options) -> Dataset:
    dataset = DelimitedFiles(text="sequence", label="label").read(path, options)
    for split, examples in list(dataset.splits.items()):
        places, rows = dataset.places[split], []
        for example, place in zip(examples, places, strict=True):
            # Blanks are for the eye.
            sequence = "".join(example["text"].split())
            rows.append(({"text": sequence, "label": example["label"]}, place, _fault_of_sequence(sequence)))
        _keep(rows, split, places[0][0], options, dataset)
    return dataset


def _keep(rows: list[tuple], split: str, file: Path, options, dataset: Dataset) -> None:
    """Makes a split of the rows without faults."""
    good = [(example, place) for example, place, fault in rows if fault is None]
    bad = [(place, fault) for _, place, fault in rows if fault is not None]
    if bad and not options.skip_bad_rows:
        (_, line), fault = bad[0]
        raise DataError(f"{fault}. {MEND_ROW}", file, line)
    if not good:
        raise DataError(f"no row of the {split} split has a label and a sequence", file)
    dataset.splits[split] = [example for example, _ in good]
    dataset.places[split] = [place for _, place in good]
    if bad:
        dataset.skipped += len(bad)
        dataset.notes.append(f"{file.name}: skipped {counted(len(bad), 'bad row')}")


def _fault(cells: list[str]) -> str | None:
    """Returns what is wrong with a row, or None."""
    if len(cells) != 3:
        return f"expected 3 columns, label, name and sequence, received {len(cells)}"
    if not cells[0]:
        return "the label is empty"
    return _fault_of_sequence(cells[2])


def _fault_of_sequence(sequence: str) -> str | None:
    if not sequence:
        return "the sequence is empty"
    position = first_illegal(sequence)
    if position is None:
        return None
    return f"{sequence[position]!r} at position {position + 1} of the sequence is no base. Expected {LEGAL}"
