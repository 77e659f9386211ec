import numpy as np
import pytest
import tensorflow as tf

from seqtasks.config import Config
from seqtasks.data.classification import ClassificationPipeline
from seqtasks.sections import Label, Recurrent, Text, Training

TEXTS = [
    "Zoë ate NAÏVE café food in 東京 😀!",
    "",
    " \n\t",
    "<br />Don't panic (U.N. 3.5% on 1996-08-22).<br />",
    "word " * 30 + "end",
    "e\u0301 \u00a0 İstanbul x\x00y",
    "\\ <UNK> <PAD>",
]
BROKEN = [b"Zo\xff ate \xf0\x9f\x98 food", b"\xff\xfe", b"caf\xc3"]
LONGEST = 12


@pytest.fixture(scope="module")
def pipeline():
    config = Config(Text(min_count=1, max_length=LONGEST), Label(), Recurrent(), Training())
    return ClassificationPipeline.fit(config, [{"text": text, "label": text[:1]} for text in TEXTS[:5]])


def in_graph(pipeline):
    """The features in a graph that knows no size, as exports hold them."""
    module = pipeline.graph()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def features(text):
        found = module.features(text)
        assert {values.shape.rank for values in found.values()} == {2}
        return found

    return features


@pytest.mark.parametrize("texts", [TEXTS, BROKEN, TEXTS + BROKEN, ["", ""], BROKEN[1:2]])
def test_the_graph_gives_what_training_saw(pipeline, texts):
    encoded = pipeline.encode([{"text": text} for text in texts], labelled=False)
    expected = encoded.batch(np.arange(len(texts)), max(1, encoded.lengths.max()))
    for features in (pipeline.graph().features, in_graph(pipeline)):
        found = features(tf.constant(texts, tf.string))
        assert found.keys() == {"words", "mask"}
        for name, values in found.items():
            assert values.dtype == expected[name].dtype
            np.testing.assert_array_equal(values, expected[name], name)


def test_a_text_is_the_same_whatever_stands_beside_it(pipeline):
    features = in_graph(pipeline)
    together = features(tf.constant(TEXTS))
    for i, text in enumerate(TEXTS):
        alone = features(tf.constant([text]))
        width = alone["words"].shape[1]
        np.testing.assert_array_equal(together["words"][i, :width], alone["words"][0])
        np.testing.assert_array_equal(together["mask"][i, :width], alone["mask"][0])
        assert not np.any(together["mask"][i, width:])


def test_known_and_unknown_words_and_cut_texts(pipeline):
    words = pipeline.codec.words
    found = in_graph(pipeline)(tf.constant(["ZOË zoé FOOD", TEXTS[4]]))
    assert found["words"][0, :3].numpy().tolist() == [words.id("zoë"), 1, words.id("food")]
    assert found["mask"].numpy().sum(1).tolist() == [3, LONGEST]
    assert found["words"][1].numpy().tolist() == [words.id("word")] * (LONGEST - 1) + [words.id("end")]


def test_invalid_bytes_are_no_words(pipeline):
    found = in_graph(pipeline)(tf.constant([b"caf\xc3 \xff food", b"caf food", b"\xff"]))
    np.testing.assert_array_equal(found["words"][0], found["words"][1])
    assert found["mask"].numpy().sum(1).tolist() == [2, 2, 0]


def test_no_texts(pipeline):
    found = in_graph(pipeline)(tf.constant([], tf.string))
    assert {name: tuple(values.shape) for name, values in found.items()} == {"words": (0, 1), "mask": (0, 1)}
