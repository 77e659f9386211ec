"""The errors a user can meet, and the help that goes with them."""

import difflib
from collections.abc import Iterable


class SeqtasksError(Exception):
    """A failure that one clear line explains; the command line exits with 1.

    The message names what was received, where, and what to do about it.
    """

    exit_code = 1


class UsageError(SeqtasksError):
    """A request that cannot be carried out as written; the command line exits with 2."""

    exit_code = 2


class DataError(SeqtasksError):
    """Input data that cannot be read as asked.

    Args:
        message: What is wrong and what to do.
        path: The file, if there is one.
        line: Its line number, counted from 1.
    """

    def __init__(self, message: str, path=None, line: int | None = None):
        where = "" if path is None else f"{path}:{line}: " if line else f"{path}: "
        super().__init__(where + message)
        self.path = path


class RefusedError(DataError):
    """Inputs that a model refuses, as they are too long for it.

    Args:
        rows: Why, by their places among all inputs.
    """

    def __init__(self, rows: dict[int, str]):
        first = min(rows)
        super().__init__(f"text {first + 1}: {rows[first]}")
        self.rows = rows


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Returns the tail of an error message for a name that is not known.

    Args:
        word: The name received.
        known: Every name that would have been right.
    """
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.6)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return f"{hint} Known: {', '.join(known) or 'none'}."
