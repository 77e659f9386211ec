import dataclasses

import pytest
import tensorflow as tf

from seqtasks.data.limits import LIGHT, Limits, refusal
from seqtasks.decoding.generation import Wishes
from seqtasks.sections import Bases, Clip, Frames, Sound, SourceText, Symbols, Text, Tokens

LIMITS = Limits(Tokens(longest_text=5, largest_batch=12, most_rows=4))
TEXTS = tf.TensorSpec([None], tf.string)


def words(*lengths):
    """Returns texts of so many words."""
    return tf.constant(["w " * length for length in lengths], tf.string)


def refused(function, *arguments) -> str:
    """Returns the line with which a graph refuses what it is given."""
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        function(*arguments)
    return refusal(caught.value)


@tf.function(input_signature=[TEXTS])
def fit(text):
    symbols = tf.strings.split(text)
    kept, places = LIMITS.fit(symbols, symbols.with_values(tf.range(tf.size(symbols.values))))
    return kept.to_tensor(), places.to_tensor(-1)


@pytest.mark.parametrize("lengths", [[], [0], [5], [5, 0], [4, 4, 4], [3, 3, 0, 1]])
def test_what_is_within_the_limits_stays_as_it_is(lengths):
    kept, places = fit(words(*lengths))
    expected = tf.strings.split(words(*lengths)).to_tensor()
    assert kept.numpy().tolist() == expected.numpy().tolist()
    assert [row for row in places.numpy().ravel().tolist() if row >= 0] == list(range(sum(lengths)))


def test_a_text_that_is_too_long():
    assert refused(fit, words(1, 6, 2)) == ("row 1 is too long: 6 words, at most 5 are taken; send long texts in parts")


def test_texts_that_are_too_much_when_padded():
    assert refused(fit, words(1, 1, 5)) == (
        "too much at once: 3 rows, padded to the 5 words of row 2, at most 12 in all are taken; "
        "send long texts apart from short ones"
    )


def test_rows_that_are_too_many():
    few = tf.function(LIMITS.few, input_signature=[TEXTS])
    assert few(words(1, 2, 3, 4)).shape == [4]
    assert refused(few, words(*[1] * 5)) == "too many rows: 5, at most 4 are taken; send them in several requests"


def test_nothing_large_is_made_before_the_refusal():
    """A table of more than 2^40 places, which no machine has."""

    @tf.function(input_signature=[TEXTS, tf.TensorSpec([], tf.int64)])
    def padded(text, width):
        (kept,) = LIMITS.fit(tf.strings.split(text))
        lengths = kept.row_lengths()
        return tf.reduce_sum(tf.cast(tf.sequence_mask(lengths, tf.reduce_max(lengths) * width), tf.int32))

    assert padded(words(5), 3) == 5
    assert "row 0 is too long" in refused(padded, words(6), 2**38)


def test_features_that_are_too_large():
    mask = tf.function(lambda mask: LIMITS.padded({"mask": mask, "words": mask})["words"])
    assert mask(tf.ones([4, 3], tf.bool)).shape == [4, 3]
    assert "4 rows, padded to the 4 words of row 0" in refused(mask, tf.ones([4, 4], tf.bool))


@pytest.mark.parametrize(
    ("most", "seeds", "right"), [([3, 64, 0], 3, True), ([3, 65, 0], 3, False), ([192], 1, True), ([97], 2, False)]
)
def test_what_is_asked_for_is_limited_too(most, seeds, right):
    written = tf.function(LIMITS.written)
    rows = len(most)
    zeros, numbers = tf.zeros([rows]), tf.zeros([rows], tf.int32)
    wishes = Wishes(zeros, numbers, zeros, tf.constant(most), tf.zeros([seeds], tf.int32))
    if right:
        assert written(wishes).max_length.numpy().tolist() == most
    else:
        assert f"of which one asks for {max(most)} words, at most 192 in all are written" in refused(written, wishes)


def test_sounds_that_are_too_much_when_padded():
    limits = Limits(Sound(most_seconds=6, most_rows=3))
    heard = tf.function(lambda samples: limits.heard(samples, samples, 10))
    for samples in ([], [0], [60], [30, 1], [20, 19, 0]):
        assert heard(tf.constant(samples, tf.int32)).numpy().tolist() == samples
    assert refused(heard, [3, 31]) == (
        "too much at once: 2 rows, padded to the 3 seconds of row 1, at most 6 in all are taken; "
        "send long sounds in parts, apart from short ones"
    )
    assert "too many rows: 4, at most 3" in refused(tf.function(limits.few), tf.zeros([4, 2]))
    assert "too many rows: 129" in refused(tf.function(Limits(Clip()).few), tf.zeros([129]))


def test_pairs_that_look_at_one_another():
    def pairs(mask, text):
        features, targets = LIMITS.pairs({"mask": mask}, tf.strings.split(text))
        return tf.size(features["mask"]), targets.to_tensor()

    pairs = tf.function(pairs)
    assert pairs(tf.ones([2, 12 * LIGHT // 8], tf.bool), words(1, 4))[1].shape == [2, 4]
    assert "whose longest texts have 25 and 4 words" in refused(pairs, tf.ones([2, 25], tf.bool), words(1, 4))


@pytest.mark.parametrize(
    ("inputs", "symbols"),
    [
        (Tokens(), "words"),
        (Text(), "words"),
        (Symbols(unit="byte"), "bytes"),
        (Symbols(unit="character"), "characters"),
        (SourceText(), "subwords"),
        (Bases(), "bases"),
        (Frames(), "symbols"),
    ],
)
def test_every_kind_of_text_is_limited(inputs, symbols):
    limits = Limits(inputs)
    assert limits.symbols == symbols
    assert 0 < limits.longest <= limits.places
    tight = Limits(dataclasses.replace(inputs, largest_batch=7))
    assert (tight.longest, tight.places) == (7, 7)


def test_what_has_no_limits_is_not_limited():
    limits, rows = Limits(object()), tf.zeros([5000, 3], tf.bool)
    assert limits.few(rows) is rows
    assert limits.heard(rows, tf.ones([5000], tf.int32), 1) is rows
    assert limits.padded({"mask": rows})["mask"] is rows


def test_other_errors_are_no_refusals():
    assert refusal(tf.errors.InvalidArgumentError(None, None, "Invalid GIF data")) is None
    assert refusal(ValueError("assertion failed")) is None
