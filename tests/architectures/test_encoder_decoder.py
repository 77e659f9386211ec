"""Encoder and decoder together: what it learns, and what it finds."""

import copy
import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.config import Config
from seqtasks.data.translation import TranslationPipeline
from seqtasks.errors import UsageError
from seqtasks.sections import Recurrent, SourceText, TargetText, Training
from seqtasks.training.precision import computing_in
from seqtasks.training.step import TrainingStep

PAIRS = [
    {"source": source, "target": target}
    for source, target in [("abcd", "DC"), ("ba", "ABAB"), ("dab c", "C"), ("c", "CCABD"), ("acb", ""), ("dd", "DAD")]
]
NETWORKS = {
    "default": {},
    "without attention": {"attention": "none", "bidirectional": False, "cell": "gru"},
    "additive": {"attention": "additive", "cell": "peephole_lstm", "bidirectional": False},
    "feeding, untied": {"input_feeding": True, "cell": "simplified_gru", "targets": {"tied": False}},
    "residual": {"layers": 2, "residual": True, "cell": "rnn", "bidirectional": False},
}

SIMPLE = {"cell": "rnn", "bidirectional": False}


@functools.cache
def fitted(inputs):
    """Returns the pipeline of all networks, which differ in other things."""
    targets = TargetText(unit="character", max_length=8)
    pipeline = TranslationPipeline.fit(Config(inputs, targets, Recurrent(), Training()), PAIRS)
    pipeline.encode(PAIRS)
    return pipeline


def translator(targets=None, training=None, mixed=False, **model):
    """Returns pipeline and network of a translation of characters."""
    config = Config(
        SourceText(unit="character", embedding_size=5),
        TargetText(**{"unit": "character", "embedding_size": 4, "max_length": 8, "beam": 3, **(targets or {})}),
        Recurrent(**{"units": 6, "dropout": 0.0, **model}),
        Training(**(training or {})),
    )
    pipeline = copy.copy(fitted(config.inputs))
    pipeline.config = config
    keras.utils.set_random_seed(3)
    with computing_in(mixed):
        return pipeline, build_model(config, pipeline)


def whole(pipeline):
    """Returns all pairs as one batch, as long on either side as the longest."""
    encoded = pipeline.encode(PAIRS)
    rows = np.arange(len(encoded))
    source, target = encoded.source.batch(rows, 5), encoded.target.batch(rows, 6)
    batch = {**source, "inputs": target["inputs"], "targets": target["targets"], "target_mask": target["mask"]}
    return {name: tf.convert_to_tensor(values) for name, values in batch.items()}


def padded(batch, before=0, behind=0, target=0):
    """Adds steps that do not count, and that hold anything."""
    widths = dict.fromkeys(("source", "mask"), (before, behind))
    widths |= dict.fromkeys(("inputs", "targets", "target_mask"), (0, target))
    found = dict(batch)
    for name, width in widths.items():
        found[name] = tf.pad(batch[name], [[0, 0], width], constant_values=False if "mask" in name else 3)
    return found


def graph(function, batch):
    """Returns a function of batches of any lengths, traced once."""
    kinds = {name: tf.TensorSpec([None] * values.shape.rank, values.dtype) for name, values in batch.items()}
    return tf.function(function, [kinds], autograph=False)


def sharper(model, seed=0):
    """Gives the network random weights that are far from even."""
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(size=weight.shape) if weight.ndim else weight for weight in model.get_weights()])


def stepped(model, batch):
    """Returns the scores of the symbols after each input, one step at a time, `[B, S, W]`."""
    memory, states = model.read(batch["source"], batch["mask"])
    scores = []
    for t in range(batch["inputs"].shape[1]):
        found, states, _ = model.step(batch["inputs"][:, t], states, memory)
        scores.append(found.numpy().astype(float))
    return np.stack(scores, axis=1)


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


def sampling(steps=10, share=0.99):
    return translator({"scheduled_sampling": share, "sampling_steps": steps}, **SIMPLE)


def inputs_read(model, batch, monkeypatch):
    """Returns what the decoder reads in a training step, after what it reads to draw from."""
    read, write = [], model._write
    monkeypatch.setattr(
        model, "_write", lambda inputs, *rest, **more: read.append(inputs) or write(inputs, *rest, **more)
    )
    model.loss_of(batch, training=True)
    monkeypatch.undo()
    return [inputs.numpy() for inputs in read]


def test_sampling_begins_as_teacher_forcing():
    pipeline, plain = translator(**SIMPLE)
    _, model = sampling()
    for one, other in zip(model.trainable_variables, plain.trainable_variables, strict=True):
        one.assign(other)
    batch = whole(pipeline)
    assert plain.seen is None
    np.testing.assert_array_equal(model.loss_of(batch, training=True), plain.loss_of(batch, training=True))
    assert model.seen.numpy() == 1
    # Only training counts.
    np.testing.assert_array_equal(model.loss_of(batch, training=False), plain.loss_of(batch, training=False))
    assert model.seen.numpy() == 1


def test_sampling_rises_to_its_share(monkeypatch):
    pipeline, model = sampling(steps=4, share=0.5)
    sharper(model)
    rows = {name: tf.repeat(values, 50, axis=0) for name, values in whole(pipeline).items()}
    right = rows["inputs"].numpy()
    shares = []
    for _ in range(6):
        first, second = inputs_read(model, rows, monkeypatch)
        np.testing.assert_array_equal(first, right)
        np.testing.assert_array_equal(second[:, 0], 2)
        shares.append(np.mean(second != right))
    assert model.seen.numpy() == 6
    assert shares[0] == 0
    assert 0 < shares[1] < shares[2] < shares[3] < shares[4]
    assert shares[4] == pytest.approx(shares[5], rel=0.2)


def test_sampling_reads_what_the_network_would_have_said(monkeypatch):
    pipeline, model = sampling(share=0.999)
    sharper(model)
    # So sure that nothing else is drawn.
    model.target.embeddings.assign(50 * model.target.embeddings)
    model.seen.assign(10)
    batch = whole(pipeline)
    likeliest = stepped(model, batch).argmax(-1)
    _, second = inputs_read(model, batch, monkeypatch)
    mask = batch["target_mask"].numpy()[:, 1:]
    assert np.mean(second[:, 1:][mask] == likeliest[:, :-1][mask]) > 0.9
    assert np.mean(second[:, 1:][mask] == batch["inputs"].numpy()[:, 1:][mask]) < 0.5


def test_how_much_was_seen_is_saved_with_the_weights(tmp_path):
    pipeline, model = sampling()
    for _ in range(3):
        model.loss_of(whole(pipeline), training=True)
    model.save_weights(tmp_path / "model.weights.h5")
    _, again = sampling()
    again.load_weights(tmp_path / "model.weights.h5")
    assert again.seen.numpy() == 3
    assert model.seen.path not in {variable.path for variable in model.trainable_variables}
    batch = whole(pipeline)
    np.testing.assert_array_equal(again.log_probabilities(batch), model.log_probabilities(batch))


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
