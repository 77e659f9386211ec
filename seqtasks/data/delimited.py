"""Reads labelled texts from CSV, TSV and JSON Lines files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqtasks.data.dataset import TRAIN, Dataset, counted
from seqtasks.data.table_rows import MEND_ROW, table_rows
from seqtasks.data.text_files import find_splits, read_text
from seqtasks.errors import DataError, UsageError, did_you_mean

_JSON = (".jsonl", ".ndjson", ".json")
_SUFFIXES = (".tsv", ".csv", ".txt", ".tab", *_JSON)
_USUAL = {
    "text": ("text", "sentence", "review", "content", "comment", "tweet", "phrase", "description", "question"),
    "label": ("label", "class", "category", "sentiment", "polarity", "target", "rating", "stars"),
}


@dataclass(frozen=True)
class DelimitedFiles:
    """A file or a folder of files with a text and a label a row.

    CSV follows the usual quoting, TSV has none, JSON Lines has an object a line. The first row may
    name the columns; without names there must be two columns, text and label. A test file without
    labels is left out. Other columns are given by the options' `features`, by name or, where there
    are no names, by number from 1.

    Args:
        text: Name of the column with the text.
        label: Name of the column with the label.
    """

    text: str = "text"
    label: str = "label"
    description: str = "CSV, TSV or JSON Lines with a text and a label, one file or a folder with train, valid and test"

    def read(self, path, options) -> Dataset:
        """Reads the files.

        Args:
            path: A file, or a folder with one file a split.
            options: `seqtasks.data.sources.ReadOptions`.

        Raises:
            DataError: If there is nothing to read, a column is missing, or a row cannot be read.
        """
        for role in options.features:
            if role not in _USUAL:
                raise UsageError(f"--features {role}=...: unknown role {role!r}." + did_you_mean(role, _USUAL))
        dataset = Dataset({}, str(path))
        for split, file in find_splits(path, _SUFFIXES, options.needed).items():
            text, note = read_text(file, options.encoding)
            dataset.notes += [note] if note else []
            read = self._json_rows if file.suffix.lower() in _JSON else self._table_rows
            examples, lines = self._collect(read(text, file, split, options, dataset.notes), file, options, dataset)
            if examples:
                dataset.splits[split] = examples
                dataset.places[split] = [(file, line) for line in lines]
            elif split == TRAIN:
                raise DataError("no row has a label", file)
            else:
                dataset.notes.append(f"{file.name} has no labels and is not used")
        return dataset

    def _collect(self, rows: Iterator, file: Path, options, dataset: Dataset) -> tuple[list, list[int]]:
        """Returns the labelled examples and their lines; none if no row of the split has a label."""
        examples, lines, unlabelled, empty, skipped = [], [], [], 0, 0
        for line, row in rows:
            if isinstance(row, DataError):
                if not options.skip_bad_rows:
                    raise row
                skipped += 1
                continue
            text, label = row
            if not text.strip():
                empty += 1
            elif label is None or not label.strip():
                unlabelled.append(line)
            else:
                examples.append({"text": text, "label": label.strip()})
                lines.append(line)
        if not examples and not unlabelled:
            raise DataError("no examples", file)
        if {example["label"] for example in examples} == {"-1"}:
            return [], []
        if examples and unlabelled and not options.skip_bad_rows:
            raise DataError(f"the label is empty. {MEND_ROW}", file, unlabelled[0])
        skipped += len(unlabelled) if examples else 0
        if skipped:
            dataset.skipped += skipped
            dataset.notes.append(f"{file.name}: skipped {counted(skipped, 'bad row')}")
        if empty:
            dataset.notes.append(f"{file.name}: dropped {counted(empty, 'row')} with an empty text")
        return examples, lines

    def _table_rows(self, text: str, file: Path, split: str, options, notes: list[str]) -> Iterator:
        rows = table_rows(text, file)
        first = next(rows, None)
        if first is None:
            raise DataError("the file is empty. Expected a text and a label in each row", file)
        line, cells = first
        if isinstance(cells, DataError):
            raise cells
        width = len(cells)
        columns = self._header(cells, file, split, options)
        if columns is None:
            columns = self._positions(width, file, line, options)
            text, label = columns["text"] + 1, columns["label"] + 1
            notes.append(f"{file.name} has no header: column {text} is taken as the text, column {label} as the label")
            yield self._cells(line, cells, columns)
        for line, cells in rows:
            if isinstance(cells, DataError):
                yield line, cells
            elif len(cells) != width:
                yield line, DataError(f"expected {width} columns, received {len(cells)}. {MEND_ROW}", file, line)
            else:
                yield self._cells(line, cells, columns)

    @staticmethod
    def _cells(line: int, cells: list[str], columns: dict[str, int]):
        return line, (cells[columns["text"]], cells[columns["label"]] if "label" in columns else None)

    def _header(self, cells: list[str], file: Path, split: str, options) -> dict[str, int] | None:
        """Returns the columns by role, or None if the first row is no header."""
        names = [cell.strip().lower() for cell in cells]
        wanted = {role: (name.lower(),) for role, name in options.features.items() if not name.isdigit()}
        usual = {role: (getattr(self, role).lower(), *_USUAL[role]) for role in _USUAL}
        columns = {}
        for role, candidates in (usual | wanted).items():
            found = next((name for name in candidates if name in names), None)
            if found is not None:
                columns[role] = names.index(found)
        # A first row that is a text cannot be told from a header by its only cell.
        plausible = bool(columns) and (len(names) > 1 or split != TRAIN)
        plausible = plausible and not any(name.lstrip("+-").isdigit() for name in names)
        if not wanted and not plausible:
            return None
        for role in ("text", "label"):
            if role not in columns and (role == "text" or split == TRAIN):
                name = wanted.get(role, (getattr(self, role),))[0]
                raise DataError(
                    f"no column {name!r} for the {role}.{did_you_mean(name, [c.strip() for c in cells])} "
                    f"Say which column it is with --features {role}=COLUMN",
                    file,
                    1,
                )
        return columns

    def _positions(self, width: int, file: Path, line: int, options) -> dict[str, int]:
        columns = {"text": 0, "label": 1}
        for role, number in options.features.items():
            if not 1 <= int(number) <= width:
                raise DataError(f"--features {role}={number}: there are {width} columns", file, line)
            columns[role] = int(number) - 1
        if width != 2 and set(options.features) != {"text", "label"}:
            raise DataError(
                f"expected a header or two columns, text and label, received {width} columns; "
                "say which with --features text=1,label=2",
                file,
                line,
            )
        return columns

    def _json_rows(self, content: str, file: Path, split: str, options, _notes: list[str]) -> Iterator:
        chosen: dict[str, str] = {}
        for line, row in enumerate(content.split("\n"), start=1):
            if not row.strip():
                continue
            try:
                record = json.loads(row)
            except ValueError as error:
                yield line, DataError(f"not JSON: {error}. {MEND_ROW}", file, line)
                continue
            if not isinstance(record, dict):
                yield line, DataError(f"expected a JSON object, received {row.strip()[:60]}", file, line)
                continue
            for role in ("text", "label"):
                if role not in chosen:
                    usual = (getattr(self, role), *_USUAL[role])
                    candidates = (options.features[role],) if role in options.features else usual
                    name = next((name for name in candidates if name in record), None)
                    chosen |= {} if name is None else {role: name}
            missing = [role for role in ("text", "label") if chosen.get(role) not in record]
            if "text" in missing or (missing and split == TRAIN):
                name = chosen.get(missing[0]) or options.features.get(missing[0]) or getattr(self, missing[0])
                known = did_you_mean(name, record)
                message = f"no key {name!r} for the {missing[0]}.{known} Say which with --features {missing[0]}=KEY"
                yield line, DataError(message, file, line)
                continue
            label = record.get(chosen.get("label"))
            if not isinstance(record[chosen["text"]], str) or isinstance(label, (list, dict)):
                yield line, DataError("expected a string as text and a plain value as label", file, line)
                continue
            # Half a surrogate pair, as in truncated tweets, is no character.
            text = record[chosen["text"]].encode("utf-8", "replace").decode()
            yield line, (text, _json_label(label))


def _json_label(label) -> str | None:
    if label is None or isinstance(label, str):
        return label
    if isinstance(label, bool):
        return str(label).lower()
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
