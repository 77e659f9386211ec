import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data import bases

# Code, bases, complement: Cornish-Bowden, Nucleic Acids Research 13, 3021 (1985).
IUPAC = [
    ("A", "A", "T"),
    ("C", "C", "G"),
    ("G", "G", "C"),
    ("T", "T", "A"),
    ("U", "T", "A"),
    ("R", "AG", "Y"),
    ("Y", "CT", "R"),
    ("S", "CG", "S"),
    ("W", "AT", "W"),
    ("K", "GT", "M"),
    ("M", "AC", "K"),
    ("B", "CGT", "V"),
    ("D", "AGT", "H"),
    ("H", "ACT", "D"),
    ("V", "ACG", "B"),
    ("N", "ACGT", "N"),
]
CODES = "".join(code for code, *_ in IUPAC)
legal = st.text(CODES + CODES.lower() + "-")


@pytest.mark.parametrize(("code", "possible", "opposite"), IUPAC)
def test_codes(code, possible, opposite):
    expected = tuple(1 / len(possible) if base in possible else 0 for base in "ACGT")
    assert bases.distribution(code) == bases.distribution(code.lower()) == pytest.approx(expected)
    assert bases.complement(code) == opposite
    assert bases.complement(code.lower()) == opposite.lower()


def test_gaps_hold_no_base():
    assert bases.distribution("-") == (0, 0, 0, 0)
    assert bases.reverse_complement("AAC-") == "-GTT"


@given(legal)
def test_the_other_strand_twice_is_the_first(sequence):
    twice = bases.reverse_complement(bases.reverse_complement(sequence))
    assert twice == sequence.replace("U", "T").replace("u", "t")
    for code, other in zip(sequence, bases.complement(sequence), strict=True):
        assert bases.distribution(other) == bases.distribution(code)[::-1]


def test_illegal_characters():
    assert bases.first_illegal("ACGTNRYacgtn-u") is None
    # ſ and K (Kelvin) are s and k in another case.
    for character in "EFIJLOPQXZ*.1 \nſ\u212a":
        assert bases.first_illegal(f"AC{character}G") == 2
    with pytest.raises(ValueError, match="Received: 'X' at position 2"):
        bases.complement("ACX")
    with pytest.raises(ValueError, match="Received: 'X'"):
        bases.distribution("X")


def test_vectors_are_those_of_the_codes():
    sequences = ["ACGTN", "", "ry-", CODES.lower()]
    vectors, mask = bases.base_vectors(tf.constant(sequences))
    assert (vectors.dtype, mask.dtype) == (tf.float32, tf.bool)
    assert vectors.shape == (4, len(CODES), 4)
    for row, sequence in enumerate(sequences):
        assert mask[row].numpy().tolist() == [place < len(sequence) for place in range(len(CODES))]
        expected = [bases.distribution(code) for code in sequence] + [(0,) * 4] * (len(CODES) - len(sequence))
        np.testing.assert_allclose(vectors[row], expected)


def test_illegal_bytes_are_even_and_counted():
    text = tf.constant(["AXA", "é\0", "acgu-", ""])
    vectors, mask = bases.base_vectors(text)
    np.testing.assert_array_equal(vectors[0, 1], [0.25] * 4)
    np.testing.assert_array_equal(vectors[1, :3], [[0.25] * 4] * 3)
    assert bases.illegal_bases(text).numpy().tolist() == [1, 3, 0, 0]
    assert tf.reduce_sum(tf.cast(mask, tf.int32), 1).numpy().tolist() == [3, 3, 5, 0]


@pytest.mark.parametrize(("sequences", "shape"), [([], (0, 1, 4)), (["", ""], (2, 1, 4))])
def test_nothing_to_read_still_has_a_step(sequences, shape):
    vectors, mask = bases.base_vectors(tf.constant(sequences, tf.string))
    assert vectors.shape == shape
    assert not np.any(vectors)
    assert not np.any(mask)
    assert bases.illegal_bases(tf.constant(sequences, tf.string)).shape == shape[:1]


def test_blanks_are_dropped():
    assert bases.drop_blanks(tf.constant([" AC\r\n G\tT\n", ""])).numpy().tolist() == [b"ACGT", b""]


def test_the_ops_export(tmp_path):
    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def vectors(self, text):
            vectors, mask = bases.base_vectors(bases.drop_blanks(text))
            return {"vectors": vectors, "mask": mask, "illegal": bases.illegal_bases(text)}

    module = Module()
    tf.saved_model.save(module, str(tmp_path), module.vectors)
    serve = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    for text in (["AC GT", "n"], [], ["X"]):
        expected, received = module.vectors(tf.constant(text, tf.string)), serve(tf.constant(text, tf.string))
        for name, value in expected.items():
            np.testing.assert_array_equal(received[name], value)
