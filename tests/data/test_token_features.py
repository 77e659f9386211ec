import numpy as np
import pytest
import tensorflow as tf

from seqtasks.config import Config
from seqtasks.data.tagging import TaggingPipeline
from seqtasks.data.token_features import TokenFeatures
from seqtasks.data.vocabulary import Vocabulary
from seqtasks.sections import Recurrent, Tags, Tokens, Training

LETTERS = "abcdefghij"
SENTENCES = [
    ["Zoë", "ate", "NAÏVE", "caf\u00e9", "in", "東京", "😀", "e\u0301", "\u00a0", "İstanbul", "1843"],
    [],
    ["<UNK>", LETTERS, LETTERS.upper(), "a", "don't", "x\x00y"],
]
BUCKETS = 7


def inputs(**changes):
    return Tokens(**{"max_characters": 5, "affixes": True, "affix_buckets": BUCKETS, **changes})


@pytest.fixture(scope="module")
def pipeline():
    config = Config(inputs(), Tags(), Recurrent(), Training())
    train = [{"tokens": [t for s in SENTENCES for t in s if "京" not in t], "tags": ["O"] * 16}]
    return TaggingPipeline.fit(config, train)


def graph_of(words=(), characters=LETTERS, **changes):
    return TokenFeatures(inputs(**changes), Vocabulary(words), Vocabulary(characters))


def in_graph(module, **options):
    """The features in a graph that knows no size, as exports hold them."""

    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.string)], **options)
    def features(tokens):
        found = module.features_of_steps(tokens)
        assert {name: values.shape.rank for name, values in found.items()}["words"] == 2
        return found

    return features


@pytest.mark.parametrize("graph", [False, True])
def test_the_graph_gives_what_training_saw(pipeline, graph):
    encoded = pipeline.encode([{"tokens": tokens} for tokens in SENTENCES], labelled=False)
    expected = encoded.batch(np.arange(3), 11)
    features = in_graph(pipeline.graph()) if graph else pipeline.graph().features_of_steps
    found = features(tf.ragged.constant(SENTENCES, inner_shape=None, dtype=tf.string))
    assert found.keys() == expected.keys() - {"rows"} == {"words", "characters", "affixes", "mask"}
    for name, values in found.items():
        assert values.dtype == expected[name].dtype
        np.testing.assert_array_equal(values, expected[name], name)
    assert (encoded.steps["words"] > 1).sum() == 16


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_no_words_give_one_step_of_padding(pipeline, rows):
    nothing = tf.RaggedTensor.from_row_lengths(tf.constant([], tf.string), [0] * rows)
    found = in_graph(pipeline.graph())(nothing)
    shapes = {name: tuple(values.shape) for name, values in found.items()}
    assert shapes == {"words": (rows, 1), "mask": (rows, 1), "characters": (rows, 1, 5), "affixes": (rows, 1, 4)}
    assert not any(np.any(values) for values in found.values())


def test_invalid_utf8_is_one_unknown_character(pipeline):
    broken = [b"Zo\xff", b"\xf0\x9f\x98", b"\xc3"]
    found = in_graph(pipeline.graph())(tf.ragged.constant([broken]))
    clean = in_graph(pipeline.graph())(tf.ragged.constant([[t.decode("utf-8", "replace") for t in broken]]))
    for name, values in found.items():
        np.testing.assert_array_equal(values, clean[name], name)
    z, o = pipeline.codec.characters.id("Z"), pipeline.codec.characters.id("o")
    assert found["characters"][0, 0].numpy().tolist() == [z, o or 1, 1, 0, 0]
    assert found["words"].numpy().tolist() == [[1, 1, 1]]


@pytest.mark.parametrize(
    ("limit", "kept"), [(2, "aj"), (3, "aij"), (5, "abhij"), (9, "abcdfghij"), (10, LETTERS), (12, LETTERS)]
)
def test_long_words_keep_their_first_and_last_letters(limit, kept):
    module = graph_of(max_characters=limit)
    vocabulary = Vocabulary(LETTERS)
    found = module.token_features(tf.constant([LETTERS, "", "ab"]))["characters"]
    assert found.dtype == tf.int32
    expected = [vocabulary.ids(word) for word in (kept, "", "ab")]
    assert found.numpy().tolist() == [ids + [0] * (limit - len(ids)) for ids in expected]


def test_letters_of_many_bytes_count_as_one():
    found = graph_of(characters="東京都é😀", max_characters=3).token_features(tf.constant(["東京都é😀", "é😀"]))
    # 東, then é and the face; é and the face.
    assert found["characters"].numpy().tolist() == [[2, 5, 6], [5, 6, 0]]


def affixes(words, **changes):
    return graph_of(**changes).token_features(tf.constant(words))["affixes"].numpy()


def test_affixes_fall_into_the_buckets_beside_padding():
    words = [f"{a}{b}x{i}" for i, a in enumerate("abcdéß東") for b in "XyZ9"]
    found = affixes(words)
    assert found.shape == (28, 4)
    assert found.min() == 1
    assert found.max() == BUCKETS
    np.testing.assert_array_equal(affixes(words, affix_buckets=1), 1)


def test_affixes_are_the_first_three_and_the_last_three_and_two_letters():
    # So many buckets that these fall into different ones.
    many = {"affix_buckets": 1 << 30}
    prefix, suffix, ending, _ = (affixes(["éßtrange", "éßtold", "lounge", "tinge", "ge", "Éßt"], **many)).T
    assert prefix[0] == prefix[1] == prefix[5]
    assert suffix[0] == suffix[2] == suffix[3]
    assert ending[0] == ending[2] == ending[3] == ending[4]
    assert len(set(prefix)) == 4
    assert len(set(suffix)) == 4
    assert len(set(ending)) == 3


def test_the_shape_of_a_word():
    def shapes(*words):
        return affixes(words, affix_buckets=1 << 30)[:, 3].tolist()

    # Runs end after three; letters without case and signs stand for themselves.
    assert len(set(shapes("London", "Étienne", "Wxyz"))) == 1
    assert len(set(shapes("1996", "2024", "١٩٩٦", "123"))) == 1
    assert len(set(shapes("USA", "UNICEF"))) == 1
    assert len(set(shapes("Ada", "ada", "ADA", "A.", "AdaB", "A1", "12", "1-2", "東", "京", ""))) == 11


def test_what_is_not_wanted_is_not_computed():
    module = graph_of(["ab"], characters=(), affixes=False)
    assert module.token_features(tf.constant(["AB"])).keys() == {"words", "characters"}
    module = TokenFeatures(Tokens(characters=False), Vocabulary(["ab"]), None)
    found = module.features_of_steps(tf.ragged.constant([["AB", "c"], ["ab"]]))
    assert found["words"].numpy().tolist() == [[2, 1], [2, 0]]
    assert found.keys() == {"words", "mask"}
