import numpy as np
import tensorflow as tf

from seqtasks.data.base_codec import BaseCodec
from seqtasks.sections import Bases

ROWS = [{"text": "acgtNNry"}, {"text": " AC G\n"}, {"text": ""}, {"text": "ACGTACGTACGTACGT"}]


def letters(codes):
    return bytes(codes.tolist()).decode()


def test_sequences_are_encoded_as_their_letters():
    encoded = BaseCodec(Bases(max_length=10), [10]).encode(ROWS)
    found = [letters(encoded.steps["bases"][a:b]) for a, b in zip(encoded.splits, encoded.splits[1:], strict=False)]
    assert found == ["acgtNNry", "ACG", "", "TACGTACGTA"]
    assert encoded.steps["bases"].dtype == np.int32


def test_features_of_an_export_are_the_same():
    codec = BaseCodec(Bases(max_length=10), [10])
    encoded = codec.encode(ROWS)
    graph = codec.graph()
    function = tf.function(graph.features, input_signature=[tf.TensorSpec([None], tf.string)])
    features = function(tf.constant([row["text"] for row in ROWS]))
    np.testing.assert_array_equal(features["bases"][features["mask"]], encoded.steps["bases"])
    np.testing.assert_array_equal(features["mask"].numpy().sum(1), encoded.lengths)
    assert function(tf.constant([], tf.string))["bases"].shape[0] == 0
    assert function(tf.constant([""]))["mask"].numpy().tolist() == [[False]]


def test_lengths_to_pad_to_are_saved(tmp_path):
    codec = BaseCodec.fit(Bases(max_length=10), ROWS)
    assert max(codec.lengths) >= 10
    codec.save(tmp_path)
    assert BaseCodec.load(codec.inputs, tmp_path).lengths == codec.lengths


def test_nothing_to_encode():
    encoded = BaseCodec(Bases(), [8]).encode([])
    assert len(encoded) == 0
    assert encoded.steps["bases"].shape == (0,)
