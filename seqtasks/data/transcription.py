"""The pipeline of transcription tasks: a sequence in, a shorter one out that is aligned with it."""

import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np

from seqtasks.config import Config
from seqtasks.data.codecs import codec_class
from seqtasks.data.dataset import counted
from seqtasks.data.pipeline import Encoded
from seqtasks.errors import DataError
from seqtasks.files import write_text
from seqtasks.sections import Transcript

_MOST_SHOWN = 3
# Places of a transcript, once for each step and hypothesis, whose probabilities are in memory together.
_CELLS_AT_ONCE = 50_000_000


class TranscriptionPipeline:
    """Turns examples into features, and the network's symbols into transcripts.

    Args:
        config: The run's configuration.
        codec: Turns what goes in into numbers; see `seqtasks.data.codecs`.
        symbols: What transcripts are made of, in the order of their ids, which begin at 1: 0 is the blank of CTC.

    Attributes:
        notes: What a reader of the scores should know of the training split.
    """

    def __init__(self, config: Config, codec, symbols):
        self.config, self.codec, self.symbols = config, codec, list(symbols)
        self.ids = {symbol: number for number, symbol in enumerate(self.symbols, start=1)}
        self.notes: list[str] = []
        self._transcribe = None

    @classmethod
    def fit(cls, config: Config, train: list) -> "TranscriptionPipeline":
        """Learns from the training split alone.

        Raises:
            DataError: If nothing is said in it, or no transcript fits into its sound.
        """
        counts = Counter(symbol for example in train for symbol in symbols_of(example["text"], config.targets))
        if not counts:
            raise DataError("no example of the training split has a transcript")
        codec = codec_class(config.inputs).fit(config.inputs, train)
        pipeline = cls(config, codec, sorted(counts))
        pipeline._note_long(train)
        return pipeline

    def save(self, folder) -> None:
        """Writes what was learned into `folder`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.codec.save(folder)
        write_text(folder / "transcripts.json", json.dumps({"symbols": self.symbols}, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, config: Config, folder) -> "TranscriptionPipeline":
        """Reads what `save` wrote."""
        values = json.loads((Path(folder) / "transcripts.json").read_text("utf-8"))
        return cls(config, codec_class(config.inputs).load(config.inputs, folder), values["symbols"])

    @property
    def labels(self) -> list[str]:
        """There are none to tell apart."""
        return []

    def graph(self):
        """Returns the `tf.Module` that computes the features, for training and export alike."""
        return self.codec.graph()

    def encode(self, examples: list, labelled: bool = True) -> Encoded:
        """Encodes examples; with `labelled`, for training, those whose transcript does not fit are left out.

        Their `labels` are int32 `[E, L]`, padded with 0.
        """
        if not labelled:
            return self.codec.encode(examples)
        rows = [self._ids_of(example) for example in examples]
        kept = self._fitting(rows, examples)
        encoded = self.codec.encode([examples[i] for i in kept])
        encoded.examples["labels"] = np.zeros([len(kept), max(1, *(len(rows[i]) for i in kept), 0)], np.int32)
        for place, i in zip(encoded.examples["labels"], kept, strict=True):
            place[: len(rows[i])] = rows[i]
        return encoded

    def batches(self, encoded: Encoded, batch_size: int, rng=None):
        """Yields dense batches; see `Encoded.batches`."""
        return encoded.batches(batch_size, self.codec.lengths, rng)

    def decode(self, outputs: dict, batch: dict) -> list[str]:
        """Returns the transcript of each real row of a batch."""
        if self._transcribe is None:
            self._transcribe = self._compiled()
        scores, mask = outputs["scores"], outputs["mask"]
        at_once = max(1, _CELLS_AT_ONCE // (self.config.targets.beam * scores.shape[1] ** 2))
        parts = range(0, len(scores), at_once)
        found = np.concatenate([self._transcribe(scores[i : i + at_once], mask[i : i + at_once]) for i in parts])
        return [text.decode() for text, index in zip(found, batch["rows"], strict=True) if index >= 0]

    def texts(self, ids):
        """Returns the transcripts that ids int32 `[B, K, L]`, padded with 0, spell, string `[B, K]`."""
        import tensorflow as tf

        before = " " if self.config.targets.unit == "word" else ""
        spelled = tf.constant([b"", *((before + symbol).encode() for symbol in self.symbols)])
        text = tf.strings.reduce_join(tf.gather(spelled, ids), axis=-1)
        # Neither at its ends nor twice in a row is there a blank in a transcript.
        return tf.strings.strip(tf.strings.regex_replace(text, " +", " "))

    def references(self, examples: list) -> list[str]:
        """Returns what was said, as it is compared."""
        return [_normal(example["text"], self.config.targets) for example in examples]

    def unseen_labels(self, examples: list) -> list[str]:
        """Returns the symbols that stand in `examples` but not in the training split."""
        found = {symbol for example in examples for symbol in symbols_of(example["text"], self.config.targets)}
        return sorted(found - set(self.ids))

    def _ids_of(self, example: dict) -> list[int]:
        return [self.ids[symbol] for symbol in symbols_of(example["text"], self.config.targets)]

    def _compiled(self):
        """Returns the function from scores and mask to each row's likeliest transcript."""
        import tensorflow as tf

        from seqtasks.decoding.ctc import transcribe

        def transcripts(scores, mask):
            return self.texts(transcribe(scores, mask, self.config.targets.beam).ids)[:, 0]

        size = 1 + len(self.symbols)
        specs = [tf.TensorSpec([None, None, size], tf.float32), tf.TensorSpec([None, None], tf.bool)]
        return tf.function(transcripts, input_signature=specs, autograph=False)

    def _fitting(self, rows: list[list[int]], examples: list) -> list[int]:
        """Returns the indices of the examples whose transcripts their steps can say."""
        steps = self.codec.steps(examples)
        return [i for i, row in enumerate(rows) if _steps_needed(row) <= steps[i]]

    def _note_long(self, train: list) -> None:
        rows = [self._ids_of(example) for example in train]
        kept = set(self._fitting(rows, train))
        if len(kept) == len(train):
            return
        left_out = [example["text"] for i, example in enumerate(train) if i not in kept]
        shown = ", ".join(repr(text[:60]) for text in left_out[:_MOST_SHOWN]) + ", ..." * (len(left_out) > _MOST_SHOWN)
        told = f"{counted(len(left_out), 'transcript')} of {len(train):,} with more symbols than their sound has steps"
        if not kept:
            raise DataError(f"{told}: make the steps shorter with inputs.stack or inputs.hop. Received: {shown}")
        self.notes.append(f"left out of training {told}: {shown}")


def symbols_of(text: str, targets: Transcript) -> list[str]:
    """Returns the symbols of a transcript: its words, or its characters with single blanks between words.

    Args:
        text: The transcript.
        targets: What a symbol is.
    """
    text = _normal(text, targets)
    return text.split() if targets.unit == "word" else list(text)


def _normal(text: str, targets: Transcript) -> str:
    text = " ".join(text.split())
    return text.lower() if targets.lowercase else text


def _steps_needed(ids: list[int]) -> int:
    """Returns how many steps say the symbols: one each, and a blank between two that are the same."""
    return len(ids) + sum(one == other for one, other in itertools.pairwise(ids))
