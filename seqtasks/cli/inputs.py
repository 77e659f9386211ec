"""Texts from the command line, from files and from standard input."""

import sys
from collections.abc import Callable, Iterator

import click

from seqtasks.cli.genes_output import fasta_sequences, is_fasta
from seqtasks.errors import DataError, UsageError


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
            yield from _lines(sys.stdin)
        else:
            yield text
    for file in files:
        if file == "-":
            yield from _lines(sys.stdin)
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


def _file_lines(file: str) -> Iterator[str]:
    try:
        # Only "\n" ends a line: others may stand inside a text.
        with open(file, encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            yield from _lines(stream)
    except OSError as error:
        raise UsageError(f"--file {file}: {error.strerror}") from None


def _lines(stream) -> Iterator[str]:
    for line in stream:
        yield line.rstrip("\r\n")
