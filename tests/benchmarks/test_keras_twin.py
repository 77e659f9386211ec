"""The twin of keras.layers answers as our model does."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from seqtasks.benchmarks.keras_twin import make_twin

from seqtasks.errors import UsageError
from seqtasks.serving.signatures import build_module
from seqtasks.task import MANY_TO_MANY

from .small_runs import classifier, tagger

# The second is longer than the classifier's `max_length`, the third has words that no vocabulary knows.
ASKED = ["a good film", "the bad plot , not good at all", "une film étrange"]


def both(loaded):
    """Returns what our signature and the twin say."""
    module = build_module(loaded.task.name, loaded.task.family, loaded.config, loaded.pipeline, loaded.model)
    text = tf.constant(ASKED)
    ours, theirs = module.signatures["serving_default"](text), make_twin(loaded)(text)
    return [{name: value.numpy() for name, value in found.items()} for found in (ours, theirs)]


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        ({}, {}),
        ({"cell": "gru", "layers": 2, "pooling": "mean"}, {"bigram_buckets": 11}),
        ({"cell": "rnn", "layers": 2, "residual": True, "bidirectional": False, "pooling": "last"}, {}),
        ({"members": 2, "hidden_units": 3, "pooling": "attention"}, {}),
    ],
)
def test_a_classifiers_twin(model, inputs):
    ours, theirs = both(classifier(model, inputs))
    assert theirs.keys() == {"label", "score", "probabilities"}
    assert theirs["label"].tolist() == ours["label"].tolist()
    for name in ("score", "probabilities"):
        np.testing.assert_allclose(theirs[name], ours[name], atol=1e-6)
    assert np.ptp(ours["probabilities"][:, 0]) > 1e-4  # else the texts make no difference


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        ({"members": 2}, {}),
        ({"head": "softmax", "cell": "gru", "hidden_units": 3, "layers": 2}, {"affixes": False, "characters": False}),
    ],
)
def test_a_taggers_twin(model, inputs):
    ours, theirs = both(tagger(model, inputs))
    assert theirs.keys() == {"tags", "scores", "length"}
    assert theirs["tags"].tolist() == ours["tags"].tolist()
    assert theirs["length"].tolist() == ours["length"].tolist() == [3, 8, 3]
    np.testing.assert_allclose(theirs["scores"], ours["scores"], atol=1e-6)
    assert np.ptp(ours["scores"][1]) > 1e-4


@pytest.mark.parametrize(
    ("loaded", "message"),
    [
        (lambda: classifier({"cell": "peephole_lstm"}), "Keras has no counterpart"),
        (lambda: classifier(inputs={"one_hot": True}), "one-hot"),
        (
            lambda: SimpleNamespace(
                task=SimpleNamespace(name="dna", family=MANY_TO_MANY), config=SimpleNamespace(inputs=1)
            ),
            "for dna",
        ),
    ],
)
def test_what_keras_cannot_make_is_said(loaded, message):
    with pytest.raises(UsageError, match=message):
        make_twin(loaded())
