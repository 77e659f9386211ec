"""Finds the user's text files by split, and decodes them."""

import gzip
import re
import zlib
from pathlib import Path

from seqtasks.data.dataset import SPLITS, TEST, TRAIN, VALIDATION
from seqtasks.errors import DataError

SPLIT_WORDS = {
    "train": TRAIN,
    "training": TRAIN,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "testa": VALIDATION,
    "test": TEST,
    "testb": TEST,
}


def split_named(name: str) -> str | None:
    """Returns the split that a file's name speaks of, as `"test"` for `test_2016.txt`, or None."""
    names = {SPLIT_WORDS[word] for word in _words(name) if word in SPLIT_WORDS}
    return names.pop() if len(names) == 1 else None


def find_splits(path, suffixes: tuple[str, ...], needed: str = TRAIN) -> dict[str, Path]:
    """Returns the file of each split.

    Args:
        path: A file, which is the train split, or a folder whose files are named after splits
            (`train`, `valid`/`validation`/`dev`/`testa`, `test`/`testb`).
        suffixes: Endings of file names to consider in a folder, as `".csv"`.
        needed: The split that a folder must have if it has no train file.

    Raises:
        DataError: If there is no such file, no train file where it is needed, or two files for one
            split.
    """
    path = Path(path)
    if path.is_file():
        return {TRAIN: path}
    if not path.is_dir():
        raise DataError("no such file or folder", path)
    splits: dict[str, Path] = {}
    for file in sorted(path.iterdir()):
        name = split_named(file.name)
        # CoNLL's own files end with the split: eng.testa
        ending = file.name.lower().endswith(suffixes) or _words(file.name)[-1] in SPLIT_WORDS
        if name is None or not ending or not file.is_file():
            continue
        if name in splits:
            raise DataError(f"two files for the {name} split: {splits[name].name} and {file.name}", path)
        splits[name] = file
    if TRAIN not in splits and needed not in splits:
        found = ", ".join(sorted(file.name for file in path.iterdir())[:10]) or "nothing"
        endings = " ".join(suffixes)
        raise DataError(
            f"no {needed} file. Name the files train, valid and test, each ending in one of {endings}. Found: {found}",
            path,
        )
    return {name: splits[name] for name in SPLITS if name in splits}


def _words(name: str) -> list[str]:
    return re.split(r"[^a-z0-9]+", name.lower())


def read_text(path: Path, encoding: str | None = None) -> tuple[str, str | None]:
    """Reads a file as UTF-8, or as cp1252 where it is not UTF-8.

    Args:
        path: The file; one that ends in `.gz` is unpacked.
        encoding: The encoding, where it is known.

    Returns:
        The text without byte order mark, and a note if cp1252 had to be assumed.

    Raises:
        DataError: If the file cannot be read, is not text or not in the encoding.
    """
    try:
        content = Path(path).read_bytes()
        if Path(path).suffix.lower() == ".gz":
            content = gzip.decompress(content)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"not a whole gzip file: {error}", path) from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path) from error
    codec = encoding or "utf-8"
    if not encoding and b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise DataError("not a text file: it holds zero bytes. Give a file in UTF-8", path, line)
    try:
        return content.decode(codec).removeprefix("\ufeff"), None
    except LookupError as error:
        raise DataError(f"unknown encoding {encoding!r}", path) from error
    except UnicodeDecodeError as error:
        if encoding:
            line = content.count(b"\n", 0, error.start) + 1
            raise DataError(f"not {encoding}: byte 0x{content[error.start]:02x}", path, line) from error
    note = f"{Path(path).name} is not UTF-8; it was read as cp1252"
    # Five bytes are no cp1252 characters.
    return content.decode("cp1252", errors="replace"), note
