"""Reads running text from files, for language models."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from seqtasks.data.dataset import SPLITS, TEST, TRAIN, VALIDATION, Dataset, counted
from seqtasks.data.text_files import find_splits, read_text
from seqtasks.errors import DataError, UsageError

_SUFFIXES = (".txt", ".text", ".tokens", ".raw")
_NEARBY = 4  # a cut moves to a line end within a quarter of the part cut off


@dataclass(frozen=True)
class TextFiles:
    """A file or a folder of files of running text.

    Where there is no validation or no test file, it is cut off the end of train, half of the options'
    `validation_fraction` for each: of a single file, the last 5 % are test and the 5 % before them
    validation. Nothing is shuffled, for a model carries its state from one text to the next.

    Args:
        lines: Whether each line is an example, without the white space around it; empty lines are
            dropped. Otherwise a whole file is one example, with its line ends.
    """

    lines: bool
    description: str = "plain text, one file or a folder with train, valid and test"

    def read(self, path, options) -> Dataset:
        """Reads the files.

        Args:
            path: A file, or a folder with one file a split.
            options: `seqtasks.data.sources.ReadOptions`.

        Raises:
            UsageError: If the options name columns.
            DataError: If there is nothing to read, or too little to cut a missing split off.
        """
        if options.features:
            received = ",".join(f"{role}={column}" for role, column in options.features.items())
            raise UsageError(f"--features {received}: plain text has no columns to name. Leave --features out")
        dataset = Dataset({}, str(path))
        files = find_splits(path, _SUFFIXES, options.needed)
        contents = {}
        for split, file in files.items():
            text, note = read_text(file, options.encoding)
            dataset.notes += [note] if note else []
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            if not text.strip():
                raise DataError("the file is empty. Give a file with text", file)
            contents[split] = _lines(text) if self.lines else text
        if TRAIN in contents:
            self._cut(contents, files[TRAIN], options.validation_fraction / 2, dataset.notes)
        for split in filter(contents.get, SPLITS):
            if self.lines:
                dataset.splits[split] = [{"text": text} for _, text in contents[split]]
                dataset.places[split] = [(files.get(split) or files[TRAIN], number) for number, _ in contents[split]]
            else:
                dataset.splits[split] = [{"text": contents[split]}]
        return dataset

    def _cut(self, contents: dict, file: Path, fraction: float, notes: list[str]) -> None:
        """Cuts the splits that are missing off the end of train, lines or a text."""
        missing = [split for split in (VALIDATION, TEST) if split not in contents]
        if not missing:
            return
        whole, unit = contents[TRAIN], "line" if self.lines else "character"
        size = max(1, round(len(whole) * fraction))
        cuts = [len(whole) - size * parts for parts in range(len(missing), 0, -1)]
        if not self.lines:
            cuts = [_line_end(whole, cut, size // _NEARBY) for cut in cuts]
        parts = [whole[start:end] for start, end in pairwise([0, *cuts, len(whole)])]
        named = " and ".join(missing)
        if cuts[0] < 1 or not all(part if self.lines else part.strip() for part in parts):
            raise DataError(
                f"too little text, {counted(len(whole), unit)}, to cut {named} off its end. Give more text, or a "
                "folder with the files train, valid and test",
                file,
            )
        contents |= dict(zip([TRAIN, *missing], parts, strict=True))
        sizes = ", ".join(f"{split} {counted(len(contents[split]), unit)}" for split in [TRAIN, *missing])
        notes.append(f"no {named} file: {file.name} is cut by position, not shuffled: {sizes}")


def _lines(text: str) -> list[tuple[int, str]]:
    """Returns the lines that hold something, with their numbers from 1."""
    return [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]


def _line_end(text: str, cut: int, most: int) -> int:
    """Returns the end of the line nearest to a cut, or the cut itself if none is as near as `most`."""
    before, after = text.rfind("\n", 0, max(cut, 0)) + 1, text.find("\n", max(cut, 0)) + 1
    near = [end for end in (before, after) if 0 < end < len(text) and abs(end - cut) <= most]
    return min(near, key=lambda end: abs(end - cut), default=cut)
