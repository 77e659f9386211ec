"""The two models of music, against sums worked out by NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.architectures.note_chain import NoteChain, may_follow
from seqtasks.architectures.piano_roll_model import PianoRollModel
from seqtasks.config import Config
from seqtasks.data.music import FIRST_KEY_ID, FIRST_PITCH_ID, FRAME_END_ID, MusicPipeline
from seqtasks.data.music_text import read_piece, write_piece
from seqtasks.data.piano_roll_pipeline import PianoRollPipeline
from seqtasks.data.symbols import END_ID
from seqtasks.decoding.generation import Wishes, generate
from seqtasks.decoding.scoring import log_probabilities, targets_of
from seqtasks.errors import UsageError
from seqtasks.sections import Frames, NextFrame, Recurrent, Training

from .samples import assert_every_weight_learns, assert_padding_changes_nothing

PIECES = [
    {"frames": [[48, 64, 67], [], [60], [0, 5, 127], [60, 61]], "key": "C major"},
    {"frames": [[50, 51], [127]], "key": "A minor"},
    {"frames": [[70], [70], [70]], "key": ""},
]
TEXTS = [write_piece(piece["frames"], piece["key"]) for piece in PIECES]


def music(notes, training=None, inputs=None, **model):
    """Returns pipeline and network, whose weights are large enough to tell what they see."""
    config = Config(
        Frames(**{"embedding_size": 5, **(inputs or {})}),
        NextFrame(notes=notes),
        Recurrent(**{"units": 6, "dropout": 0.0, "bidirectional": False, **model}),
        Training(**(training or {})),
    )
    pipeline = {"chain": MusicPipeline, "independent": PianoRollPipeline}[notes].fit(config, PIECES)
    keras.utils.set_random_seed(3)
    network = build_model(config, pipeline)
    for variable in network.trainable_variables:
        variable.assign(4 * variable)
    return pipeline, network


def batch_of(pipeline, examples=PIECES):
    encoded = pipeline.encode(examples)
    batch = encoded.batch(np.arange(len(examples)), int(encoded.lengths.max()))
    return {name: tf.constant(values) for name, values in batch.items()} | {"begins": tf.fill([len(examples)], True)}


def wishes(seeds, length):
    ones, none = tf.ones(len(seeds)), tf.zeros(len(seeds), tf.int32)
    return Wishes(ones, none, ones, none + length, tf.constant(seeds, tf.int32))


def test_each_has_its_architecture():
    assert type(music("chain")[1]) is NoteChain
    assert type(music("independent")[1]) is PianoRollModel


@pytest.mark.parametrize("notes", ["chain", "independent"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_texts_are_as_likely_as_frames(notes, order):
    pipeline, network = music(notes, inputs={"order": order})
    outputs = network.outputs_of(batch_of(pipeline))
    inputs, targets = targets_of(pipeline.graph().ids(tf.constant(TEXTS)), pipeline.ends)
    found = log_probabilities(network, inputs, targets)
    for row, piece in enumerate(PIECES):
        ids, scores = targets[row].numpy(), found[row].numpy()
        later = np.arange(len(ids)) > ids.tolist().index(FRAME_END_ID)
        assert outputs["count"][row] == len(piece["frames"]) - 1
        assert scores[later & (ids != END_ID)].sum() == pytest.approx(float(outputs["log_probability"][row]), rel=1e-4)


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_independent_notes_against_numpy(order):
    pipeline, network = music("independent", inputs={"order": order})
    batch = batch_of(pipeline)
    states, _ = network(batch["inputs"], mask=batch["mask"])
    logits = states.numpy().astype(float) @ network.pitches.kernel.numpy() + network.pitches.bias.numpy()
    probabilities = 1 / (1 + np.exp(-logits))
    right = np.where(batch["targets"].numpy() == 1, probabilities, 1 - probabilities)
    expected = np.log(right).sum(axis=2)
    counted = batch["counted"].numpy()
    found = network.outputs_of(batch)["log_probability"]
    np.testing.assert_allclose(found, (expected * counted).sum(axis=1), rtol=1e-5)
    mask = batch["mask"].numpy()
    assert float(network.loss_of(batch)) == pytest.approx(-expected[mask].mean(), rel=1e-5)


@pytest.mark.parametrize("notes", ["chain", "independent"])
def test_probabilities_sum_to_one_and_only_what_may_follow_has_one(notes):
    pipeline, network = music(notes)
    ids = pipeline.graph().ids(tf.constant(TEXTS))
    inputs, _ = targets_of(ids, True)
    outputs, _ = network.read(inputs.to_tensor(), tf.sequence_mask(inputs.row_lengths()))
    allowed = may_follow(len(pipeline.symbols))
    for row, symbols in enumerate(inputs.to_list()):
        scores = network.score(outputs[row, : len(symbols)])
        found = tf.nn.softmax(scores).numpy()
        assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
        assert (found[~allowed[symbols]] == 0).all()
        if notes == "independent":
            np.testing.assert_allclose(tf.exp(scores), found, atol=1e-5)


@pytest.mark.parametrize("notes", ["chain", "independent"])
@pytest.mark.parametrize("layers", [1, 2])
def test_step_by_step_as_at_once(notes, layers):
    pipeline, network = music(notes, layers=layers)
    prompts = pipeline.graph().ids(tf.constant([*TEXTS, "", "60 64 67", "key:C_major", "| 50"]))
    logits, states = network.read_prompt(prompts)
    for row, symbols in enumerate(prompts.to_list()):
        scores, after = network.read_prompt(tf.ragged.constant([[]], tf.int32))
        for symbol in symbols:
            scores, after = network.step(tf.constant([symbol]), after)
        np.testing.assert_allclose(tf.nn.softmax(scores)[0], tf.nn.softmax(logits)[row], atol=1e-5)
        for one, together in zip(after, states, strict=True):
            np.testing.assert_allclose(one[0], together[row], atol=1e-5)


@pytest.mark.parametrize("notes", ["chain", "independent"])
def test_whatever_is_written_is_a_piece(notes):
    pipeline, network = music(notes)
    tables = pipeline.graph()
    prompts = tf.constant(["", "60 64", "70 | 60 |"] * 10)
    ids = tables.ids(prompts)
    found = generate(network, ids, wishes([*range(30)], 200))
    texts = tables.continued(prompts, found.ids).numpy()
    for text, added, prompt in zip(texts, found.ids.numpy(), prompts, strict=True):
        written, key = read_piece(text.decode())
        assert key in ("", *pipeline.labels)
        assert len(written) >= 2
        # The graph reads it as it was written: nothing is out of order.
        read = tables.ids([text])[0].numpy().tolist()
        assert read == [*tables.ids([prompt])[0].numpy(), *added[added > END_ID]]
    inputs, targets = targets_of(tf.RaggedTensor.from_tensor(found.ids, padding=0)[:1], False)
    again = log_probabilities(network, inputs, targets)
    assert float(tf.reduce_sum(again)) == pytest.approx(float(found.log_probability[0]), rel=1e-4)
    hot = wishes([1, 2], 200)._replace(temperature=tf.fill([2], 1e30))
    for text in tables.continued(prompts[:2], generate(network, ids[:2], hot).ids).numpy():
        read_piece(text.decode())
    nothing = generate(network, tables.ids(tf.constant([], tf.string)), wishes([], 5))
    assert nothing.ids.shape[0] == 0


def test_what_may_follow():
    allowed = may_follow(FIRST_KEY_ID + 2)
    pitches = set(range(FIRST_PITCH_ID, FIRST_KEY_ID))

    def behind(symbol):
        return set(np.flatnonzero(allowed[symbol]).tolist())

    assert behind(END_ID) == pitches | {FRAME_END_ID, FIRST_KEY_ID, FIRST_KEY_ID + 1}
    assert behind(FIRST_KEY_ID) == pitches | {FRAME_END_ID}
    assert behind(FRAME_END_ID) == pitches | {FRAME_END_ID, END_ID}
    assert behind(FIRST_KEY_ID - 3) == {FIRST_KEY_ID - 2, FIRST_KEY_ID - 1, FRAME_END_ID}
    assert behind(FIRST_KEY_ID - 1) == {FRAME_END_ID}


@pytest.mark.parametrize("notes", ["chain", "independent"])
def test_training(notes):
    pipeline, network = music(notes, dropout=0.3, embedding_dropout=0.2, recurrent_dropout=0.1)
    assert_every_weight_learns(network, batch_of(pipeline), jit_compile=True)


@pytest.mark.parametrize("notes", ["chain", "independent"])
def test_padding_and_other_rows_change_nothing(notes):
    pipeline, network = music(notes)
    assert_padding_changes_nothing(network, batch_of(pipeline))
    together = network.outputs_of(batch_of(pipeline))["log_probability"]
    for row, piece in enumerate(PIECES):
        alone = network.outputs_of(batch_of(pipeline, [piece]))["log_probability"]
        assert float(alone[0]) == pytest.approx(float(together[row]), rel=1e-5)


@pytest.mark.parametrize("notes", ["chain", "independent"])
def test_windows_see_what_stood_before_them(notes):
    """Cut into windows, a piece is as likely as in one."""
    whole_pipeline, whole = music(notes)
    pipeline, cut = music(notes, {"batch_size": 1}, {"context": "document", "window": 2})
    found = [cut.outputs_of(batch) for batch in pipeline.batches(pipeline.encode(PIECES), 1)]
    expected = whole.outputs_of(batch_of(whole_pipeline))
    assert len(found) > len(PIECES)
    for name in ("log_probability", "count"):
        assert sum(float(one[name][0]) for one in found) == pytest.approx(float(sum(expected[name])), rel=1e-4)


@pytest.mark.parametrize("notes", ["chain", "independent"])
@pytest.mark.parametrize("wrong", [{"bidirectional": True}, {"members": 2}])
def test_what_cannot_predict_is_refused(notes, wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        music(notes, **wrong)


@pytest.mark.parametrize("notes", ["chain", "independent"])
def test_any_text_has_a_score(notes):
    pipeline, network = music(notes)
    ids = pipeline.graph().ids(tf.constant(["", "no music", "key:C_major", "60 64", "127 0", "64 60 |"]))
    inputs, targets = targets_of(ids, pipeline.ends)
    found = log_probabilities(network, inputs, targets).to_list()
    assert [len(row) for row in found] == [0, 0, notes == "chain", 2, 2, 3]
    assert all(-100 < score < 0 for row in found for score in row)
