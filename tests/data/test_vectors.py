import numpy as np
import pytest

from seqtasks.data.vectors import load_vectors
from seqtasks.data.vocabulary import Vocabulary
from seqtasks.errors import DataError

VOCABULARY = Vocabulary(["the", "Paris", "été", "missing"])
GLOVE = "paris 1 2 3\nthe 0.5 -1e-2 7\nother x y z\nété 4 5 6\n"


def load(tmp_path, content, vocabulary=VOCABULARY, size=3):
    path = tmp_path / "vectors.txt"
    path.write_text(content, encoding="utf-8")
    return load_vectors(path, vocabulary, size)


@pytest.mark.parametrize("content", [GLOVE, "4 3\n" + GLOVE.replace("\n", " \n"), GLOVE.rstrip("\n")])
def test_glove_and_fasttext(tmp_path, content):
    matrix, found = load(tmp_path, content)
    assert matrix.dtype == np.float32
    assert matrix.shape == (6, 3)
    assert found == 3
    np.testing.assert_allclose(matrix[[0, 2, 3, 4]], [[0, 0, 0], [0.5, -0.01, 7], [1, 2, 3], [4, 5, 6]], rtol=1e-6)
    assert 0 < np.abs(matrix[5]).max() <= 1


def test_a_word_as_it_is_comes_before_its_lower_case(tmp_path):
    for rows in ("Paris 1 1 1\nparis 2 2 2\n", "paris 2 2 2\nParis 1 1 1\n"):
        matrix, found = load(tmp_path, rows)
        assert found == 1
        np.testing.assert_array_equal(matrix[3], [1, 1, 1])


def test_same_random_vectors_twice(tmp_path):
    np.testing.assert_array_equal(load(tmp_path, GLOVE)[0], load(tmp_path, GLOVE)[0])


def test_words_with_spaces_are_passed_over(tmp_path):
    assert load(tmp_path, "the 1 2 3\n. . . 4 5 6\nété 7 8 9\n")[1] == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("the 1 2\n", r"vectors\.txt:1: the vectors have 2 numbers; set inputs\.embedding_size=2"),
        ("9 300\nthe 1 2 3\n", r"vectors\.txt:1: the vectors have 300 numbers"),
        ("a 1 2 3\nthe 1 x 3\n", r"vectors\.txt:2: the vector of 'the' is not all numbers"),
        ("a 1 2 3\nthe 1 nan 3\n", r"vectors\.txt:2: the vector of 'the' is not finite"),
        ("a 1 2 3\nthe 1 2\n", r"vectors\.txt:2: expected a word and 3 numbers, received 3 fields"),
    ],
)
def test_bad_rows(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        load(tmp_path, content)


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        load_vectors(tmp_path / "none.txt", VOCABULARY, 3)


def test_an_empty_file(tmp_path):
    with pytest.raises(DataError, match="the file is empty"):
        load(tmp_path, "")
