import numpy as np
import pytest
import tensorflow as tf

from seqtasks.training.precision import computing_in

from .samples import (
    SENTENCES,
    answers_after_training,
    assert_alone_as_together,
    assert_every_weight_learns,
    assert_padding_changes_nothing,
    batch_of,
    tagger,
)

NETWORKS = {
    "rnn": {"cell": "rnn", "bidirectional": False, "head": "softmax"},
    "simplified_gru": {"cell": "simplified_gru"},
    "gru": {"cell": "gru", "bidirectional": False},
    "lstm": {"cell": "lstm", "head": "softmax", "hidden_units": 4},
    "peephole_lstm": {"cell": "peephole_lstm", "layers": 2, "residual": True},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_weight_learns_and_nothing_else_counts(name):
    pipeline, model = tagger({"affixes": True}, **NETWORKS[name])
    batch = batch_of(pipeline, SENTENCES)
    assert_every_weight_learns(model, batch, jit_compile=name == "gru")
    assert_padding_changes_nothing(model, batch)
    assert_alone_as_together(model, batch)


@pytest.mark.parametrize("hidden_units", [0, 4])
def test_the_output_sees_the_input_too(hidden_units):
    pipeline, model = tagger(cell="rnn", skip=True, hidden_units=hidden_units)
    batch = batch_of(pipeline, SENTENCES)
    assert_every_weight_learns(model, batch, jit_compile=False)
    assert_padding_changes_nothing(model, batch)
    width = model.reader(batch)[0].shape[-1]
    below = hidden_units or 2 * model.settings.model.units
    assert model.projection.kernel.shape[0] == below + width


@pytest.mark.parametrize("inputs", [{"characters": False}, {"one_hot": True, "affixes": True}])
def test_every_input_learns(inputs):
    pipeline, model = tagger(inputs, cell="rnn", dropout=0.4, embedding_dropout=0.4, recurrent_dropout=0.2)
    assert_every_weight_learns(model, batch_of(pipeline, SENTENCES), jit_compile=False)


def test_the_dropout_is_of_training_alone():
    pipeline, model = tagger(dropout=0.5, embedding_dropout=0.5, word_dropout=0.5)
    batch = batch_of(pipeline, SENTENCES)
    assert model.loss_of(batch, training=False) == model.loss_of(batch, training=False)
    assert model.loss_of(batch, training=True) != model.loss_of(batch, training=True)


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_outputs_are_tags_and_how_sure_they_are(head):
    pipeline, model = tagger(head=head)
    batch = batch_of(pipeline, SENTENCES)
    outputs = model.outputs_of(batch)
    assert outputs["tags"].dtype == tf.int32
    assert outputs["scores"].dtype == tf.float32
    scores = outputs["scores"].numpy()[batch["mask"].numpy()]
    assert scores.min() > 0
    assert scores.max() < 1
    if head == "crf":
        # Valid in BIO, though nothing is learned yet.
        for tags in pipeline.decode({"tags": outputs["tags"].numpy()}, {k: v.numpy() for k, v in batch.items()}):
            for before, tag in zip(["O", *tags], tags, strict=False):
                assert not tag.startswith("I-") or before[2:] == tag[2:]


def test_a_softmax_s_loss_is_the_mean_cross_entropy_of_the_words():
    pipeline, model = tagger(head="softmax")
    batch = batch_of(pipeline, SENTENCES)
    logits = model(batch)["tags"].numpy().astype(float)
    losses = [
        np.log(np.exp(logits[row, step]).sum()) - logits[row, step, tag]
        for row, example in enumerate(SENTENCES)
        for step, tag in enumerate(map(pipeline.tags.index, example["tags"]))
    ]
    np.testing.assert_allclose(model.loss_of(batch, training=False), np.mean(losses), rtol=1e-5)


def test_tags_not_seen_in_training_are_not_learned_from():
    pipeline, model = tagger(head="softmax")
    batch = batch_of(pipeline, SENTENCES)
    hidden = np.zeros(batch["tags"].shape, bool)
    hidden[0, 1] = hidden[5, 3] = True
    unseen = {name: np.where(hidden, -1, batch[name]) for name in ("tags", "auxiliary/pos")}
    loss = model.loss_of({**batch, **unseen}, training=True)
    # As if those words were not there to be tagged, while the network still reads them.
    scores = model(batch, training=True)
    expected = 0
    for name, column, weight in (("tags", "tags", 1.0), ("pos", "auxiliary/pos", 0.3)):
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch[column], scores[name]).numpy()
        expected += weight * losses[batch["mask"].numpy() & ~hidden].mean()
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_further_columns_are_learned_beside_the_tags():
    pipeline, model = tagger()
    batch = batch_of(pipeline, SENTENCES)
    bare = {name: values for name, values in batch.items() if name != "auxiliary/pos"}
    assert model.loss_of(batch, training=True) > model.loss_of(bare, training=True)
    assert model.loss_of(batch, training=False) == model.loss_of(bare, training=False)
    # They are not part of what is exported.
    assert model(batch, training=False).keys() == {"tags"}


def test_a_batch_without_words_costs_nothing():
    pipeline, model = tagger()
    batch = {name: tf.zeros_like(values) for name, values in batch_of(pipeline, SENTENCES).items()}
    assert model.loss_of(batch, training=True) == 0


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_it_learns_eight_sentences(head):
    pipeline, model = tagger(head=head, units=16)
    assert answers_after_training(pipeline, model, SENTENCES) == pipeline.references(SENTENCES)


def test_sixteen_bits():
    with computing_in(mixed=True):
        pipeline, model = tagger({"affixes": True}, hidden_units=4, dropout=0.3, embedding_dropout=0.3)
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    batch = batch_of(pipeline, SENTENCES)
    assert model.reader.words(batch["words"]).dtype == tf.bfloat16
    assert model.recurrent.recurrent[0].forward_layer.compute_dtype == "bfloat16"
    assert_every_weight_learns(model, batch, jit_compile=False)
    assert model.outputs_of(batch)["scores"].dtype == tf.float32
