import math
import random

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import reading_frames
from seqtasks.data.bases import BASES, base_vectors, reverse_complement
from seqtasks.data.open_reading_frames import STOPS

LONGEST = reading_frames.LONGEST


def texts(rng, alphabet="ACGTACGTACGTACGTNR-acgtu"):
    """Random sequences, some of them with few stops."""
    rows = ["".join(rng.choices(alphabet, k=rng.randint(0, 60))) for _ in range(20)]
    return [*rows, "GCC" * 200, "GCA" * 150 + "TAA" + "GCA" * 10, "", "A", "AT", "ATG"]


def codons_of(text):
    """Returns by strand the codon at each place where three bases are left, both as they are read."""
    text = text.upper().replace("U", "T")
    places = range(max(len(text) - 2, 0))
    return [[text[i : i + 3] for i in places], [reverse_complement(text[i : i + 3]) for i in places]]


def number(codon):
    return sum(BASES.index(b) * 4 ** (2 - i) for i, b in enumerate(codon)) if set(codon) <= set(BASES) else 64


def scaled(count):
    return math.log1p(min(count, LONGEST)) / math.log1p(LONGEST)


def run(codons, place, step):
    count = 0
    while 0 <= place < len(codons) and codons[place] not in STOPS:
        count, place = count + 1, place + step
    return count


@pytest.fixture(scope="module")
def rows():
    return texts(random.Random(1))


def test_codons_of_both_strands(rows):
    vectors, mask = base_vectors(tf.constant(rows))
    codons, whole = reading_frames.codons(vectors, mask)
    for row, text in enumerate(rows):
        places = max(len(text) - 2, 0)
        assert whole[row].numpy().tolist() == [place < places for place in range(mask.shape[1])]
        for strand, expected in enumerate(codons_of(text)):
            assert codons[row, :places, strand].numpy().tolist() == list(map(number, expected))


def test_open_codons(rows):
    vectors, mask = base_vectors(tf.constant(rows))
    found = reading_frames.open_codons(*reading_frames.codons(vectors, mask)).numpy()
    for row, text in enumerate(rows):
        expected = np.zeros((mask.shape[1], 2, 2))
        for strand, codons in enumerate(codons_of(text)):
            for place in range(len(codons)):
                expected[place, strand] = [scaled(run(codons, place, step)) for step in (-3, 3)]
        np.testing.assert_allclose(found[row], expected, atol=1e-6)
    assert found.max() == pytest.approx(1)


def test_each_base_has_its_six_codons():
    values = tf.reshape(tf.range(1.0, 11.0), [1, 5, 2, 1])
    frames = reading_frames.in_frames(values).numpy()[0]
    assert frames.shape == (5, 6)
    np.testing.assert_array_equal(frames[0], [1, 0, 0, 2, 0, 0])
    np.testing.assert_array_equal(frames[3], [7, 5, 3, 8, 6, 4])


def test_the_other_strand_sees_the_same_turned_around():
    rng = random.Random(2)
    text = "".join(rng.choices(BASES, k=47))

    def frames(text):
        vectors, mask = base_vectors(tf.constant([text]))
        found = reading_frames.in_frames(reading_frames.open_codons(*reading_frames.codons(vectors, mask)))
        return found.numpy()[0].reshape(len(text), 2, 3, 2)

    # The leftmost of a codon is the rightmost on the other strand, and left is right.
    np.testing.assert_array_equal(frames(text), frames(reverse_complement(text))[::-1, ::-1, ::-1, ::-1])


def test_steps_need_not_be_known_when_a_graph_is_made(rows):
    vectors, mask = base_vectors(tf.constant(rows))

    @tf.function(input_signature=[tf.TensorSpec([None, None, 4]), tf.TensorSpec([None, None], tf.bool)])
    def frames(vectors, mask):
        return reading_frames.in_frames(reading_frames.open_codons(*reading_frames.codons(vectors, mask)))

    expected = reading_frames.in_frames(reading_frames.open_codons(*reading_frames.codons(vectors, mask)))
    np.testing.assert_allclose(frames(vectors, mask), expected, atol=1e-6)
    assert frames(vectors[:0], mask[:0]).shape == (0, mask.shape[1], 12)
