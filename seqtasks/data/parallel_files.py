"""Reads texts and their translations from aligned files and from tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from seqtasks.data.aligned_files import find_aligned, languages_of, read_aligned
from seqtasks.data.dataset import SPLITS, TRAIN, Dataset, complete_splits, counted
from seqtasks.data.table_rows import MEND_ROW
from seqtasks.data.text_files import find_splits, read_text, split_named
from seqtasks.errors import DataError, UsageError, did_you_mean

ROLES = ("source", "target")
_TABLES = (".tsv", ".txt", ".tab", ".tsv.gz", ".txt.gz", ".tab.gz")


@dataclass(frozen=True)
class ParallelFiles:
    """Texts and their translations, line by line in two files, or in two columns of one.

    Two files are named SPLIT.LANGUAGE, as `train.en` and `train.de`; the options' `features` say
    which language is the source, as `{"source": "en", "target": "de"}`. A table has a pair a row,
    the source in its first column and the target in its second; `features` give other columns, by
    number from 1 or by the names in the first row. Both may be packed with gzip.

    A path is a folder with train, valid and test; one file, or one of two; or what the names of two
    files share, as `test_2016`. A single one belongs to the split in its name, or to train. Three
    splits are taken as they are. One that is missing is held out of train, from which repeated pairs
    are dropped before; no text in it is a source in train too, with whatever translation.
    """

    description: str = (
        "texts and translations: SPLIT.LANGUAGE files (train.en, train.de, ...), or .tsv with two columns, "
        "one file or a folder with train, valid and test"
    )

    def exists(self, path: Path) -> bool:
        """Returns whether there is such a file or folder, or files in two languages of that name."""
        return path.exists() or len(languages_of(path)) > 1

    def read(self, path, options) -> Dataset:
        """Reads the files.

        Args:
            path: A file, a folder, or the name that two files share.
            options: `seqtasks.data.sources.ReadOptions`.

        Raises:
            UsageError: If the direction is not said or cannot be, or there is no such language.
            DataError: If there is nothing to read, the two files of a pair disagree in length, or a
                row cannot be read.
        """
        path, features = Path(path), options.features
        _check_features(features)
        dataset = Dataset({}, str(path))
        found = self._find(path, options, dataset.notes)
        for split, files in found.items():
            if isinstance(files, Path):
                name, rows = files.name, _table_rows(files, features, options, dataset.notes)
            else:
                name, rows = " and ".join(file.name for file in files), read_aligned(*files, options, dataset.notes)
            file = files if isinstance(files, Path) else files[0]
            examples, lines = _collect(rows, name, options, dataset, split == TRAIN and len(found) < len(SPLITS))
            if not examples:
                raise DataError("no pair of a text and its translation", file)
            dataset.splits[split] = examples
            dataset.places[split] = [(file, line) for line in lines]
        if TRAIN not in dataset.splits:
            return dataset
        return complete_splits(dataset, options.validation_fraction, options.seed, together="source")

    def _find(self, path: Path, options, notes: list[str]) -> dict[str, Path | tuple[Path, Path]]:
        """Returns a table, or the two aligned files, for each split."""
        if not self.exists(path):
            raise DataError("no such file or folder", path)
        if path.is_file() and path.name.lower().endswith(_TABLES):
            return {split_named(path.name) or TRAIN: path}
        # Columns and languages may be told by the same words: what is there decides.
        languages, told = languages_of(path), set(options.features.values())
        if path.is_dir() and not (languages & told if told else languages) and _has_tables(path):
            return find_splits(path, _TABLES, options.needed)
        return find_aligned(path, options.features, notes)


def _check_features(features: Mapping[str, str]) -> None:
    for role, name in features.items():
        if role not in ROLES:
            raise UsageError(f"--features {role}={name}: unknown role {role!r}." + did_you_mean(role, ROLES))
    received = ",".join(f"{role}={name}" for role, name in features.items())
    if len(features) == 1:
        raise UsageError(f"--features {received}: say both, source=...,target=...")
    if features and features["source"] == features["target"]:
        raise UsageError(f"--features {received}: the source and the target must be two different ones")


def _has_tables(folder: Path) -> bool:
    return any(file.name.lower().endswith(_TABLES) and split_named(file.name) for file in folder.iterdir())


def _collect(rows: Iterable, name: str, options, dataset: Dataset, unique: bool) -> tuple[list, list[int]]:
    """Returns the examples and their lines, and notes what was dropped."""
    examples, lines, seen = [], [], set()
    dropped = {"bad": 0, "empty": 0, "again": 0}
    for line, row in rows:
        if isinstance(row, DataError):
            if not options.skip_bad_rows:
                raise row
            dropped["bad"] += 1
            continue
        pair = tuple(text.strip() for text in row)
        if not all(pair):
            dropped["empty"] += 1
        elif unique and pair in seen:
            dropped["again"] += 1
        else:
            seen.add(pair)
            examples.append(dict(zip(ROLES, pair, strict=True)))
            lines.append(line)
    if dropped["bad"]:
        dataset.skipped += dropped["bad"]
        dataset.notes.append(f"{name}: skipped {counted(dropped['bad'], 'bad row')}")
    if dropped["empty"]:
        dataset.notes.append(f"{name}: dropped {counted(dropped['empty'], 'pair')} with an empty side")
    if dropped["again"]:
        dataset.notes.append(f"{name}: dropped {counted(dropped['again'], 'repeated pair')}")
    return examples, lines


def _table_rows(file: Path, features: Mapping[str, str], options, notes: list[str]):
    """Yields the line and the pair of each row, or an error in its place."""
    text, note = read_text(file, options.encoding)
    notes += [note] if note else []
    rows = [(line, row.rstrip("\r").split("\t")) for line, row in enumerate(text.split("\n"), 1) if row.strip()]
    if not rows:
        raise DataError("the file is empty. Expected a text and its translation in each row", file)
    columns, header = _columns(*rows[0], file, features)
    if not header and not features:
        notes.append(f"{file.name} has no header: column 1 is taken as the source, column 2 as the target")
    needed = max(columns) + 1
    for line, cells in rows[header:]:
        if len(cells) < needed:
            yield line, DataError(f"expected at least {needed} columns, received {len(cells)}. {MEND_ROW}", file, line)
        else:
            yield line, tuple(cells[column] for column in columns)


def _columns(line: int, cells: list[str], file: Path, features: Mapping[str, str]) -> tuple[list[int], bool]:
    """Returns the columns of source and target, and whether the first row is a header."""
    names = [cell.strip().lower() for cell in cells]
    header = all(role in names for role in ROLES)
    columns = []
    for role, number in zip(ROLES, ("1", "2"), strict=True):
        told = features.get(role, role if header else number)
        if told.isdigit():
            if not 1 <= int(told) <= max(len(cells), int(number)):
                raise DataError(f"--features {role}={told}: there are {len(cells)} columns", file, line)
            columns.append(int(told) - 1)
            continue
        if told.lower() not in names:
            raise DataError(
                f"no column {told!r} for the {role}.{did_you_mean(told, [cell.strip()[:40] for cell in cells])} "
                f"Say which column it is by its name in the first row, or by its number from 1",
                file,
                line,
            )
        header = True
        columns.append(names.index(told.lower()))
    return columns, header
