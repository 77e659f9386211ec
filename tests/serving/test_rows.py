import numpy as np
import pytest
import tensorflow as tf

from seqtasks.data.limits import Limits
from seqtasks.errors import RefusedError
from seqtasks.sections import Tokens
from seqtasks.serving.rows import run_in_batches

LIMITS = Limits(Tokens(longest_text=5, largest_batch=12))


@pytest.fixture
def lengths():
    """A signature that counts words, within limits, and the numbers of rows that it was asked for."""
    asked = []

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def count(text):
        (words,) = LIMITS.fit(tf.strings.split(text))
        return {"words": words.row_lengths(), "text": text}

    def signature(text):
        asked.append(len(text))
        return count(text)

    return signature, asked


def run(signature, texts):
    return run_in_batches(signature, {"text": texts}, [*map(len, texts)])


def test_rows_that_are_too_much_together_are_answered_in_parts(lengths):
    signature, asked = lengths
    texts = [b"w " * n for n in (5, 1, 4, 0, 3, 5, 2)]
    assert [int(answer["words"]) for answer in run(signature, texts)] == [5, 1, 4, 0, 3, 5, 2]
    assert asked[0] == 7
    assert len(asked) > 1
    # Those that are within the limits go through in one piece.
    asked.clear()
    assert [answer["text"] for answer in run(signature, [b"a", b"b c"])] == [b"a", b"b c"]
    assert asked == [2]


def test_all_rows_that_are_too_long_are_named(lengths):
    texts = [b"w", b"w " * 6, b"w w", b"w " * 7]
    with pytest.raises(RefusedError) as caught:
        run(lengths[0], texts)
    assert caught.value.rows == {
        i: f"too long: {n} words, at most 5 are taken; send long texts in parts" for i, n in ((1, 6), (3, 7))
    }
    assert str(caught.value).startswith("text 2: too long: 6 words")


def test_other_failures_are_no_refusals():
    def signature(text):
        raise tf.errors.InvalidArgumentError(None, None, "Invalid GIF data")

    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid GIF"):
        run(signature, [b"a", b"b"])


def test_nothing_to_do(lengths):
    assert run(lengths[0], []) == []
    assert lengths[1] == []
    assert np.shape(run(lengths[0], [b""])[0]["words"]) == ()
