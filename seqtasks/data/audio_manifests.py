"""Reads tables that say where sounds are and what is said in them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from seqtasks.data.audio_names import Clip
from seqtasks.data.dataset import SPLITS, TRAIN
from seqtasks.data.table_rows import MEND_ROW, table_rows
from seqtasks.data.text_files import SPLIT_WORDS, find_splits, read_text, split_named
from seqtasks.errors import DataError, did_you_mean

JSON = (".jsonl", ".ndjson", ".json")
SUFFIXES = (".csv", ".tsv", *JSON)
USUAL = {
    "audio": ("audio", "path", "file", "wav", "file_name", "filename", "audio_filepath", "audio_path", "wav_filename"),
    "text": ("text", "transcript", "transcription", "sentence"),
    "label": ("label", "class", "category", "word", "command"),
}

_NAMES = ("manifest", "metadata")
# Where well-known corpora keep the sounds that their tables name.
_FOLDERS = ("", "clips", "wavs", "wav", "audio", "recordings")


def find_manifests(path: Path, needed: str = TRAIN) -> dict[str | None, Path]:
    """Returns the table of each split, under None one table for all of them, or nothing.

    Args:
        path: A table, or a folder with tables named after splits or with a single `manifest` or `metadata`.
        needed: The split that a folder must have if it has no train table.

    Raises:
        DataError: If there are two tables for one split, or none for the one that is needed.
    """
    if path.is_file():
        return {split_named(path.name): path}
    tables = [file for file in sorted(path.iterdir()) if file.suffix.lower() in SUFFIXES and file.is_file()]
    if any(split_named(file.name) for file in tables):
        return find_splits(path, SUFFIXES, needed)
    whole = [file for file in tables if file.stem.lower() in _NAMES]
    if len(whole) > 1:
        raise DataError(f"two manifests, {whole[0].name} and {whole[1].name}: say which one", path)
    return {None: whole[0]} if whole else {}


def read_manifests(
    files: Mapping[str | None, Path], target: str, options, notes: list[str]
) -> dict[str, list[Clip | DataError]]:
    """Returns the rows of each split, errors in the place of bad ones.

    A table for all splits may have a column `split`; without it, all rows belong to train.

    Args:
        files: As `find_manifests` returns them.
        target: What is wanted beside the sound, `"text"` or `"label"`.
        options: `seqtasks.data.sources.ReadOptions`; its `features` name the columns, or number them from
            1 where the first row holds no names.
        notes: Grows by what was repaired.

    Raises:
        DataError: If a table cannot be read at all, or has no such column.
    """
    found: dict[str, list[Clip | DataError]] = {}
    for split, file in files.items():
        text, note = read_text(file, options.encoding)
        notes += [note] if note else []
        read = _json_rows if file.suffix.lower() in JSON else _table_rows
        rows = list(read(text, file, ("audio", target), options.features))
        if not rows:
            raise DataError("no rows. Expected a sound and what is said in it in each", file)
        for line, row in rows:
            told = TRAIN if split is None else split
            if isinstance(row, dict):
                word = row.get("split", "").strip().lower() if split is None else ""
                told = SPLIT_WORDS.get(word, told)
                row = _clip(row, file, line, target)
                if word and word not in SPLIT_WORDS:
                    row = DataError(f"unknown split {word!r}.{did_you_mean(word, SPLIT_WORDS)} {MEND_ROW}", file, line)
            found.setdefault(told, []).append(row)
    return {split: found[split] for split in SPLITS if split in found}


def _clip(row: Mapping[str, str], file: Path, line: int, target: str) -> Clip | DataError:
    name = row["audio"].strip()
    if not name:
        return DataError(f"no sound is named. {MEND_ROW}", file, line)
    sounds = [file.parent / folder / name for folder in _FOLDERS]
    sound = next((sound for sound in sounds if sound.is_file()), None)
    if sound is None:
        return DataError(f"no such file: {sounds[0]}. {MEND_ROW}", file, line)
    return Clip(sound, row[target], (file, line))


def _table_rows(text: str, file: Path, roles: tuple[str, ...], features: Mapping[str, str]) -> Iterator:
    rows = table_rows(text, file)
    columns: dict[str, int] = {}
    width = 0
    for line, cells in rows:
        if not columns and not isinstance(cells, DataError):
            columns, header = _columns(cells, file, line, roles, features)
            width = len(cells)
            if header:
                continue
        if isinstance(cells, DataError):
            yield line, cells
        elif len(cells) != width:
            yield line, DataError(f"expected {width} columns, received {len(cells)}. {MEND_ROW}", file, line)
        else:
            yield line, {role: cells[column] for role, column in columns.items()}


def _columns(
    cells: list[str], file: Path, line: int, roles, features: Mapping[str, str]
) -> tuple[dict[str, int], bool]:
    """Returns the column of each role, and whether the first row names them."""
    names = [cell.strip().lower() for cell in cells]
    header = not all(features.get(role, "").isdigit() for role in roles)
    columns = {}
    for role in roles:
        told = features.get(role)
        if told and told.isdigit():
            if not 1 <= int(told) <= len(cells):
                raise DataError(f"--features {role}={told}: there are {len(cells)} columns", file, line)
            columns[role] = int(told) - 1
            continue
        name = next((name for name in ((told.lower(),) if told else USUAL[role]) if name in names), None)
        if name is None:
            raise _missing(told, role, [cell.strip()[:40] for cell in cells], file, line)
        columns[role] = names.index(name)
    if header and "split" in names:
        columns["split"] = names.index("split")
    return columns, header


def _missing(told: str | None, role: str, known: list[str], file: Path, line: int) -> DataError:
    return DataError(
        f"no column {told or USUAL[role][0]!r} for the {role}.{did_you_mean(told or USUAL[role][0], known)} "
        f"Say which column it is with --features {role}=COLUMN",
        file,
        line,
    )


def _json_rows(text: str, file: Path, roles: tuple[str, ...], features: Mapping[str, str]) -> Iterator:
    keys: dict[str, str] = {}
    for line, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        try:
            record = json.loads(row)
        except (ValueError, RecursionError) as error:
            yield line, DataError(f"not JSON: {error}. {MEND_ROW}", file, line)
            continue
        if not isinstance(record, dict):
            yield line, DataError(f"expected a JSON object, received {row.strip()[:60]}. {MEND_ROW}", file, line)
            continue
        for role in roles:
            candidates = (features[role],) if role in features else USUAL[role]
            name = next((name for name in candidates if name in record), None)
            if name is not None:
                keys.setdefault(role, name)
        missing = next((role for role in roles if role not in keys), None)
        if missing:
            yield line, _missing(features.get(missing), missing, list(record), file, line)
            continue
        values = {role: record.get(keys[role]) for role in roles}
        wrong = next((role for role, value in values.items() if not isinstance(value, (str, int))), None)
        if wrong:
            message = f"expected a string as {keys[wrong]}, received {values[wrong]!r}. {MEND_ROW}"
            yield line, DataError(message, file, line)
            continue
        yield line, {role: str(value) for role, value in values.items()} | {"split": str(record.get("split") or "")}
