"""Nats per frame, worked out by hand."""

import math

import numpy as np
import pytest

from seqtasks.architectures import build_model
from seqtasks.config import Config
from seqtasks.data.language import SequenceScore
from seqtasks.data.music import MusicPipeline
from seqtasks.data.piano_roll_pipeline import PianoRollPipeline
from seqtasks.metrics import FrameLikelihood
from seqtasks.sections import Frames, NextFrame, Recurrent, Training
from seqtasks.training.evaluation import Evaluator

PIECES = [
    {"frames": [[60, 64], [62], []], "key": "C major"},
    {"frames": [[60]], "key": "A minor"},
    {"frames": [[10], [1, 127]], "key": ""},
]


def nats_per_frame(kind, order):
    """Returns what the metric says of a network without weights."""
    notes = "chain" if kind is MusicPipeline else "independent"
    model = Recurrent(units=3, bidirectional=False, dropout=0.0)
    config = Config(Frames(order=order, embedding_size=2), NextFrame(notes=notes), model, Training())
    pipeline = kind.fit(config, PIECES)
    network = build_model(config, pipeline)
    for variable in network.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    evaluator = Evaluator(network, pipeline, (FrameLikelihood(),), 2, jit_compile=False)
    return evaluator.scores(PIECES, evaluator.predict(pipeline.encode(PIECES)))["nats_per_frame"]


def test_independent_notes_are_tossed_one_by_one():
    assert nats_per_frame(PianoRollPipeline, "ascending") == pytest.approx(128 * math.log(2), rel=1e-5)


def test_a_chain_chooses_among_what_may_follow():
    # A frame begins with any of 128 pitches, or ends, or the piece does; behind a pitch stands one above, or the end.
    begun = math.log(130)
    frames = [begun + math.log(127 - 62 + 1), begun, begun + math.log(127 - 1 + 1) + math.log(0 + 1)]
    assert nats_per_frame(MusicPipeline, "ascending") == pytest.approx(sum(frames) / 3, rel=1e-5)
    frames = [begun + math.log(62 + 1), begun, begun + math.log(127 + 1) + math.log(1 + 1)]
    assert nats_per_frame(MusicPipeline, "descending") == pytest.approx(sum(frames) / 3, rel=1e-5)


def test_frames_weigh_alike_whatever_the_piece():
    scores = FrameLikelihood()(None, [SequenceScore(-6.0, 1), SequenceScore(-6.0, 3), SequenceScore(0.0, 0)])
    assert scores == {"nats_per_frame": 3.0, "log_likelihood": -3.0}


def test_report():
    assert FrameLikelihood().report(None, [SequenceScore(-6.0, 4)]) == "1.5000 nats each of 4 frames"
    assert FrameLikelihood().report(None, []) == "0.0000 nats each of 0 frames"
