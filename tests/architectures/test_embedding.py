import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures.embedding import UNKNOWN, BigramEmbedding, WordEmbedding

COUNTS = [0, 0, 1, 3, 9, 1000]


def dropped_share(compiled=False, draws=4000, **rates):
    """How often each word became which, `[V, V]`, and the embedding, which tells by one-hot vectors."""
    keras.utils.set_random_seed(7)
    embedding = WordEmbedding(6, 0, COUNTS, one_hot=True, **rates)
    call = tf.function(embedding, jit_compile=True) if compiled else embedding
    words = tf.tile(tf.range(6)[None], [draws, 1])
    return call(words, training=True).numpy().mean(0), embedding


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ({"word_dropout": 0.2}, [0.2] * 4),
        ({"rare_word_dropout": 1.0}, [1 / 2, 1 / 4, 1 / 10, 1 / 1001]),
        ({"rare_word_dropout": 0.25}, [0.25 / 1.25, 0.25 / 3.25, 0.25 / 9.25, 0.25 / 1000.25]),
        (
            {"word_dropout": 0.2, "rare_word_dropout": 1.0},
            [1 - 0.8 / 2, 1 - 0.8 * 3 / 4, 1 - 0.8 * 9 / 10, 1 - 0.8 * 1000 / 1001],
        ),
    ],
)
def test_words_become_unknown_as_often_as_they_should(rates, expected, compiled):
    shares, _ = dropped_share(compiled, **rates)
    expected = np.array(expected)
    # Five standard deviations of a share of 4000.
    np.testing.assert_array_less(
        np.abs(shares[2:, UNKNOWN] - expected), 5 * np.sqrt(expected * (1 - expected) / 4000) + 1e-9
    )
    # What is not unknown is the word itself.
    np.testing.assert_allclose(np.diag(shares)[2:], 1 - shares[2:, UNKNOWN], atol=1e-6)
    assert shares[UNKNOWN, UNKNOWN] == 1


def test_each_place_is_drawn_by_itself_and_again_at_every_call():
    keras.utils.set_random_seed(7)
    embedding = WordEmbedding(6, 0, COUNTS, one_hot=True, word_dropout=0.5)
    words = tf.fill([4, 50], 5)
    first, second = (embedding(words, training=True).numpy()[:, :, UNKNOWN] for _ in range(2))
    assert (first != second).any()
    assert len(np.unique(first, axis=0)) == 4
    keras.utils.set_random_seed(7)
    again = WordEmbedding(6, 0, COUNTS, one_hot=True, word_dropout=0.5)
    np.testing.assert_array_equal(again(words, training=True)[:, :, UNKNOWN], first)


@pytest.mark.parametrize("one_hot", [False, True])
def test_words_are_dropped_in_training_only(one_hot):
    embedding = WordEmbedding(6, 3, COUNTS, one_hot=one_hot, word_dropout=0.9, rare_word_dropout=9.0)
    words = np.array([[0, 1, 2], [5, 4, 3]], "int32")
    vectors = embedding(words).numpy()
    expected = np.eye(6)[words] if one_hot else embedding.embeddings.numpy()[words]
    np.testing.assert_array_equal(vectors, expected)
    assert len(embedding.trainable_weights) == (0 if one_hot else 1)
    assert vectors.shape == (2, 3, embedding.size)


def test_training_without_word_dropout_drops_nothing():
    shares, embedding = dropped_share(draws=1)
    np.testing.assert_array_equal(shares, np.eye(6))
    assert not embedding.drop_probability.any()


def test_vectors_to_start_from_are_trainable():
    vectors = np.arange(18, dtype="float32").reshape(6, 3)
    embedding = WordEmbedding(6, 3, COUNTS, vectors)

    class Outer(keras.Model):
        def __init__(self):
            super().__init__()
            self.words = embedding

        def call(self, words):
            return self.words(words)

    # Inside a model, Keras may make the weights without running anything.
    np.testing.assert_array_equal(Outer()(np.array([[5, 0]], "int32"))[0], vectors[[5, 0]])
    assert embedding.trainable_weights[0].shape == (6, 3)


def test_vectors_drawn_at_random_have_unit_variance_times_the_size():
    keras.utils.set_random_seed(1)
    embedding = WordEmbedding(500, 12, np.ones(500))
    embedding.build(None)
    values = embedding.embeddings.numpy()
    assert np.abs(values).max() <= 0.5
    np.testing.assert_allclose(values.std(), np.sqrt(1 / 12), rtol=0.05)


def bigrams(buckets=1000, size=4):
    embedding = BigramEmbedding(buckets, size)
    embedding.build(None)
    embedding.embeddings.assign(np.random.default_rng(0).normal(size=(buckets, size)))
    return embedding


def test_a_pair_s_vector_depends_on_its_order_and_its_words_alone():
    words = np.array([[2, 3, 2, 3, 0], [3, 2, 2, 3, 5]], "int32")
    vectors = bigrams()(words, words > 0).numpy()
    same = vectors.reshape(10, 4)
    # (2, 3) stands at 0,1 and 0,3 and 1,3; (3, 2) at 0,2 and 1,1; both orders differ.
    np.testing.assert_array_equal(same[[3, 8]], same[[1, 1]])
    np.testing.assert_array_equal(same[2], same[6])
    assert (same[1] != same[2]).any()
    # The first word forms a pair with the start.
    assert (same[0] != same[5]).any()


def test_padding_has_no_vector():
    words = np.array([[2, 3, 4], [5, 0, 0]], "int32")
    embedding = bigrams()
    mask = np.array([[1, 1, 0], [1, 0, 0]], bool)
    vectors = embedding(words, mask).numpy()
    assert not vectors[~mask].any()
    assert np.abs(vectors[mask]).sum(-1).min() > 0
    longer = embedding(np.pad(words, ((0, 0), (0, 2))), np.pad(mask, ((0, 0), (0, 2)))).numpy()
    np.testing.assert_array_equal(longer[:, :3], vectors)
    assert not longer[:, 3:].any()


def test_no_pairs_are_learned_at_first():
    embedding = BigramEmbedding(10, 2)
    assert not np.any(embedding(np.array([[2, 3]]), np.ones((1, 2), bool)))


@pytest.mark.parametrize("buckets", [10_000, 20_000, 1 << 14, 9_973])
def test_common_pairs_fill_any_number_of_buckets(buckets):
    """However many buckets there are, about as many are used as if drawn at random."""
    embedding = BigramEmbedding(buckets, 1)
    embedding.build(None)
    embedding.embeddings.assign(np.arange(buckets)[:, None])
    first, second = np.meshgrid(np.arange(2, 102), np.arange(2, 102))
    words = np.stack([first.ravel(), second.ravel()], 1)
    for compiled in (False, True):
        call = tf.function(embedding, jit_compile=True) if compiled else embedding
        pairs = call(tf.constant(words), tf.ones(words.shape, tf.bool))[:, 1, 0].numpy()
        used = len(np.unique(pairs))
        np.testing.assert_allclose(used, buckets * (1 - np.exp(-len(words) / buckets)), rtol=0.05)


def test_big_vocabularies_stay_within_the_buckets():
    words = tf.constant([[2**31 - 1, 0, 2**31 - 2], [123_456_789, 1_999_999_999, 1]])
    assert np.all(np.isfinite(bigrams(7)(words, tf.ones([2, 3], tf.bool))))
