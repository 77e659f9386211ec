import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.architectures.stack import RecurrentStack
from seqtasks.architectures.symbol_scores import SymbolScores
from seqtasks.config import Config
from seqtasks.data.language import LanguagePipeline
from seqtasks.decoding.scoring import log_probabilities
from seqtasks.errors import UsageError
from seqtasks.sections import NextSymbol, Recurrent, Symbols, Training
from seqtasks.training.precision import computing_in
from seqtasks.training.step import TrainingStep

from .samples import assert_every_weight_learns, assert_padding_changes_nothing, batch_of

TEXTS = [{"text": text} for text in ("abcde", "edcba ab", "", "bead", "cab", "a")]
LONG = [{"text": "a bad cab, a bed; deaf bees fade as a cafe"}]
NETWORKS = {
    "tied with an adapter": ({"embedding_size": 4}, {"tied": True}, {}),
    "tied": ({"embedding_size": 6}, {"tied": True}, {"cell": "gru", "layers": 2, "residual": True}),
    "untied": ({}, {"tied": False}, {"cell": "peephole_lstm"}),
    "one-hot": ({"one_hot": True}, {"tied": False}, {"cell": "rnn"}),
    "two layers": ({}, {"tied": False}, {"cell": "simplified_gru", "layers": 2}),
}
RNG = np.random.default_rng(0)


def language(inputs=None, targets=None, training=None, examples=TEXTS, **model):
    """Returns pipeline and network of a language of characters."""
    small = {"unit": "character", "max_symbols": 0, "embedding_size": 5}
    config = Config(
        Symbols(**{**small, **(inputs or {})}),
        NextSymbol(**(targets or {})),
        Recurrent(**{"units": 6, "bidirectional": False, "dropout": 0.0, **model}),
        Training(**{"batch_size": 2, **(training or {})}),
    )
    pipeline = LanguagePipeline.fit(config, examples)
    keras.utils.set_random_seed(3)
    return pipeline, build_model(config, pipeline)


def network(name):
    inputs, targets, model = NETWORKS[name]
    return language(inputs, targets, **model)


def whole(pipeline, examples=TEXTS, length=9):
    """Returns all examples as one batch, every row from its beginning."""
    batch = batch_of(pipeline, examples, length)
    return {**batch, "begins": tf.ones([len(examples)], tf.bool)}


def windows(pipeline, examples=LONG):
    return list(pipeline.batches(pipeline.encode(examples), 1))


def in_windows(window, **options):
    return language({"context": "document", "window": window}, examples=LONG, **options)


def losses_of(model, batch):
    return -model.outputs_of(batch)["log_probability"].numpy()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_weight_learns_and_nothing_else_counts(name):
    pipeline, model = network(name)
    batch = whole(pipeline)
    assert_every_weight_learns(model, batch, jit_compile=name == "tied")
    assert_padding_changes_nothing(model, batch)
    together = losses_of(model, batch)
    for i, count in enumerate(batch["mask"].numpy().sum(1)):
        alone = {name: values[i : i + 1] for name, values in batch.items()}
        short = {name: alone[name][:, :count] for name in ("inputs", "targets", "mask")}
        np.testing.assert_allclose(losses_of(model, {**alone, **short})[0], together[i], rtol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_step_is_one_step_of_the_whole(name):
    pipeline, model = network(name)
    inputs = tf.constant(RNG.integers(2, len(pipeline.symbols), (3, 5)), tf.int32)
    outputs, finals = model(inputs)
    states = [tf.zeros([3, size]) for size in model.recurrent.state_size]
    for t in range(5):
        scores, states = model.step(inputs[:, t], states)
        np.testing.assert_allclose(scores, model.score(outputs[:, t]), atol=1e-5)
    assert len(states) == len(finals)
    for one, other in zip(states, finals, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_reading_a_prompt_is_reading_a_text():
    _, model = network("tied")
    prompts = [[3, 4, 5], [], [4]]
    scores, states = model.read_prompt(tf.ragged.constant(prompts, tf.int32))
    for i, prompt in enumerate(prompts):
        outputs, finals = model(tf.constant([[2, *prompt]]))
        np.testing.assert_allclose(scores[i], model.score(outputs[:, -1])[0], atol=1e-5)
        for state, final in zip(states, finals, strict=True):
            np.testing.assert_allclose(state[i], final[0], atol=1e-5)


def test_the_weights_that_there_are():
    _, tied = language({"embedding_size": 6}, {"tied": True})
    _, adapted = language({"embedding_size": 5}, {"tied": True})
    _, untied = language({"embedding_size": 5}, {"tied": False})
    assert tied.adapter is tied.scores.kernel is None
    assert adapted.adapter.kernel.shape == (6, 5)
    assert adapted.scores.kernel is None
    assert untied.adapter is None
    assert untied.scores.kernel.shape == (untied.scores.bias.shape[0], 6)


def test_the_loss_is_the_mean_cross_entropy_of_all_symbols():
    pipeline, model = network("untied")
    batch = whole(pipeline)
    outputs, _ = model(batch["inputs"], mask=batch["mask"])
    logits = model.score(tf.reshape(outputs, [-1, 6])).numpy().reshape(*outputs.shape[:2], -1).astype(float)
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    right = np.take_along_axis(logs, batch["targets"].numpy()[..., None], -1)[..., 0] * batch["mask"].numpy()
    found = model.outputs_of(batch)
    np.testing.assert_allclose(found["log_probability"], right.sum(1), rtol=1e-5)
    assert found["count"].numpy().tolist() == [6, 9, 1, 5, 4, 2]
    for training in (False, True):
        np.testing.assert_allclose(model.loss_of(batch, training), -right.sum() / 27, rtol=1e-5)


def test_filler_rows_alone_cost_nothing():
    pipeline, model = network("tied")
    batch = whole(pipeline)
    assert model.loss_of({**batch, "mask": tf.zeros_like(batch["mask"])}, training=True) == 0


def test_dropout_is_of_training_alone():
    pipeline, model = language(dropout=0.5, embedding_dropout=0.5, recurrent_dropout=0.5, word_dropout=0.5)
    batch = whole(pipeline)
    assert model.loss_of(batch, training=False) == model.loss_of(batch, training=False)
    assert model.loss_of(batch, training=True) != model.loss_of(batch, training=True)


@pytest.mark.parametrize("name", ["tied", "untied"])
def test_windows_are_as_surprising_as_the_whole_text(name):
    inputs, targets, model = NETWORKS[name]
    found = {}
    for window in (4, 50):
        pipeline, network = language(
            {**inputs, "context": "document", "window": window}, targets, {"batch_size": 1}, LONG, **model
        )
        batches = windows(pipeline)
        found[window] = [losses_of(network, batch)[0] for batch in batches]
        trained = [network.loss_of(batch, training=True) * batch["mask"].sum() for batch in batches]
        np.testing.assert_allclose(trained, found[window], rtol=1e-5)
    (steps,) = log_probabilities(
        network, *(tf.RaggedTensor.from_tensor(batches[0][name][:, :42]) for name in ("inputs", "targets"))
    ).to_list()
    assert batches[0]["mask"].sum() == 42
    np.testing.assert_allclose(found[50], -np.sum(steps), rtol=1e-5)
    np.testing.assert_allclose(found[4], [-np.sum(steps[i : i + 4]) for i in range(0, 42, 4)], rtol=1e-5)


def test_a_state_goes_on_unless_a_text_begins():
    pipeline, model = in_windows(4)
    first, second, *_ = windows(pipeline)
    losses_of(model, first)
    carried = losses_of(model, second)
    again = losses_of(model, {**second, "begins": np.array([True, False])})
    anew = losses_of(model, {**second, "begins": np.array([True, True])})
    assert carried[0] != again[0]
    assert again[0] == anew[0]
    assert again[1] != anew[1]


def test_training_and_evaluation_keep_their_own_states():
    pipeline, model = in_windows(4)
    first, second, third, *_ = windows(pipeline)
    for batch in (first, second):
        expected = model.loss_of(batch, training=True)
    model.loss_of(first, training=True)
    losses_of(model, third)
    np.testing.assert_allclose(model.loss_of(second, training=True), expected, rtol=1e-6)
    losses_of(model, first)
    expected = losses_of(model, second)
    losses_of(model, first)
    model.loss_of(third, training=True)
    np.testing.assert_allclose(losses_of(model, second), expected, rtol=1e-6)


def test_carried_states_are_no_weights():
    pipeline, model = in_windows(4)
    before = len(model.weights), model.count_params()
    model.loss_of(windows(pipeline)[0], training=True)
    assert (len(model.weights), model.count_params()) == before


def test_no_gradient_flows_back_into_the_window_before():
    text = [{"text": "abcdefghijkl"}]
    pipeline, model = language({"context": "document", "window": 6}, {"tied": False}, {"batch_size": 1}, text)
    first, second = windows(pipeline, text)
    embeddings, earlier, later = model.symbols.embeddings.value, *map(pipeline.symbols.ids, ("abc", "ghk"))
    with tf.GradientTape(persistent=True) as tape:
        model.loss_of(first, training=True)
        loss = model.loss_of(second, training=True)
        outputs, _ = model(np.concatenate([first["inputs"], second["inputs"]], axis=1), training=True)
        final = tf.reduce_sum(outputs[:, -1])
    carried, whole = (tf.convert_to_tensor(tape.gradient(end, embeddings)).numpy() for end in (loss, final))
    assert not carried[earlier].any()
    assert carried[later].any(axis=1).all()
    # In one piece it does.
    assert whole[[*earlier, *later]].any(axis=1).all()


@pytest.mark.parametrize(
    ("context", "targets"),
    [("document", {}), ("example", {"tied": False, "softmax": "sampled", "samples": 4})],
)
def test_it_learns_a_text_by_heart(context, targets):
    text = [{"text": "abcabd" * 8}]
    pipeline, model = language({"context": context, "window": 8}, targets, examples=text, units=24)
    step = TrainingStep(model, keras.optimizers.Adam(0.02), Training(jit_compile=False))
    batches = list(pipeline.batches(pipeline.encode(text), 2))

    def evaluate():
        return sum(losses_of(model, batch).sum() for batch in batches) / sum(batch["mask"].sum() for batch in batches)

    before = evaluate()
    for _ in range(60 // len(batches)):
        for batch in batches:
            step(batch)
    assert step.read()["first_bad_step"] == 0
    assert before > 1.5
    assert evaluate() < 0.5


def test_sixteen_bits():
    with computing_in(mixed=True):
        pipeline, model = in_windows(4, targets={"tied": True}, dropout=0.1)
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    first, second, *_ = windows(pipeline)
    assert model(first["inputs"])[0].dtype == tf.bfloat16
    assert model.score(model(first["inputs"])[0][:, 0]).dtype == tf.float32
    for batch in (first, second):
        loss = model.loss_of(batch, training=True)
        assert loss.dtype == tf.float32
        assert np.isfinite(loss)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bidirectional": True}, "set bidirectional=false"),
        ({"members": 2}, "one member. Received: members=2"),
        ({"inputs": {"one_hot": True}, "targets": {"tied": True}}, "set one of them to false"),
    ],
)
def test_what_makes_no_language_model_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        language(**options)


OUTPUTS = RNG.normal(size=(5, 4)).astype("float32")
TARGETS = tf.constant([0, 2, 5, 1, 5])


def layer_of(samples, tied=False):
    keras.utils.set_random_seed(5)
    layer = SymbolScores(6, samples, tied)
    layer.build((None, 4))
    layer.bias.assign(RNG.normal(size=6))
    return layer


def test_more_samples_than_symbols_come_near_the_full_loss():
    sampled = layer_of(200_000)
    full = SymbolScores(6, 0, tied=False)
    full.build((None, 4))
    full.set_weights([sampled.kernel, sampled.bias])
    found = []
    for layer in (full, sampled):
        outputs = tf.constant(OUTPUTS)
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            losses = layer.loss(outputs, TARGETS)
            mean = tf.reduce_mean(losses)
        sources = [outputs, layer.kernel.value, layer.bias.value]
        found.append((losses, *map(tf.convert_to_tensor, tape.gradient(mean, sources))))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(other, one, atol=0.02)


@pytest.mark.parametrize("samples", [2, 12])
def test_the_right_probabilities_are_where_the_sampled_loss_is_least(samples):
    """With the scores at the true probabilities' logarithms, the gradient is zero on average."""
    shares = np.array([0.05, 0.1, 0.4, 0.05, 0.1, 0.3], np.float32)
    layer = layer_of(samples)
    layer.bias.assign(np.log(shares))
    rounds = 4000

    @tf.function(autograph=False)
    def gradients():
        def one(_):
            with tf.GradientTape() as tape:
                losses = layer.loss(tf.zeros([6, 4]), tf.range(6))
                mean = tf.reduce_sum(losses * shares)
            return tf.convert_to_tensor(tape.gradient(mean, layer.bias.value))

        return tf.map_fn(one, tf.range(rounds), fn_output_signature=tf.TensorSpec([6], tf.float32))

    found = gradients().numpy()
    error = found.std(0) / np.sqrt(rounds)
    assert np.all(np.abs(found.mean(0)) < 4 * error)
    assert error.max() < 0.01


def test_symbols_are_drawn_as_often_as_the_loss_expects():
    layer = layer_of(100_000)
    drawn = np.bincount(layer._draw(), minlength=6)
    np.testing.assert_allclose(drawn, np.exp(layer._log_expected(tf.range(6))), rtol=0.03)
    assert np.exp(layer._log_expected(tf.range(6))).sum() == pytest.approx(100_000, rel=1e-4)


def test_shared_weights_stand_in_for_its_own():
    weights = RNG.normal(size=(6, 4)).astype("float32")
    tied, untied = layer_of(0, tied=True), layer_of(0)
    untied.set_weights([weights, tied.bias])
    np.testing.assert_allclose(tied(OUTPUTS, weights), untied(OUTPUTS), rtol=1e-6)
    np.testing.assert_allclose(tied(OUTPUTS, weights), OUTPUTS @ weights.T + tied.bias.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_stack_goes_on_from_states(cell, residual):
    stack = RecurrentStack(
        Recurrent(cell=cell, units=4, layers=3, bidirectional=False, residual=residual), return_state=True
    )
    inputs = RNG.normal(size=(2, 6, 4)).astype("float32")
    outputs, finals = stack(inputs)
    assert [final.shape[-1] for final in finals] == stack.state_size == [4] * (3 if cell == "gru" else 6)
    first, states = stack(inputs[:, :2])
    second, states = stack(inputs[:, 2:5], states=states)
    last, states = stack.step(inputs[:, 5], states)
    np.testing.assert_allclose(tf.concat([first, second, last[:, None]], axis=1), outputs, atol=1e-5)
    for state, final in zip(states, finals, strict=True):
        np.testing.assert_allclose(state, final, atol=1e-5)
