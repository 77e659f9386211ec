"""Finds and reads pairs of files that hold the same text in two languages, line by line."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from seqtasks.data.dataset import SPLITS, TRAIN
from seqtasks.data.text_files import read_text, split_named
from seqtasks.errors import DataError, UsageError, did_you_mean

Pair = tuple[Path, Path]
_OTHERS = ("tsv", "txt", "tab")


def languages_of(path: Path) -> set[str]:
    """Returns the endings of the files that have the same name before it as another one.

    Args:
        path: A folder, in which names must speak of a split; a file; or a name without its ending.
    """
    return {language for files in _stems(path).values() if len(files) > 1 for language in files}


def find_aligned(path: Path, features: Mapping[str, str], notes: list[str]) -> dict[str, Pair]:
    """Returns the files with the source and the target of each split.

    Args:
        path: As for `languages_of`.
        features: The language of `source` and of `target`; empty where it is not known.
        notes: Receives what is not used.

    Raises:
        UsageError: If the languages are not known, or no file is in one of them.
        DataError: If there is no pair of files, or more than one to train on.
    """
    languages = sorted(languages_of(path))
    if not features:
        if len(languages) < 2:
            raise _nothing(path)
        first, second = languages[:2]
        raise UsageError(
            f"{path} has texts in {', '.join(languages)}: say which is the source and which the target, "
            f"with --features source={first},target={second} or --features source={second},target={first}"
        )
    wanted = (features["source"], features["target"])
    for role, language in features.items():
        if languages and language not in languages:
            raise UsageError(f"--features {role}={language}: {path} has none." + did_you_mean(language, languages))
    if languages and path.is_file() and _split_name(path)[1] not in wanted:
        raise UsageError(f"{path} is neither in {wanted[0]} nor in {wanted[1]}, which --features names")
    pairs: dict[str, list[str]] = {}
    stems = _stems(path)
    for stem, files in stems.items():
        if all(language in files for language in wanted):
            pairs.setdefault(split_named(stem) or TRAIN, []).append(stem)
        elif found := [files[language].name for language in wanted if language in files]:
            notes.append(f"{found[0]} is not used: there is no file beside it with the other language")
    if not pairs:
        raise _nothing(path, wanted)
    if len(pairs.get(TRAIN, ())) > 1:
        raise DataError(f"two pairs of files for the train split: {' and '.join(pairs[TRAIN][:2])}", path)
    for split, names in pairs.items():
        if len(names) > 1:
            example = stems[names[1]][wanted[0]]
            notes.append(
                f"the {split} split is {names[0]}; not used: {', '.join(names[1:])}. To evaluate on one of them, give "
                f"it as the path: --data {example} --features source={wanted[0]},target={wanted[1]} --split {split}"
            )
    return {
        split: (stems[pairs[split][0]][wanted[0]], stems[pairs[split][0]][wanted[1]])
        for split in SPLITS
        if split in pairs
    }


def read_aligned(source: Path, target: Path, options, notes: list[str]) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yields the number of each line, and the line in both languages.

    Args:
        source: A file.
        target: A file with as many lines.
        options: `seqtasks.data.sources.ReadOptions`.
        notes: Receives what is assumed of the encoding.

    Raises:
        DataError: If the files disagree in length, or cannot be read.
    """
    columns = []
    for file in (source, target):
        text, note = read_text(file, options.encoding)
        notes += [note] if note else []
        # Not `splitlines`, which also cuts at marks that are part of a line in one of the languages.
        columns.append(text.removesuffix("\n").split("\n") if text else [])
    if len(columns[0]) != len(columns[1]):
        raise DataError(
            f"{len(columns[0]):,} lines, but {target} has {len(columns[1]):,}. Line by line, one must translate the "
            "other: mend the files",
            source,
        )
    yield from enumerate(zip(*columns, strict=True), start=1)


def _stems(path: Path) -> dict[str, dict[str, Path]]:
    """Returns the files by their names without language, and by language."""
    folder = path if path.is_dir() else path.parent
    if not folder.is_dir():
        return {}
    if path.is_dir():
        only = None
    elif path.is_file():
        only = _split_name(path)[0]
    else:
        only = path.name
    stems: dict[str, dict[str, Path]] = {}
    for file in sorted(folder.iterdir()):
        stem, language = _split_name(file)
        chosen = split_named(stem) is not None if only is None else stem == only
        if chosen and stem and re.fullmatch(r"[^\W\d][\w@-]*", language) and language not in _OTHERS and file.is_file():
            stems.setdefault(stem, {}).setdefault(language, file)
    return stems


def _split_name(file: Path) -> tuple[str, str]:
    stem, _, language = re.sub(r"\.gz$", "", file.name).rpartition(".")
    return stem, language


def _nothing(path: Path, languages: tuple[str, str] = ("SOURCE", "TARGET")) -> DataError:
    folder = path if path.is_dir() else path.parent
    found = ", ".join(sorted(file.name for file in folder.iterdir())[:10]) or "nothing"
    return DataError(
        f"no texts with their translations. Expected two files named SPLIT.{languages[0]} and SPLIT.{languages[1]}, as "
        f"train.en and train.de, or train.tsv with two columns. Found: {found}",
        path,
    )
