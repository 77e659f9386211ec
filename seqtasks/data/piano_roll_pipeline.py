"""The pipeline of music whose frames go in and out as piano rolls: of each pitch, whether it sounds."""

import numpy as np

from seqtasks.data.music import FIRST_PITCH_ID, MusicPipeline, draw_shifts
from seqtasks.data.music_text import PITCHES
from seqtasks.data.pipeline import Encoded


class PianoRollPipeline(MusicPipeline):
    """Turns pieces into piano rolls, whose pitches stand in the order of the vocabulary.

    Neither keys nor ends of pieces are part of them. Texts are read and written as by `MusicPipeline`.
    """

    reads_keys = False

    def encode(self, examples: list, labelled: bool = True) -> Encoded:
        """Encodes pieces: frames to predict, `targets`, the ones before them, `inputs`, and which are `counted`."""
        splits = np.concatenate([[0], np.cumsum([len(example["frames"]) for example in examples])]).astype(np.int64)
        notes = [[i - FIRST_PITCH_ID for i in self.pitch_ids(frame)] for piece in examples for frame in piece["frames"]]
        targets = np.zeros((len(notes), PITCHES), np.uint8)
        for row, pitches in zip(targets, notes, strict=True):
            row[pitches] = 1
        return _with_inputs(splits, targets)

    def varied(self, encoded: Encoded, rng) -> Encoded:
        """Returns pieces as training sees them: transposed."""
        if not self.config.inputs.transpose:
            return encoded
        pieces = np.split(encoded.steps["targets"], encoded.splits[1:-1])
        heard = [np.flatnonzero(piece.any(axis=0)) for piece in pieces]
        lowest, highest = (np.array(ends) for ends in zip(*(_ends(pitches) for pitches in heard), strict=True))
        shifts = draw_shifts(lowest, highest, self.config.inputs.transpose, rng)
        moved = [np.roll(piece, by, axis=1) for piece, by in zip(pieces, shifts, strict=True)]
        return _with_inputs(encoded.splits, np.concatenate(moved))


def _ends(pitches: np.ndarray) -> tuple[int, int]:
    return (int(pitches[0]), int(pitches[-1])) if len(pitches) else (PITCHES, -1)


def _with_inputs(splits: np.ndarray, targets: np.ndarray) -> Encoded:
    """Adds the frame before each one; before the first stands a frame of its own, which the last column marks."""
    starts = splits[:-1][np.diff(splits) > 0]
    inputs = np.zeros((len(targets), PITCHES + 1), np.uint8)
    inputs[1:, :PITCHES] = targets[:-1]
    inputs[starts] = 0
    inputs[starts, PITCHES] = 1
    counted = np.ones(len(targets), bool)
    counted[starts] = False
    return Encoded(splits, {"inputs": inputs, "targets": targets, "counted": counted})
