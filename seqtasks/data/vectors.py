"""Reads pretrained word vectors in the text formats of GloVe and fastText."""

import typing
from pathlib import Path

from seqtasks.data.vocabulary import Vocabulary
from seqtasks.errors import DataError

if typing.TYPE_CHECKING:
    import numpy as np


def load_vectors(path, vocabulary: Vocabulary, size: int, seed: int = 1) -> tuple["np.ndarray", int]:
    """Reads the vectors of the vocabulary's words and skips all others.

    A fastText file begins with a header, the number of words and the size; a GloVe file does not.
    Where the file lacks a word as it is, its lower-cased form is looked for. Words without a
    vector get a small random one, padding gets zeros.

    Args:
        path: The file, one word and its numbers a line.
        vocabulary: The words wanted.
        size: Size of each vector.
        seed: Seed of the random vectors.

    Returns:
        `(matrix, found)`: float32 array of shape `(len(vocabulary), size)`, and how many words of
        the vocabulary have a vector.

    Raises:
        DataError: If the file cannot be read, has another size or a bad row.
    """
    import numpy as np

    path = Path(path)
    wanted: dict[str, list[int]] = {}
    for i, token in enumerate(vocabulary.tokens[2:], start=2):
        wanted.setdefault(token, []).append(i)
    fallback: dict[str, list[int]] = {}
    for token in vocabulary.tokens[2:]:
        if token.lower() != token:
            fallback.setdefault(token.lower(), []).append(vocabulary.id(token))
    bound = np.sqrt(3.0 / size)
    matrix = np.random.default_rng(seed).uniform(-bound, bound, (len(vocabulary), size)).astype(np.float32)
    matrix[0] = 0
    exact, by_lower = set(), set()
    try:
        file = open(path, "rb")  # noqa: SIM115 (closed below; the error belongs to opening only)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path) from error
    line = 0
    with file:
        for line, content in enumerate(file, start=1):
            fields = content.decode("utf-8", "replace").rstrip(" \r\n").split(" ")
            if line == 1:
                _check_size(fields, size, path)
                if _is_header(fields):
                    continue
            # A word may itself hold spaces, as in GloVe's 840B file.
            word = " ".join(fields[:-size])
            rows, lower_rows = wanted.get(word, ()), fallback.get(word, ())
            if len(fields) < size + 1 or ((rows or lower_rows) and len(fields) != size + 1):
                raise DataError(f"expected a word and {size} numbers, received {len(fields)} fields", path, line)
            if not rows and not lower_rows:
                continue
            try:
                vector = np.asarray(fields[-size:], dtype=np.float32)
            except ValueError as error:
                raise DataError(f"the vector of {word!r} is not all numbers: {error}", path, line) from error
            if not np.isfinite(vector).all():
                raise DataError(f"the vector of {word!r} is not finite", path, line)
            lower_rows = [i for i in lower_rows if i not in exact]
            matrix[list(rows) + lower_rows] = vector
            exact.update(rows)
            by_lower.update(lower_rows)
    if not line:
        raise DataError(f"the file is empty. Expected a word and {size} numbers on each line", path)
    return matrix, len(exact | by_lower)


def _is_header(fields: list[str]) -> bool:
    return len(fields) == 2 and fields[0].isdigit() and fields[1].isdigit()


def _check_size(fields: list[str], size: int, path: Path) -> None:
    found = int(fields[1]) if _is_header(fields) else len(fields) - 1
    if found != size:
        raise DataError(
            f"the vectors have {found} numbers; set inputs.embedding_size={found}. Received: {size}", path, 1
        )
