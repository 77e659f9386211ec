import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.vocabulary import Vocabulary
from seqtasks.errors import DataError


def test_most_frequent_first_and_ties_alphabetical():
    vocabulary = Vocabulary.build([["b", "a", "c"], ["c", "a", "c"], ["d", "b"]])
    assert vocabulary.tokens == ["<PAD>", "<UNK>", "c", "a", "b", "d"]
    assert vocabulary.ids(["c", "d", "x", ""]) == [2, 5, 1, 0]
    assert len(vocabulary) == 6
    assert vocabulary[2] == "c"
    assert "c" in vocabulary
    assert "x" not in vocabulary


def test_limits():
    counts = {"a": 5, "b": 4, "c": 4, "d": 1}
    assert Vocabulary.build(counts, max_size=2).tokens[2:] == ["a", "b"]
    assert Vocabulary.build(counts, min_count=4).tokens[2:] == ["a", "b", "c"]


def test_special_tokens_of_the_data_take_no_place():
    assert Vocabulary.build({"<UNK>": 9, "<PAD>": 9, "": 9, "a": 1}).tokens == ["<PAD>", "<UNK>", "a"]


@given(st.sets(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4), max_size=20))
def test_save_and_load(tmp_path_factory, tokens):
    vocabulary = Vocabulary.build(dict.fromkeys(tokens, 1))
    path = tmp_path_factory.mktemp("vocabulary") / "words.txt"
    vocabulary.save(path)
    assert Vocabulary.load(path) == vocabulary
    assert path.read_bytes().count(b"\n") == len(vocabulary)
    assert [file.name for file in path.parent.iterdir()] == ["words.txt"]


def test_line_number_is_id(tmp_path):
    Vocabulary(["the", "a\nb", "\\"]).save(tmp_path / "words.txt")
    assert (tmp_path / "words.txt").read_text().split("\n") == ["<PAD>", "<UNK>", "the", "a\\nb", "\\\\", ""]


def test_bad_files(tmp_path):
    path = tmp_path / "words.txt"
    with pytest.raises(DataError, match="cannot be read: No such file"):
        Vocabulary.load(path)
    path.write_text("a\nb\n")
    with pytest.raises(DataError, match=r"words\.txt:1: not a vocabulary"):
        Vocabulary.load(path)
    path.write_text("<PAD>\n<UNK>\na\na\n")
    with pytest.raises(DataError, match="token 'a' stands twice"):
        Vocabulary.load(path)


def test_lookup_table_gives_the_same_ids_in_an_export(tmp_path):
    import tensorflow as tf

    vocabulary = Vocabulary(["the", "été", "\\"])

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.table = vocabulary.lookup_table()

        @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string)])
        def ids(self, tokens):
            return {"ids": self.table.lookup(tokens)}

    module = Module()
    tokens = [["été", "the", "", "x"], ["\\", "<UNK>", "<PAD>", "THE"]]
    expected = [vocabulary.ids(row) for row in tokens]
    ragged = module.table.lookup(tf.ragged.constant([["été"], [], ["x", "the"]]))
    assert ragged.to_list() == [[3], [], [1, 2]]
    tf.saved_model.save(module, str(tmp_path / "export"), signatures={"ids": module.ids})
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    assert loaded.signatures["ids"](tokens=tf.constant(tokens))["ids"].numpy().tolist() == expected
    assert expected == [[3, 2, 0, 1], [4, 1, 1, 1]]
