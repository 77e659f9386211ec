import numpy as np
import pytest

from seqtasks import registry
from seqtasks.errors import DataError, UsageError
from seqtasks.training.gradient_flow import GradientFlow, configurations, gradient_flow, gradient_norms

SYMBOLS, UNITS = 9, 5
SMALL = {"embedding_size": UNITS, "units": UNITS}


def language_model(cell, seed=1, **settings):
    import keras

    from seqtasks.architectures.one_to_many import LanguageModel

    keras.utils.set_random_seed(seed)
    config = registry.get("word_lm").config.override({**SMALL, "cell": cell, **settings})
    model = LanguageModel(config, np.ones(SYMBOLS, np.int64))
    model.call_on_example()
    return model


def windows(rows, steps, seed=0):
    symbols = np.random.default_rng(seed).integers(2, SYMBOLS, (rows, steps + 1), np.int32)
    return symbols[:, :-1], symbols[:, -1]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def step(cell, weights, x, states):
    """The cells' equations in float64, with Keras's order of columns."""
    kernel, recurrent, bias = weights
    if cell == "rnn":
        return [np.tanh(x @ kernel + states[0] @ recurrent + bias)]
    if cell == "gru":
        (before,), gates = states, 2 * UNITS
        z, r = np.split(sigmoid((x @ kernel + bias)[:gates] + before @ recurrent[:, :gates]), 2)
        candidate = np.tanh((x @ kernel + bias)[gates:] + (r * before) @ recurrent[:, gates:])
        return [(1 - z) * candidate + z * before]
    i, f, g, o = np.split(x @ kernel + states[0] @ recurrent + bias, 4)
    memory = sigmoid(i) * np.tanh(g) + sigmoid(f) * states[1]
    return [sigmoid(o) * np.tanh(memory), memory]


def loss(model, cell, symbols, target, added):
    """The loss after the last step, `added` [T - 1, units] being added to what the top layer carries on."""
    weights = [[np.asarray(w, np.float64) for w in layer.weights[:3]] for layer in model.recurrent.recurrent]
    embeddings = np.asarray(model.symbols.embeddings, np.float64)
    sequence = embeddings[symbols]
    for layer, own in enumerate(weights):
        states, outputs = [np.zeros(UNITS)] * (2 if cell == "lstm" else 1), []
        for t, x in enumerate(sequence):
            states = step(cell, own, x, states)
            outputs.append(states[0])
            if layer == len(weights) - 1 and t < len(added):
                states = [states[0] + added[t], *states[1:]]
        sequence = outputs
    scores = embeddings @ sequence[-1] + np.asarray(model.scores.bias, np.float64)
    return np.log(np.exp(scores).sum()) - scores[target]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_norms_are_those_of_finite_differences(cell):
    model, (inputs, targets), steps, tiny = language_model(cell, layers=2), windows(2, 5), 4, 1e-5
    expected = np.zeros((steps, len(targets)))
    for row, (symbols, target) in enumerate(zip(inputs, targets, strict=True)):
        for t in range(steps):
            slopes = []
            for unit in range(UNITS):
                added = np.zeros((steps, UNITS))
                added[t, unit] = tiny
                up, down = (loss(model, cell, symbols, target, sign * added) for sign in (1, -1))
                slopes.append((up - down) / (2 * tiny))
            expected[steps - 1 - t, row] = np.linalg.norm(slopes)
    found = gradient_norms(model, inputs, targets)
    assert found.shape == (steps, len(targets))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_memory_cell_holds_on_where_small_recurrent_weights_let_go():
    inputs, targets = windows(8, 31)
    norms = {}
    for cell in ("rnn", "lstm"):
        model = language_model(cell, layers=1)
        (layer,) = model.recurrent.recurrent
        layer.recurrent_kernel.assign(layer.recurrent_kernel / 2)
        norms[cell] = np.exp(np.log(gradient_norms(model, inputs, targets)).mean(axis=1))
    # The recurrent kernel starts orthogonal, so that half of it shrinks what passes by half or more in every step;
    # the forget gate's bias of one lets about 0.7 of the memory pass.
    assert norms["rnn"][29] < norms["rnn"][0] * 0.5**29
    assert norms["lstm"][29] > norms["lstm"][0] * 0.6**29
    assert norms["lstm"][29] > 1000 * norms["rnn"][29]


def test_norms_too_small_for_the_squares_of_32_bits_are_not_zero():
    model = language_model("rnn", layers=1)
    (layer,) = model.recurrent.recurrent
    layer.recurrent_kernel.assign(layer.recurrent_kernel * 1e-5)
    norms = gradient_norms(model, *windows(3, 7))
    assert (norms > 0).all()
    assert (norms[5] < 1e-23).all()


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    lines = [
        f"{who} {what} the {whom} ."
        for who in ("cats", "dogs")
        for what in ("see", "hear")
        for whom in "abcdefghijklmnopqrstuvwxyz"
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_flow_of_every_cell_on_the_users_text(text, tmp_path):
    flow = gradient_flow("word_lm", ["rnn", "gru", "rnn"], text, settings=SMALL, length=11, windows=6)
    assert list(flow.norms) == ["rnn", "gru"]
    assert all(norms.shape == (11,) and (norms > 0).all() for norms in flow.norms.values())
    assert flow.length == 11
    assert flow.title == f"word_lm on {text}, at initialization, 6 windows of validation texts laid end to end"
    again = gradient_flow("word_lm", "gru", text, settings=SMALL, length=11, windows=6)
    np.testing.assert_allclose(again.norms["gru"], flow.norms["gru"])
    flow.plot(tmp_path / "new" / "flow.png")
    assert (tmp_path / "new" / "flow.png").read_bytes().startswith(b"\x89PNG")


def test_windows_lie_inside_texts_where_texts_are_long_enough(text):
    flow = gradient_flow("word_lm", ["rnn"], text, settings=SMALL, length=3, windows=4)
    assert flow.title.endswith("4 windows inside validation texts")


def test_training_first_changes_the_norms(text):
    settings = {**SMALL, "jit_compile": False, "layers": 1}
    options = {"cells": ["rnn"], "data": text, "settings": settings, "length": 3, "quiet": True}
    before, after = gradient_flow("word_lm", **options), gradient_flow("word_lm", **options, trained=1)
    assert "after 1 epoch," in after.title
    assert not np.allclose(before.norms["rnn"], after.norms["rnn"])


def test_table_of_some_distances_and_where_norms_have_vanished(tmp_path):
    falling = 0.5 ** np.arange(45.0)
    flow = GradientFlow("a title", {"rnn": falling, "lstm": np.ones(45), "gru": np.zeros(45)})
    assert [flow.vanished_at(cell) for cell in ("rnn", "lstm")] == [8, None]
    lines = flow.table().splitlines()
    assert lines[0] == "|dLoss<T>/da<t>|: a title"
    assert [line.split()[0] for line in lines[2:-1]] == ["1", "2", "5", "10", "20", "40", "45"]
    assert lines[1].split() == ["T", "-", "t", "rnn", "lstm", "gru"]
    assert lines[3].split() == ["2", "5.00e-01", "1.00e+00", "0.00e+00"]
    assert lines[-1].split() == ["1%", "at", "8", ">", "45", "1"]
    flow.plot(tmp_path / "flow.png")


@pytest.mark.parametrize(("length", "expected"), [(1, "1"), (7, "1 2 5 7"), (60, "1 2 5 10 20 40 60")])
def test_the_table_ends_with_the_length(length, expected):
    lines = GradientFlow("", {"rnn": np.ones(length)}).table().splitlines()
    assert " ".join(line.split()[0] for line in lines[2:-1]) == expected


def test_what_cannot_be_measured_is_refused(text):
    with pytest.raises(UsageError, match=r"unknown cell 'lsmt'\. Did you mean 'lstm'"):
        configurations("word_lm", ["rnn", "lsmt"], "builtin")
    with pytest.raises(UsageError, match="no cell was given"):
        configurations("word_lm", [], "builtin")
    with pytest.raises(UsageError, match="ner is no language model"):
        configurations("ner", ["rnn"], "builtin")
    with pytest.raises(UsageError, match="with --cell, not as a setting"):
        configurations("word_lm", ["rnn"], "builtin", {"model.cell": "gru"})
    with pytest.raises(UsageError, match="bidirectional=false"):
        gradient_flow("word_lm", ["rnn"], text, settings={"bidirectional": True}, length=3)
    with pytest.raises(UsageError, match="Received: length=0"):
        gradient_flow("word_lm", ["rnn"], text, length=0)
    with pytest.raises(DataError, match="too few to look 900 steps back"):
        gradient_flow("word_lm", ["rnn"], text, length=900)


def test_everything_is_computed_in_32_bits():
    (config,) = configurations("word_lm", "lstm", "builtin", {"mixed_precision": True}, trained=3).values()
    assert (config.model.cell, config.training.mixed_precision, config.training.epochs) == ("lstm", False, 3)
