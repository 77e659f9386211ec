"""Refuses requests that would take more memory than there is, within the graph: any server that loads it is protected.

A request that is refused fails with INVALID_ARGUMENT (REST: 400) and one line that says why. Nothing that takes memory
begins before the check has passed.
"""

import re
from collections.abc import Callable, Sequence

import tensorflow as tf

from seqtasks.sections import Bases, Text, Tokens

LIGHT = 16
"""How many symbols that are written, or pairs of symbols that are compared, take about as much memory as one that is
read."""

_NAMES = {Tokens: "words", Text: "words", Bases: "bases"}
_UNITS = {"word": "words", "subword": "subwords", "character": "characters", "byte": "bytes"}
_APART = "send long texts apart from short ones"
_REFUSAL = re.compile(r"assertion failed: \[(.*?)\](?:\n|$)")


class Limits:
    """What a request may have. Its methods return what they are given, once it is found to be within the limits.

    Args:
        inputs: The configuration's section of inputs; what it has no limit for is not limited.
    """

    def __init__(self, inputs):
        self.symbols = _UNITS.get(getattr(inputs, "unit", None)) or _NAMES.get(type(inputs), "symbols")
        self.rows = getattr(inputs, "most_rows", None)
        self.places = getattr(inputs, "largest_batch", None)
        self.longest = None if self.places is None else min(inputs.longest_text, self.places)
        self.seconds = getattr(inputs, "most_seconds", None)

    def few(self, rows: tf.Tensor) -> tf.Tensor:
        """Refuses too many rows.

        Args:
            rows: Of any type, `[B, ...]`.
        """
        if self.rows is None:
            return rows
        count = tf.shape(rows)[0]
        message = ["too many rows: ", count, f", at most {self.rows} are taken; send them in several requests"]
        return _passed(count <= self.rows, lambda: message, rows)

    def fit(self, symbols: tf.RaggedTensor, *others: tf.RaggedTensor) -> tuple[tf.RaggedTensor, ...]:
        """Refuses texts that are too long, and those that would take too much when all are padded to the longest.

        Args:
            symbols: Their symbols, ragged `[B, (T)]`.
            *others: What there is besides of each symbol.
        """
        given = (symbols, *others)
        if self.places is None:
            return given
        lengths = tf.cast(symbols.row_lengths(), tf.int32)
        longest, row = _longest(lengths)

        def message():
            taken = f" {self.symbols}, at most {self.longest} are taken; send long texts in parts"
            return ["row ", row, " is too long: ", longest, taken]

        given = _passed(longest <= self.longest, message, given)
        return self._padded(lengths, given)

    def padded(self, features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Refuses a batch of features that is too large.

        Args:
            features: `mask` bool `[B, T]` among them.
        """
        if self.places is None:
            return features
        return self._padded(tf.reduce_sum(tf.cast(features["mask"], tf.int32), axis=1), features)

    def written(self, wishes):
        """Refuses to write too much.

        Args:
            wishes: Tensors `[B]` in a tuple, `max_length` among them, how many symbols may follow each prompt.
        """
        if self.places is None:
            return wishes
        # Columns of different lengths are no request, but are found out later only.
        rows = tf.reduce_max(tf.stack([tf.size(column) for column in wishes]))
        longest, _ = _longest(wishes.max_length)
        most = LIGHT * self.places

        def message():
            taken = f" {self.symbols}, at most {most} in all are written; {_APART}"
            return ["too much at once: ", rows, " rows, of which one asks for ", longest, taken]

        return _passed(_product(rows, longest) <= most, message, wishes)

    def pairs(self, source: dict[str, tf.Tensor], targets: tf.RaggedTensor) -> tuple[dict, tf.RaggedTensor]:
        """Refuses pairs of texts that are too large to look from one at the other.

        Args:
            source: Features of the first ones, `mask` bool `[B, T]` among them.
            targets: Symbols of the second ones, ragged `[B, (S)]`.
        """
        if self.places is None:
            return source, targets
        rows, width = tf.unstack(tf.shape(source["mask"]))
        longest, _ = _longest(tf.cast(targets.row_lengths(), tf.int32))
        most = LIGHT * self.places

        def message():
            taken = f" {self.symbols}, at most {most} in all are compared; {_APART}"
            sizes = [rows, " pairs, whose longest texts have ", width, " and ", longest]
            return ["too much at once: ", *sizes, taken]

        return _passed(_product(rows, width, longest) <= most, message, (source, targets))

    def heard(self, given: tf.Tensor, samples: tf.Tensor, rate: int) -> tf.Tensor:
        """Refuses sounds that would take too much when all are padded to the longest.

        Args:
            given: What they are made of.
            samples: How many samples each has at most, int32 `[B]`.
            rate: Samples a second.
        """
        if self.seconds is None:
            return given
        rows, (longest, row) = tf.size(samples), _longest(samples)

        def message():
            taken = f", at most {self.seconds} in all are taken; send long sounds in parts, apart from short ones"
            sizes = [rows, " rows, padded to the ", longest // rate, " seconds of row ", row]
            return ["too much at once: ", *sizes, taken]

        return _passed(_product(rows, longest) <= self.seconds * rate, message, given)

    def _padded(self, lengths, given):
        rows, (longest, row) = tf.size(lengths), _longest(lengths)

        def message():
            taken = f", at most {self.places} in all are taken; {_APART}"
            sizes = [rows, " rows, padded to the ", longest, f" {self.symbols} of row ", row]
            return ["too much at once: ", *sizes, taken]

        return _passed(_product(rows, longest) <= self.places, message, given)


def refusal(error: Exception) -> str | None:
    """Returns the line with which a graph refused a request, or None if it failed for another reason.

    Args:
        error: What TensorFlow raised.
    """
    found = _REFUSAL.search(getattr(error, "message", None) or "")
    return found[1] if found else None


def _longest(lengths):
    """Returns the largest of int32 `[B]` and its row; (0, -1) without rows."""
    lengths = tf.concat([[0], lengths], axis=0)
    return tf.reduce_max(lengths), tf.argmax(lengths, output_type=tf.int32) - 1


def _product(*factors):
    return tf.reduce_prod(tf.cast(tf.stack(factors), tf.int64))


def _passed(right: tf.Tensor, message: Callable[[], Sequence], given):
    """Returns tensors, which are there once a condition has been found true.

    Args:
        right: The condition.
        message: Makes the parts of what is said if it is false, texts and whole numbers.
        given: Tensors in any structure.
    """

    def fail():
        parts = [tf.as_string(part) if tf.is_tensor(part) else part for part in message()]
        with tf.control_dependencies([tf.raw_ops.Assert(condition=False, data=[tf.strings.join(parts)])]):
            return tf.constant(False)

    # Where strings are. In the usual case none of the message is made.
    with tf.device("CPU:0"):
        passed = tf.cond(right, lambda: tf.constant(True), fail)
    with tf.control_dependencies([passed]):
        return tf.nest.map_structure(tf.identity, given, expand_composites=True)
