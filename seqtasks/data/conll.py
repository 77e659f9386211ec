"""Reads files with a token a line and its tags in columns, as the CoNLL shared tasks publish them."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from seqtasks.data.dataset import Dataset, counted
from seqtasks.data.tag_schemes import PLAIN, all_to_bio
from seqtasks.data.text_files import find_splits, read_text
from seqtasks.errors import DataError, UsageError, did_you_mean

_SUFFIXES = (".txt", ".conll", ".bio", ".iob", ".iob2", ".bioes", ".tsv", ".conllu")
# No-break spaces are characters of tokens.
_SEPARATORS = re.compile(r"[ \t]+")
_FURTHER = {4: {"pos": 1, "chunks": 2}}
_CONLLU = {"tokens": 1, "tags": 3}


@dataclass
class _Sentence:
    rows: list[list[str]]
    lines: list[int]


@dataclass(frozen=True)
class ConllFiles:
    """A file or a folder of files in CoNLL columns: token first, tag last.

    An empty line ends a sentence and `-DOCSTART-` lines are skipped. With four columns, the second
    and third are kept as `pos` and `chunks`. Tags are converted to BIO from whatever scheme they
    are in. `.conllu` files give the form and the universal part of speech. Other columns can be
    named, counted from 1, by the options' `features`, as `{"tokens": "2", "tags": "5"}`.
    """

    description: str = "CoNLL columns (token first, tag last), one file or a folder with train, valid and test"

    def read(self, path, options) -> Dataset:
        """Reads the files.

        Args:
            path: A file, or a folder with one file a split.
            options: `seqtasks.data.sources.ReadOptions`.

        Raises:
            DataError: If there is nothing to read, or a row or tag cannot be read.
        """
        files = find_splits(path, _SUFFIXES, options.needed)
        dataset = Dataset({}, str(path))
        sentences = {name: self._parse(file, options, dataset) for name, file in files.items()}
        for name, file in files.items():
            columns = _columns(file, sentences[name][0], options)
            dataset.splits[name] = [
                {role: [row[column] for row in sentence.rows] for role, column in columns.items()}
                for sentence in sentences[name]
            ]
            dataset.places[name] = [(file, sentence.lines[0]) for sentence in sentences[name]]
        if options.scheme != PLAIN:
            _convert(dataset, files, sentences)
        return dataset

    def _parse(self, file: Path, options, dataset: Dataset) -> list[_Sentence]:
        text, note = read_text(file, options.encoding)
        dataset.notes += [note] if note else []
        sentences = list(_sentences(text, file.suffix == ".conllu"))
        widths = Counter(len(row) for sentence in sentences for row in sentence.rows)
        if not widths:
            raise DataError(
                "no sentences. Expected a token and its tag on each line, and an empty line after each sentence", file
            )
        width = max(widths, key=lambda width: (widths[width], width))
        good, bad = [], 0
        for sentence in sentences:
            wrong = [(row, line) for row, line in zip(sentence.rows, sentence.lines, strict=True) if len(row) != width]
            if width < 2:
                raise DataError(
                    f"expected at least 2 columns, a token and its tag. Received: {' '.join(sentence.rows[0])[:60]!r}",
                    file,
                    sentence.lines[0],
                )
            if not wrong:
                good.append(sentence)
            elif not options.skip_bad_rows:
                row, line = wrong[0]
                raise DataError(
                    f"expected {width} columns as in most rows, received {len(row)}: {' '.join(row)[:60]!r}. "
                    "Mend the row, or leave such sentences out with --skip-bad-rows",
                    file,
                    line,
                )
            bad += len(wrong)
        if not good:
            raise DataError("every sentence has a bad row", file)
        if bad:
            dataset.skipped += bad
            skipped = f"{counted(len(sentences) - len(good), 'sentence')} with {counted(bad, 'bad row')}"
            dataset.notes.append(f"{file.name}: skipped {skipped}")
        return good


def _sentences(text: str, conllu: bool):
    rows: list[list[str]] = []
    lines: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.startswith("-DOCSTART-"):
            if rows:
                yield _Sentence(rows, lines)
                rows, lines = [], []
            continue
        if conllu:
            row = line.rstrip("\r").split("\t")
            # Comments, and the ids of words that stand for several rows.
            if line.startswith("#") or not row[0].isdigit():
                continue
        else:
            row = _SEPARATORS.split(line.strip(" \t\r"))
        rows.append(row)
        lines.append(number)
    if rows:
        yield _Sentence(rows, lines)


def _columns(file: Path, first: _Sentence, options) -> dict[str, int]:
    width = len(first.rows[0])
    if file.suffix == ".conllu" and width == 10:
        columns = dict(_CONLLU)
    else:
        columns = {"tokens": 0, "tags": width - 1} | _FURTHER.get(width, {})
    for role, column in options.features.items():
        if role not in ("tokens", "tags", "pos", "chunks"):
            raise UsageError(f"--features {role}={column}: unknown role." + did_you_mean(role, columns))
        if not column.isdigit() or not 1 <= int(column) <= width:
            raise DataError(f"--features {role}={column}: give a column from 1 to {width}", file, first.lines[0])
        columns[role] = int(column) - 1
    return columns


def _convert(dataset: Dataset, files: dict[str, Path], sentences: dict[str, list[_Sentence]]) -> None:
    """Converts the tags to BIO; all splits show the scheme together."""
    order = [(name, i) for name, examples in dataset.splits.items() for i in range(len(examples))]

    def locate(sequence: int, token: int) -> tuple[Path, int]:
        name, i = order[sequence]
        return files[name], sentences[name][i].lines[token]

    tags, note = all_to_bio([dataset.splits[name][i]["tags"] for name, i in order], locate)
    dataset.notes += [note] if note else []
    for (name, i), converted in zip(order, tags, strict=True):
        dataset.splits[name][i]["tags"] = converted
