"""Music as text, as symbols and as piano rolls."""

from functools import cache

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.config import Config
from seqtasks.data.music import FIRST_KEY_ID, FIRST_PITCH_ID, FRAME_END_ID, MusicPipeline, draw_shifts
from seqtasks.data.music_text import key_name, key_symbol, read_piece, transposed_key, write_piece
from seqtasks.data.piano_roll_pipeline import PianoRollPipeline
from seqtasks.data.symbols import END_ID
from seqtasks.errors import DataError, UsageError
from seqtasks.sections import Frames, NextFrame, Recurrent, Training

PIECES = [
    {"frames": [[48, 64, 67], [], [60]], "key": "C major"},
    {"frames": [[0, 127], [50, 51]], "key": "A minor"},
    {"frames": [[70]], "key": ""},
]
ORDERS = ("ascending", "descending")
TONICS = {"C": 0, "Db": 1, "C#": 1, "D": 2, "Eb": 3, "E": 4, "F": 5, "F#": 6, "G": 7, "Ab": 8, "G#": 8, "A": 9}
TONICS |= {"Bb": 10, "B": 11}

frames = st.lists(st.lists(st.integers(0, 127), max_size=5, unique=True).map(sorted), max_size=6)
keys = st.sampled_from(["", "C major", "F# minor", "jazz", "new orleans"])
orders = st.sampled_from(ORDERS)


def fitted(kind=MusicPipeline, pieces=PIECES, **inputs):
    return kind.fit(Config(Frames(**inputs), NextFrame(), Recurrent(bidirectional=False), Training()), pieces)


@cache
def read_by_graph(order):
    tables = fitted(order=order).graph()
    return tf.function(tables.ids, input_signature=[tf.TensorSpec([None], tf.string)])


@given(frames, keys, orders)
def test_a_piece_survives_being_written(frames, key, order):
    assert read_piece(write_piece(frames, key, order)) == (frames, key)


@given(frames, orders, st.randoms())
def test_the_graph_reads_a_piece_as_it_is_written_whatever_the_order_of_its_pitches(frames, order, random):
    shuffled = [" ".join([*map(str, random.sample(frame, len(frame))), "|"]) for frame in frames]
    ids = fitted(order=order).symbols_of({"frames": frames, "key": "C major"})
    for text in (write_piece(frames, "C major", order), " ".join(["key:C_major", *shuffled])):
        assert read_by_graph(order)([text]).to_list() == [ids]


def test_text():
    assert write_piece([[60, 64], [], [67]], "F# minor") == "key:F#_minor 60 64 | | 67 |"
    assert write_piece([[60, 64, 64]], order="descending") == "64 60 |"
    assert read_piece(" 64\n60  |\t67 ") == ([[60, 64]], "")
    assert read_piece("") == ([], "")
    assert key_name(key_symbol("new  orleans")) == "new orleans"


@pytest.mark.parametrize("word", ["128", "-1", "060", "6.5", "x", "٣", "9" * 5000, "key:C_major"])
def test_what_is_no_pitch_is_named(word):
    with pytest.raises(UsageError, match="Received: '") as raised:
        read_piece(f"key:A_minor 60 {word} |")
    assert repr(word) in str(raised.value)


@pytest.mark.parametrize("order", ORDERS)
def test_the_graph_makes_a_piece_of_any_text(order):
    texts = [
        "",
        "no music",
        "60 key:C_major 60",
        "key:C_major key:C_major",
        "<EOS> <UNK> <PAD> 128 |",
        "| |",
        "\xff 9|",
    ]
    read = read_by_graph(order)(texts).to_list()
    key, pitch = FIRST_KEY_ID + 1, FIRST_PITCH_ID + (60 if order == "ascending" else 67)
    assert read == [[], [], [pitch], [key], [FRAME_END_ID], [FRAME_END_ID] * 2, []]
    assert read_by_graph(order)(tf.constant([], tf.string)).to_list() == []


def test_the_graph_writes_on():
    pipeline = fitted()
    ids = pipeline.symbols_of(PIECES[0])
    prompts = tf.constant(["", " ", "so: "])
    written = pipeline.graph().continued(prompts, tf.constant([[*ids, END_ID, 0]] * 3)).numpy()
    text = b"key:C_major 67 64 48 | | 60 |"
    assert written.tolist() == [text, b" " + text, b"so: " + text]


@pytest.mark.parametrize("order", ORDERS)
def test_encoding(order, tmp_path):
    pipeline = fitted(order=order)
    assert pipeline.labels == ["A minor", "C major"]
    encoded = pipeline.encode([*PIECES, {"frames": [[1]], "key": "never seen"}])
    assert encoded.lengths.tolist() == [9, 8, 3, 3]
    targets, inputs = encoded.steps["targets"], encoded.steps["inputs"]
    names = " ".join(pipeline.symbols[i] for i in targets)
    texts = [write_piece(p["frames"], p["key"], order) for p in PIECES] + ["1 |"]
    assert names == " ".join(f"{text} <EOS>" for text in texts)
    assert inputs[encoded.splits[:-1]].tolist() == [END_ID] * 4
    assert (np.delete(inputs, encoded.splits[:-1]) == np.delete(targets, encoded.splits[1:] - 1)).all()
    pipeline.save(tmp_path)
    assert MusicPipeline.load(pipeline.config, tmp_path).symbols == pipeline.symbols


def test_neither_the_first_frame_nor_key_and_end_are_counted():
    encoded = fitted().encode(PIECES)
    counted = encoded.steps["counted"]
    assert counted.astype(int).tolist() == [0] * 5 + [1] * 3 + [0] + [0] * 4 + [1] * 3 + [0] + [0] * 3
    assert (encoded.steps["targets"][counted] == FRAME_END_ID).sum() == 3
    assert fitted(PianoRollPipeline).encode(PIECES).steps["counted"].tolist() == [False, True, True, False, True, False]


def test_piano_rolls():
    rising, falling = (fitted(PianoRollPipeline, order=order).encode(PIECES) for order in ORDERS)
    found = [np.flatnonzero(row).tolist() for row in rising.steps["targets"]]
    assert found == [frame for piece in PIECES for frame in piece["frames"]]
    assert (falling.steps["targets"] == rising.steps["targets"][:, ::-1]).all()
    begins = [128]
    before = [np.flatnonzero(row).tolist() for row in rising.steps["inputs"]]
    assert before == [begins, [48, 64, 67], [], begins, [0, 127], begins]
    assert fitted(PianoRollPipeline).labels == []


@given(st.integers(-30, 30), st.sampled_from(sorted(TONICS)), st.sampled_from(["major", "minor"]))
def test_transposed_keys(by, tonic, mode):
    name, moved_mode = transposed_key(f"{tonic} {mode}", by).split()
    assert TONICS.get(name) == (TONICS[tonic] + by) % 12
    assert moved_mode == mode
    assert transposed_key("jazz", by) == "jazz"


@pytest.mark.parametrize("order", ORDERS)
def test_training_transposes_whole_pieces_with_their_keys(order):
    pieces = [{"frames": [[48, 64, 67], [60]], "key": "C major"}] * 300
    notes, rolls = (
        fitted(kind, pieces, order=order, transpose=4, key_dropout=0) for kind in (MusicPipeline, PianoRollPipeline)
    )
    varied = notes.varied(notes.encode(pieces), np.random.default_rng(1))
    seen = set()
    for row in np.split(varied.steps["targets"], varied.splits[1:-1]):
        read, key = read_piece(" ".join(notes.symbols[i] for i in row[:-1]))
        by = read[1][0] - 60
        seen.add(by)
        assert read == [[48 + by, 64 + by, 67 + by], [60 + by]]
        assert key == transposed_key("C major", by)
    assert seen == set(range(-4, 5))
    assert (varied.steps["counted"] == notes.encode(pieces).steps["counted"]).all()
    varied = rolls.varied(rolls.encode(pieces), np.random.default_rng(1))
    roll = varied.steps["targets"] if order == "ascending" else varied.steps["targets"][:, ::-1]
    shifts = [int(np.flatnonzero(frame)[0]) - 60 for frame in roll[1::2]]
    assert set(shifts) == seen
    assert all(
        np.flatnonzero(f).tolist() == [48 + by, 64 + by, 67 + by] for f, by in zip(roll[::2], shifts, strict=True)
    )
    assert (varied.steps["inputs"][1::2, :128] == varied.steps["targets"][::2]).all()


def test_no_pitch_leaves_the_range():
    lowest, highest = np.array([0, 3, 128, 0] * 50), np.array([10, 127, -1, 127] * 50)
    shifts = draw_shifts(lowest, highest, 5, np.random.default_rng(1))
    assert shifts[0::4].min() == 0
    assert (shifts[1::4].min(), shifts[1::4].max()) == (-3, 0)
    assert not shifts[3::4].any()
    assert abs(shifts).max() == 5


def test_training_leaves_some_keys_out():
    pieces = PIECES[:1] * 400
    pipeline = fitted(pieces=pieces, key_dropout=0.25)
    varied = pipeline.varied(pipeline.encode(pieces), np.random.default_rng(1))
    rows = {tuple(row) for row in np.split(varied.steps["targets"], varied.splits[1:-1])}
    whole = (*pipeline.symbols_of(pieces[0]), END_ID)
    assert rows == {whole, whole[1:]}
    assert 60 < (varied.lengths == len(whole) - 1).sum() < 140
    assert varied.steps["counted"].sum() == pipeline.encode(pieces).steps["counted"].sum()
    assert (varied.steps["inputs"][varied.splits[:-1]] == END_ID).all()


@pytest.mark.parametrize("kind", [MusicPipeline, PianoRollPipeline])
@pytest.mark.parametrize("context", ["example", "document"])
def test_batches_hold_every_step_once(kind, context):
    pipeline = fitted(kind, PIECES * 5, context=context, window=3)
    encoded = pipeline.encode(PIECES * 5)
    batches = list(pipeline.batches(encoded, 4))
    assert sum(batch["mask"].sum() for batch in batches) == encoded.splits[-1]
    for name in ("targets", "counted"):
        assert sum(batch[name][batch["mask"]].sum() for batch in batches) == encoded.steps[name].sum()


def test_no_notes_at_all():
    with pytest.raises(DataError, match="the training split has no notes"):
        fitted(pieces=[{"frames": [[]], "key": ""}])
