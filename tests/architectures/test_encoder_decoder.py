"""Encoder and decoder together: what it learns, and what it finds."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.errors import UsageError
from seqtasks.sections import Training
from seqtasks.training.step import TrainingStep

from .pairs import NETWORKS, SIMPLE, graph, sharper, stepped, translator, whole


def padded(batch, before=0, behind=0, target=0):
    """Adds steps that do not count, and that hold anything."""
    widths = dict.fromkeys(("source", "mask"), (before, behind))
    widths |= dict.fromkeys(("inputs", "targets", "target_mask"), (0, target))
    found = dict(batch)
    for name, width in widths.items():
        found[name] = tf.pad(batch[name], [[0, 0], width], constant_values=False if "mask" in name else 3)
    return found


def logs_of(scores):
    return scores - np.log(np.exp(scores).sum(-1, keepdims=True))


def right_logs(model, batch):
    logs = np.take_along_axis(logs_of(stepped(model, batch)), batch["targets"].numpy()[..., None], -1)[..., 0]
    return np.where(batch["target_mask"], logs, 0.0)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_weight_learns_and_nothing_else_counts(name):
    pipeline, model = translator(**NETWORKS[name])
    batch = whole(pipeline)
    step = TrainingStep(model, keras.optimizers.SGD(1.0), Training())
    differentiate = graph(step._loss_and_gradients, batch)
    search = graph(lambda batch: model.search(batch["source"], batch["mask"]), batch)
    log_probabilities = graph(model.log_probabilities, batch)

    loss, gradients = differentiate(batch)
    assert 0 < loss < 5
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.all(np.isfinite(gradient)), variable.path
        assert np.any(gradient), variable.path

    sharper(model)
    loss, found, together = differentiate(batch)[0], search(batch), log_probabilities(batch)
    for padding in ({"before": 2}, {"behind": 3}, {"target": 2}):
        longer = padded(batch, **padding)
        np.testing.assert_allclose(differentiate(longer)[0], loss, rtol=1e-5)
        np.testing.assert_allclose(log_probabilities(longer)[:, :6], together, rtol=1e-4, atol=1e-5)
        again = search(longer)
        np.testing.assert_array_equal(again.ids, found.ids)
        np.testing.assert_allclose(again.scores, found.scores, rtol=1e-4)
    lengths = [batch[name].numpy().sum(1) for name in ("mask", "target_mask")]
    for i, (length, count) in enumerate(zip(*lengths, strict=True)):
        alone = {name: values[i : i + 1] for name, values in batch.items()}
        alone |= {name: alone[name][:, :length] for name in ("source", "mask")}
        alone |= {name: alone[name][:, :count] for name in ("inputs", "targets", "target_mask")}
        np.testing.assert_allclose(log_probabilities(alone)[0], together[i, :count], rtol=1e-4, atol=1e-5)
        one = search(alone)
        np.testing.assert_array_equal(one.ids[0], found.ids[i])
        np.testing.assert_allclose(one.scores[0], found.scores[i], rtol=1e-4)


@pytest.mark.parametrize("name", ["default", "without attention", "feeding, untied"])
def test_the_loss_is_what_the_steps_say(name):
    pipeline, model = translator(**NETWORKS[name])
    sharper(model)
    batch = whole(pipeline)
    expected = right_logs(model, batch)
    np.testing.assert_allclose(model.log_probabilities(batch), expected, rtol=1e-4, atol=1e-5)
    count = batch["target_mask"].numpy().sum()
    np.testing.assert_allclose(model.loss_of(batch, training=False), -expected.sum() / count, rtol=1e-5)


@pytest.mark.parametrize("name", ["default", "without attention", "feeding, untied"])
def test_what_is_found_has_the_probability_that_is_told(name):
    pipeline, model = translator(**NETWORKS[name])
    sharper(model)
    batch = whole(pipeline)
    found = model.search(batch["source"], batch["mask"])
    ids, finished = found.ids.numpy(), found.finished.numpy()
    for row, place in np.ndindex(ids.shape[:2]):
        text = [i for i in ids[row, place].tolist() if i] + [2] * int(finished[row, place])
        one = {name: values[row : row + 1] for name, values in batch.items()}
        one["targets"], one["target_mask"] = tf.constant([text]), tf.ones([1, len(text)], tf.bool)
        one["inputs"] = tf.constant([[2, *text[:-1]]])
        total = tf.reduce_sum(model.log_probabilities(one))
        np.testing.assert_allclose(found.log_probabilities[row, place], total, rtol=1e-4, atol=1e-4)
    outputs = model.outputs_of(batch)
    np.testing.assert_array_equal(outputs["ids"], ids[:, 0])
    np.testing.assert_array_equal(outputs["score"], found.scores[:, 0])


def test_label_smoothing_is_of_training_alone():
    pipeline, model = translator(training={"label_smoothing": 0.2}, **SIMPLE)
    sharper(model)
    batch = whole(pipeline)
    logs, mask = logs_of(stepped(model, batch)), batch["target_mask"].numpy()
    size = logs.shape[-1]
    wanted = 0.8 * np.eye(size)[batch["targets"].numpy()] + 0.2 / size
    smoothed, plain = -(wanted * logs).sum(-1)[mask].mean(), -right_logs(model, batch).sum() / mask.sum()
    np.testing.assert_allclose(model.loss_of(batch, training=True), smoothed, rtol=1e-5)
    np.testing.assert_allclose(model.loss_of(batch, training=False), plain, rtol=1e-5)
    assert abs(smoothed - plain) > 1e-3


def test_filler_rows_alone_cost_nothing():
    pipeline, model = translator(**SIMPLE)
    batch = whole(pipeline)
    nothing = {name: tf.zeros_like(values) if "mask" in name else values for name, values in batch.items()}
    assert model.loss_of(nothing, training=True) == 0


def test_dropout_is_of_training_alone():
    pipeline, model = translator(dropout=0.5, embedding_dropout=0.5, word_dropout=0.5, **SIMPLE)
    batch = whole(pipeline)
    assert model.loss_of(batch, training=False) == model.loss_of(batch, training=False)
    assert model.loss_of(batch, training=True) != model.loss_of(batch, training=True)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_without_bridges_the_decoder_starts_where_the_encoder_ended(cell):
    pipeline, model = translator(attention="none", bidirectional=False, layers=2, cell=cell)
    batch = whole(pipeline)
    memory, states = model.read(batch["source"], batch["mask"])
    _, finals = model.encoder(model.source(batch["source"]), mask=batch["mask"])
    assert memory is model.bridges is None
    for one, other in zip(states, finals, strict=True):
        np.testing.assert_array_equal(one, other)


def test_bridges_join_the_directions_of_each_layer():
    pipeline, model = translator(layers=2)
    sharper(model)
    batch = whole(pipeline)
    _, states = model.read(batch["source"], batch["mask"])
    _, finals = model.encoder(model.source(batch["source"]), mask=batch["mask"])
    places = [(0, 2), (1, 3), (4, 6), (5, 7)]  # a and c forwards, a and c backwards; of the second layer too
    for number, (state, bridge, (one, other)) in enumerate(zip(states, model.bridges, places, strict=True)):
        kernel, bias = bridge.get_weights()
        expected = np.concatenate([finals[one], finals[other]], axis=1) @ kernel + bias
        np.testing.assert_allclose(state, expected if number % 2 else np.tanh(expected), rtol=1e-4, atol=1e-5)


def test_nothing_is_found_for_a_source_without_symbols():
    pipeline, model = translator({"coverage_penalty": 0.2})
    batch = pipeline.graph().features(tf.constant(["", "ab"]))
    found = model.search(batch["source"], batch["mask"])
    assert not np.any(found.ids[0])
    assert not np.any(found.finished[0])
    assert np.any(found.ids[1]) or np.any(found.finished[1])
    alone = model.outputs_of(pipeline.graph().features(tf.constant([""])))
    assert not np.any(alone["ids"])


@pytest.mark.parametrize("feeding", [False, True])
def test_sixteen_bits(feeding):
    pipeline, model = translator(mixed=True, dropout=0.1, cell="gru", bidirectional=False, input_feeding=feeding)
    batch = whole(pipeline)
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    outputs, weights = model(batch)
    assert (outputs.dtype, weights.dtype) == (tf.bfloat16, tf.float32)
    step = TrainingStep(model, keras.optimizers.Adam(0.01), Training(jit_compile=False))
    step._update(*graph(step._loss_and_gradients, batch)(batch))
    found = step.read()
    assert found["first_bad_step"] == 0
    assert 0 < found["loss"] < 5
    assert model.search(batch["source"], batch["mask"]).scores.dtype == tf.float32


@pytest.mark.parametrize("name", ["default", "feeding, untied"])
def test_it_compiles(name):
    pipeline, model = translator(**NETWORKS[name])
    batch = whole(pipeline)
    compiled = tf.function(lambda batch: model.loss_of(batch, training=True), jit_compile=True, autograph=False)
    np.testing.assert_allclose(compiled(batch), model.loss_of(batch, training=True), rtol=1e-4)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"members": 2}, "one member. Received: members=2"),
        ({"residual": True}, "set layers to 2 or more"),
        ({"input_feeding": True, "attention": "none"}, "attends to nothing"),
    ],
)
def test_what_contradicts_itself_is_refused(model, message):
    with pytest.raises(UsageError, match=message):
        translator(**model)
