"""Texts from the command line, from files and from standard input."""

import sys
from collections.abc import Callable, Iterator

import click

from seqtasks.errors import UsageError


def text_arguments(command: Callable) -> Callable:
    """Adds TEXTs and `--file`; the verb receives `texts` and `files`, for `read_inputs`."""
    more = "Read texts from a file, one a line. Can be repeated."
    command = click.option("-f", "--file", "files", multiple=True, metavar="FILE", help=more)(command)
    return click.argument("texts", nargs=-1, metavar="[TEXT]...")(command)


def read_inputs(texts, files) -> Iterator[str]:
    """Yields texts: arguments, of which `-` means standard input, and then the lines of files.

    Args:
        texts: The arguments.
        files: Names of files; `-` means standard input too.

    Raises:
        UsageError: If a file cannot be read.
    """
    for text in texts:
        if text == "-":
            yield from _lines(sys.stdin)
        else:
            yield text
    for file in files:
        if file == "-":
            yield from _lines(sys.stdin)
        else:
            yield from _file_lines(file)


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
