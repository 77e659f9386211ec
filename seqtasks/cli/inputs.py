"""Texts from the command line, from files and from standard input."""

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence

import click

from seqtasks.cli.genes_output import fasta_sequences, is_fasta
from seqtasks.cli.placed import Placed
from seqtasks.errors import DataError, RefusedError, UsageError

STANDARD_INPUT = "standard input"
LINES_AT_ONCE = 512
_SHOWN = 40  # characters


def text_arguments(command: Callable) -> Callable:
    """Adds TEXTs and `--file`; the verb receives `texts` and `files`, for `read_inputs`."""
    more = "Read texts from a file, one a line. Can be repeated."
    command = click.option("-f", "--file", "files", multiple=True, metavar="FILE", help=more)(command)
    return click.argument("texts", nargs=-1, metavar="[TEXT]...")(command)


def read_inputs(texts, files, skip_bad_rows: bool = False, notes: list[str] | None = None) -> Iterator[str]:
    """Yields texts: arguments, of which `-` means standard input, and then the lines of files, or a FASTA file's
    sequences.

    Args:
        texts: The arguments.
        files: Names of files; `-` means standard input too.
        skip_bad_rows: Leave out what cannot be read within a FASTA file.
        notes: Takes what was left out.

    Raises:
        UsageError: If a file cannot be read.
        DataError: If a FASTA file cannot be.
    """
    for text in texts:
        if text == "-":
            yield from _lines(sys.stdin, STANDARD_INPUT)
        else:
            yield text
    for file in files:
        if file == "-":
            yield from _lines(sys.stdin, STANDARD_INPUT)
        elif is_fasta(file):
            yield from fasta_sequences(file, skip_bad_rows, [] if notes is None else notes)
        else:
            yield from _file_lines(file)


def loaded_inputs(inputs, predictor, skip_bad_rows: bool, notes: list[str]) -> Iterator:
    """Yields inputs as a predictor takes them: files of sounds and clips read.

    Args:
        inputs: What was given.
        predictor: What predicts.
        skip_bad_rows: Leave out those that cannot be read and tell of each, instead of failing.
        notes: Takes how many were left out.

    Raises:
        DataError: If one cannot be read.
    """
    skipped = 0
    for given in inputs:
        try:
            yield predictor.raw.load(given)
        except DataError as error:
            if not skip_bad_rows:
                raise
            click.echo(f"Skipped: {error}", err=True)
            skipped += 1
    if skipped:
        notes.append(f"left out {skipped} of what was given, which cannot be read")


def answered(answer: Callable[[list], list[dict]], inputs, skip_bad_rows: bool, notes: list[str]) -> Iterator[dict]:
    """Yields what a predictor answers to each input, a part of them at a time.

    Args:
        answer: The predictor's method.
        inputs: What it takes.
        skip_bad_rows: Leave out those that it refuses as too long and tell of each, instead of failing.
        notes: Takes how many were left out.

    Raises:
        DataError: If it refuses one; the message says where that one is from.
    """
    skipped = 0
    inputs = iter(inputs)
    while part := list(itertools.islice(inputs, LINES_AT_ONCE)):
        try:
            found = answer(part)
        except RefusedError as error:
            bad = refused(error, part)
            if not skip_bad_rows:
                raise next(iter(bad.values())) from None
            for why in bad.values():
                click.echo(f"Skipped: {why}", err=True)
            skipped += len(bad)
            found = answer([given for i, given in enumerate(part) if i not in bad])
        yield from found
    if skipped:
        notes.append(f"left out {skipped} of what was given, which the model refuses")


def refused(error: RefusedError, inputs: Sequence) -> dict[int, DataError]:
    """Returns an error for each input that a model refuses, which says where it is from.

    Args:
        error: What refused them.
        inputs: All of them.
    """
    found = {}
    for i, why in sorted(error.rows.items()):
        place = getattr(inputs[i], "place", ())
        found[i] = DataError(why if place else f"{inputs[i][:_SHOWN]!r}: {why}", *place)
    return found


def _file_lines(file: str) -> Iterator[str]:
    try:
        # Only "\n" ends a line: others may stand inside a text.
        with open(file, encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            yield from _lines(stream, file)
    except OSError as error:
        raise UsageError(f"--file {file}: {error.strerror}") from None


def _lines(stream, name: str) -> Iterator[Placed]:
    for number, line in enumerate(stream, start=1):
        yield Placed(line.rstrip("\r\n"), (name, number))
