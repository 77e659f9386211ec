import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures.token_reader import TokenReader
from seqtasks.config import Config
from seqtasks.data.tagging import TaggingPipeline
from seqtasks.sections import Recurrent, Tags, Tokens, Training

SENTENCES = [["dogs", "and", "more", "dogs"], [], ["and"]]


@pytest.fixture(scope="module")
def reader_and_graph():
    inputs = Tokens(max_characters=5, character_units=3, character_embedding_size=2, embedding_size=4)
    config = Config(inputs, Tags(), Recurrent(), Training())
    pipeline = TaggingPipeline.fit(config, [{"tokens": tokens, "tags": ["O"] * len(tokens)} for tokens in SENTENCES])
    reader = TokenReader(config, pipeline.codec)
    reader(reader.example())
    return reader, pipeline.graph()


def read_in_graph(reader, features):
    """The reader in a graph that knows no size, as exports hold it; and the numbers of spellings that are read."""
    specs = {name: tf.TensorSpec([None, None, *value.shape[2:]], value.dtype) for name, value in features.items()}
    read, encode = [], reader.characters.call

    def watched(characters, **options):
        read.append(tf.shape(characters)[1])
        return encode(characters, **options)

    reader.characters.call = watched
    try:
        function = tf.function(lambda features: (*reader(features), read[-1]), input_signature=[specs], autograph=False)
        return [value.numpy() for value in function(features)]
    finally:
        del reader.characters.call


def test_in_exports_a_spelling_is_read_once(reader_and_graph):
    reader, graph = reader_and_graph
    features = graph.features_of_steps(tf.ragged.constant(SENTENCES, dtype=tf.string))
    vectors, mask, read = read_in_graph(reader, features)
    expected, _ = reader(features)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    np.testing.assert_array_equal(mask, features["mask"])
    assert read == 4  # three words and what pads
    assert np.ptp(expected[0, :3, 4:], axis=0).min() > 0


@pytest.mark.parametrize("rows", [0, 2])
def test_in_exports_there_may_be_no_words(reader_and_graph, rows):
    reader, graph = reader_and_graph
    nothing = tf.RaggedTensor.from_row_lengths(tf.constant([], tf.string), [0] * rows)
    vectors, _, read = read_in_graph(reader, graph.features_of_steps(nothing))
    assert vectors.shape == (rows, 1, 4 + 2 * 3)
    assert not vectors[:, :, 4:].any()
    assert read == min(rows, 1)
