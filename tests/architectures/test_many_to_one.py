import numpy as np
import pytest
import tensorflow as tf

from seqtasks.training.precision import computing_in

from .samples import (
    TEXTS,
    answers_after_training,
    assert_alone_as_together,
    assert_every_weight_learns,
    assert_padding_changes_nothing,
    batch_of,
    classifier,
)

NETWORKS = {
    "rnn": {"cell": "rnn", "bidirectional": False, "pooling": "last"},
    "simplified_gru": {"cell": "simplified_gru", "pooling": "max"},
    "gru": {"cell": "gru", "bidirectional": False, "pooling": "attention"},
    "lstm": {"cell": "lstm", "pooling": "max+mean", "hidden_units": 4},
    "peephole_lstm": {"cell": "peephole_lstm", "layers": 2, "residual": True, "pooling": "mean"},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_weight_learns_and_nothing_else_counts(name):
    pipeline, model = classifier({"bigram_buckets": 50}, **NETWORKS[name])
    batch = batch_of(pipeline, TEXTS)
    # The word pairs' vectors begin with zeros.
    model.reader.bigrams.embeddings.assign(np.random.default_rng(0).normal(size=(50, 5)))
    assert_every_weight_learns(model, batch, jit_compile=name == "lstm")
    assert_padding_changes_nothing(model, batch)
    assert_alone_as_together(model, batch)


def test_one_hot_words_learn():
    pipeline, model = classifier({"one_hot": True, "bigram_buckets": 50}, cell="rnn", embedding_dropout=0.2)
    assert_every_weight_learns(model, batch_of(pipeline, TEXTS), jit_compile=False)


def test_the_dropout_is_of_training_alone():
    pipeline, model = classifier(dropout=0.5, embedding_dropout=0.5, word_dropout=0.5, hidden_units=4)
    batch = batch_of(pipeline, TEXTS)
    assert model.loss_of(batch, training=False) == model.loss_of(batch, training=False)
    assert model.loss_of(batch, training=True) != model.loss_of(batch, training=True)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_the_mean_cross_entropy(smoothing):
    pipeline, model = classifier(training={"label_smoothing": smoothing})
    batch = batch_of(pipeline, TEXTS)
    logits = model(batch).numpy().astype(float)
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    wanted = np.eye(2)[batch["labels"]] * (1 - smoothing) + smoothing / 2
    np.testing.assert_allclose(model.loss_of(batch, training=False), -(wanted * logs).sum(1).mean(), rtol=1e-5)


def test_labels_not_seen_in_training_are_not_learned_from():
    pipeline, model = classifier(training={"label_smoothing": 0.1})
    batch = batch_of(pipeline, TEXTS)
    unseen = {**batch, "labels": np.where(np.arange(8) < 3, -1, batch["labels"])}
    rest = {name: values[3:] for name, values in batch.items()}
    np.testing.assert_allclose(model.loss_of(unseen, training=False), model.loss_of(rest, training=False), rtol=1e-5)


def test_outputs_are_probabilities():
    pipeline, model = classifier()
    found = model.outputs_of(batch_of(pipeline, TEXTS))["probabilities"]
    assert found.dtype == tf.float32
    assert found.shape == (8, 2)
    np.testing.assert_allclose(found.numpy().sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("pooling", ["last", "max", "mean", "attention", "max+mean"])
def test_empty_texts_and_batches_of_filler_rows_are_finite(pooling):
    pipeline, model = classifier({"bigram_buckets": 50}, cell="rnn", pooling=pooling)
    batch = batch_of(pipeline, [{"text": "", "label": "pos"}, *TEXTS])
    assert np.isfinite(model.loss_of(batch, training=True))
    assert np.all(np.isfinite(model.outputs_of(batch)["probabilities"]))
    filler = {**batch, "rows": tf.fill([9], tf.constant(-1, tf.int64)), "mask": tf.zeros([9, 6], tf.bool)}
    assert model.loss_of(filler, training=True) == 0


def test_it_learns_eight_texts():
    pipeline, model = classifier({"bigram_buckets": 50}, units=16)
    answers = answers_after_training(pipeline, model, TEXTS)
    assert [answer["label"] for answer in answers] == pipeline.references(TEXTS)


def test_sixteen_bits():
    with computing_in(mixed=True):
        pipeline, model = classifier({"bigram_buckets": 50}, hidden_units=4, pooling="attention", dropout=0.1)
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    batch = batch_of(pipeline, TEXTS)
    assert model.reader.words(batch["words"]).dtype == tf.bfloat16
    assert model.recurrent.recurrent[0].forward_layer.compute_dtype == "bfloat16"
    assert_every_weight_learns(model, batch, jit_compile=False)
    assert model.outputs_of(batch)["probabilities"].dtype == tf.float32
