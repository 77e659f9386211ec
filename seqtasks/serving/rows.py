"""Rows of texts through a signature, in batches of similar size."""

from collections.abc import Callable

import numpy as np

from seqtasks.errors import RefusedError, UsageError

BATCH_ROWS = 64
BATCH_BYTES = 64_000  # a tagger takes about 15 kB of memory for each


def run_in_batches(signature: Callable[..., dict], arguments: dict[str, list], sizes: list[int]) -> list[dict]:
    """Runs a signature over rows.

    Args:
        signature: A function of tensors by name that returns tensors by name.
        arguments: Each argument's rows; see `dense`.
        sizes: Each row's size.

    Returns:
        Each row's outputs by name, in the rows' order.

    Raises:
        RefusedError: If the model's limits refuse some of them even alone; see `seqtasks.data.limits`.
    """
    import tensorflow as tf

    from seqtasks.data.limits import refusal

    answers, refused = [{} for _ in sizes], {}
    # The longest first: if some are refused, not all has been done for nothing.
    waiting = list(_batches(sizes))
    while waiting:
        indices = waiting.pop()
        batch = {name: [rows[index] for index in indices] for name, rows in arguments.items()}
        try:
            outputs = signature(**{name: tf.constant(dense(rows)) for name, rows in batch.items()})
        except tf.errors.InvalidArgumentError as error:
            if (why := refusal(error)) is None:
                raise
            if len(indices) == 1:
                refused[indices[0]] = why.removeprefix("row 0 is ")
            else:
                # Together they may be too much where each by itself is not.
                half = len(indices) // 2
                waiting += [indices[:half], indices[half:]]
            continue
        outputs = {name: value.numpy() for name, value in outputs.items()}
        for position, index in enumerate(indices):
            answers[index] = {name: value[position] for name, value in outputs.items()}
    if refused:
        raise RefusedError(refused)
    return answers


def dense(rows: list):
    """Returns rows of one length, those that are shorter padded: lists with `""`, arrays with zeros.

    Args:
        rows: Bytes or numbers, which stay as they are; lists of bytes; or arrays that differ in their first axis alone.
    """
    if rows and isinstance(rows[0], list):
        width = max(1, *map(len, rows))
        return [row + [b""] * (width - len(row)) for row in rows]
    if rows and isinstance(rows[0], np.ndarray):
        padded = np.zeros((len(rows), max(map(len, rows)), *rows[0].shape[1:]), rows[0].dtype)
        for place, row in zip(padded, rows, strict=True):
            place[: len(row)] = row
        return padded
    return rows


def checked(values, kind: type, what: str) -> list:
    """Returns the values as a list.

    Raises:
        UsageError: If they are one text, or one of them is of another kind.
    """
    if isinstance(values, (str, bytes)):
        raise UsageError(f"expected a list of {what}. Received: {values!r}")
    values = list(values)
    for value in values:
        if not isinstance(value, kind):
            raise UsageError(f"expected a list of {what}. Received: {value!r}")
    return values


def encoded(text: str) -> bytes:
    """Returns a text's bytes; those that were no UTF-8 come back as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair: one `?` each keeps the offsets
        return text.encode("utf-8", "replace")


def decoded(text: bytes) -> str:
    """Returns the text of bytes, the reverse of `encoded`."""
    return text.decode("utf-8", "surrogateescape")


def _batches(sizes: list[int]) -> list[list[int]]:
    """Groups rows of similar size, so that little is padding; a long row travels alone."""
    batches: list[list[int]] = []
    for index in sorted(range(len(sizes)), key=sizes.__getitem__):
        if not batches or len(batches[-1]) == BATCH_ROWS or (len(batches[-1]) + 1) * sizes[index] > BATCH_BYTES:
            batches.append([])
        batches[-1].append(index)
    return batches
