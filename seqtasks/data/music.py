"""The pipelines of music: a piece in, the probability of each of its frames out."""

import numpy as np

from seqtasks.config import Config
from seqtasks.data.batching import bucket_boundaries
from seqtasks.data.language import LanguagePipeline
from seqtasks.data.music_text import FRAME_END, PITCHES, key_name, key_symbol, transposed_key
from seqtasks.data.pipeline import Encoded
from seqtasks.data.symbols import END, END_ID
from seqtasks.data.vocabulary import UNKNOWN_ID, Vocabulary
from seqtasks.errors import DataError

FRAME_END_ID = END_ID + 1
# Ids of pitches, and behind them those of keys, ascend in the order in which a frame writes them.
FIRST_PITCH_ID = FRAME_END_ID + 1
FIRST_KEY_ID = FIRST_PITCH_ID + PITCHES


class MusicPipeline(LanguagePipeline):
    """Turns pieces into symbols: a key, and the pitches and the end of every frame.

    Args:
        config: The run's configuration.
        symbols: The vocabulary.
        counts: How often each entry stands in the training split, int64 `[V]`.
        lengths: For `context="example"`, lengths to pad to.
    """

    reads_keys = True

    @classmethod
    def fit(cls, config: Config, train: list) -> "MusicPipeline":
        """Takes the keys from the training split; the pitches are always all of MIDI's."""
        inputs = config.inputs
        names = sorted({example["key"] for example in train} - {""}) if cls.reads_keys and inputs.keys else []
        moved = [transposed_key(name, by) for by in range(-inputs.transpose, inputs.transpose + 1) for name in names]
        keys = dict.fromkeys(map(key_symbol, [*names, *moved]))
        pitches = range(PITCHES) if inputs.order == "ascending" else reversed(range(PITCHES))
        pipeline = cls(config, Vocabulary([END, FRAME_END, *map(str, pitches), *keys]), np.zeros(0, np.int64), [])
        written = np.concatenate([np.array(pipeline.symbols_of(example), np.int64) for example in train])
        pipeline.counts = np.bincount(written, minlength=len(pipeline.symbols)).astype(np.int64)
        pipeline.counts[END_ID] = len(train)
        if not pipeline.counts[FIRST_PITCH_ID:FIRST_KEY_ID].any():
            raise DataError("the training split has no notes")
        if inputs.context == "example":
            pipeline.lengths = bucket_boundaries(pipeline.encode(train).lengths)
        return pipeline

    @property
    def labels(self) -> list[str]:
        """The names of the keys, in the vocabulary's order."""
        return [key_name(symbol) for symbol in self.symbols.tokens[FIRST_KEY_ID:]]

    @property
    def ends(self) -> bool:
        """Whether a text is scored with its end: not so, it may be the beginning of a piece, or stop amid a frame."""
        return False

    def graph(self):
        """Returns the `tf.Module` that looks symbols up, for training and export alike."""
        from seqtasks.data.music_tables import MusicTables

        return MusicTables(self.symbols)

    def symbols_of(self, example: dict) -> list[int]:
        """Returns the ids of a piece's symbols; a key that training never showed is left out."""
        key = self.symbols.id(key_symbol(example["key"])) if example["key"] else UNKNOWN_ID
        ids = [key] if key >= FIRST_KEY_ID else []
        for frame in example["frames"]:
            ids += [*self.pitch_ids(frame), FRAME_END_ID]
        return ids

    def pitch_ids(self, frame) -> list[int]:
        """Returns the ids of a frame's pitches, in the order in which they are written."""
        falling = self.config.inputs.order == "descending"
        return sorted(FIRST_PITCH_ID + (PITCHES - 1 - pitch if falling else pitch) for pitch in set(frame))

    def encode(self, examples: list, labelled: bool = True) -> Encoded:
        """Encodes pieces: symbols to predict, `targets`, the ones before them, `inputs`, and what is `counted`.

        See `seqtasks.metrics.frames` for what is.
        """
        rows = [[*self.symbols_of(example), END_ID] for example in examples]
        splits = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        targets = np.fromiter((i for row in rows for i in row), np.int32, int(splits[-1]))
        later = np.concatenate([np.arange(len(row)) > [*row, FRAME_END_ID].index(FRAME_END_ID) for row in rows])
        return _with_inputs(splits, targets, later & (targets != END_ID))

    def batches(self, encoded: Encoded, batch_size: int, rng=None):
        """Yields batches as `LanguagePipeline.batches` does, in training of varied pieces, and `counted`."""
        yield from super().batches(encoded if rng is None else self.varied(encoded, rng), batch_size, rng)

    def varied(self, encoded: Encoded, rng) -> Encoded:
        """Returns pieces as training sees them: transposed, and some without their key."""
        inputs, targets, splits = self.config.inputs, encoded.steps["targets"], encoded.splits
        keys = targets >= FIRST_KEY_ID
        if inputs.transpose:
            pitches = (targets >= FIRST_PITCH_ID) & ~keys
            ranks = np.where(pitches, targets - FIRST_PITCH_ID, -1)
            lowest = np.minimum.reduceat(np.where(pitches, ranks, PITCHES), splits[:-1])
            shifts = draw_shifts(lowest, np.maximum.reduceat(ranks, splits[:-1]), inputs.transpose, rng)
            by = np.repeat(shifts, encoded.lengths)
            targets = np.where(pitches, targets + by, targets)
            targets[keys] = [self._moved_key(*pair) for pair in zip(targets[keys], by[keys], strict=True)]
        kept = np.ones(len(targets), bool)
        if inputs.key_dropout:
            kept = ~(keys & np.repeat(rng.random(len(encoded)) < inputs.key_dropout, encoded.lengths))
        splits = np.concatenate([[0], np.cumsum(kept)])[splits]
        return _with_inputs(splits, targets[kept].astype(np.int32), encoded.steps["counted"][kept])

    def _moved_key(self, key: int, by: int) -> int:
        rising = -by if self.config.inputs.order == "descending" else by
        name = transposed_key(key_name(self.symbols[key]), int(rising))
        return self.symbols.id(key_symbol(name))


def draw_shifts(lowest: np.ndarray, highest: np.ndarray, most: int, rng) -> np.ndarray:
    """Returns how far to move each piece, from `-most` to `most` and no pitch out of MIDI's range.

    Args:
        lowest: The lowest pitch of each piece, counted from 0, int `[E]`.
        highest: The highest.
        most: The most semitones.
        rng: A `numpy.random.Generator`.
    """
    shifts = rng.integers(-most, most + 1, len(lowest))
    return np.clip(shifts, -np.minimum(lowest, PITCHES), PITCHES - 1 - highest)


def _with_inputs(splits: np.ndarray, targets: np.ndarray, counted: np.ndarray) -> Encoded:
    inputs = np.concatenate([[END_ID], targets[:-1]]).astype(np.int32)
    # Each piece begins behind the end of one.
    inputs[splits[:-1]] = END_ID
    return Encoded(splits, {"inputs": inputs, "targets": targets, "counted": counted})
