"""The pipeline of language models: a text in, the probability of each of its symbols out."""

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqtasks.config import Config
from seqtasks.data.batching import bucket_boundaries
from seqtasks.data.pipeline import Encoded, padded
from seqtasks.data.symbols import END, END_ID, is_unknown
from seqtasks.data.vocabulary import PADDING, UNKNOWN, Vocabulary
from seqtasks.data.windows import batches_of_windows
from seqtasks.errors import DataError
from seqtasks.files import write_text

TEXTS_AT_ONCE = 1024


class SequenceScore(NamedTuple):
    """What a model thinks of a sequence of symbols.

    Args:
        log_probability: Its natural logarithm.
        count: How many symbols were predicted.
    """

    log_probability: float
    count: int


class LanguagePipeline:
    """Turns texts into symbols, and the network's answers into probabilities.

    Args:
        config: The run's configuration.
        symbols: The vocabulary; `<EOS>` is the first after the special ones. It also stands before every text.
        counts: How often each entry stands in the training split, int64 `[V]`.
        lengths: For `context="example"`, lengths to pad to.
    """

    def __init__(self, config: Config, symbols: Vocabulary, counts: np.ndarray, lengths: list[int]):
        self.config = config
        self.symbols = symbols
        self.counts = counts
        self.lengths = lengths

    @classmethod
    def fit(cls, config: Config, train: list) -> "LanguagePipeline":
        """Builds the vocabulary from the training split alone."""
        inputs, counter, lengths = config.inputs, Counter(), []
        for symbols in _symbols_of(train, inputs):
            counter.update(symbols)
            lengths.append(len(symbols) + 1)
        if not counter:
            raise DataError("the training split has no text")
        counter = Counter({symbol: n for symbol, n in counter.items() if not is_unknown(symbol)})
        counter.pop(PADDING, None)
        unknown = sum(lengths) - len(lengths) - sum(counter.values())
        kept = Vocabulary.build(counter, max_size=inputs.max_symbols, min_count=inputs.min_count)
        symbols = Vocabulary([END, *kept.tokens[2:]])
        counts = [counter.get(symbol, 0) for symbol in symbols.tokens]
        counts[END_ID] = len(train)
        counts[1] = unknown + sum(counter.values()) - sum(counts[3:])
        lengths = bucket_boundaries(np.array(lengths)) if inputs.context == "example" else []
        return cls(config, symbols, np.array(counts, np.int64), lengths)

    def save(self, folder) -> None:
        """Writes the vocabulary to a run's `vocabulary/`."""
        self.symbols.save(Path(folder) / "symbols.txt")
        values = {"counts": self.counts.tolist(), "lengths": self.lengths}
        write_text(Path(folder) / "language.json", json.dumps(values) + "\n")

    @classmethod
    def load(cls, config: Config, folder) -> "LanguagePipeline":
        """Reads what `save` wrote."""
        values = json.loads((Path(folder) / "language.json").read_text(encoding="utf-8"))
        symbols = Vocabulary.load(Path(folder) / "symbols.txt")
        return cls(config, symbols, np.array(values["counts"], np.int64), values["lengths"])

    @property
    def labels(self) -> list[str]:
        """There are none to tell apart but the symbols."""
        return []

    @property
    def ends(self) -> bool:
        """Whether the end of a text is a symbol to predict: not where an example is a whole file."""
        return self.config.inputs.context != "document"

    def graph(self):
        """Returns the `tf.Module` that looks symbols up, for training and export alike."""
        from seqtasks.data.symbols import SymbolTables

        return SymbolTables(self.config.inputs, self.symbols)

    def encode(self, examples: list, labelled: bool = True) -> Encoded:
        """Encodes texts as symbols to predict, `targets`, and the ones before them, `inputs`."""
        ends = [END_ID] if self.ends else []
        rows = [[*self.symbols.ids(_known(row)), *ends] for row in _symbols_of(examples, self.config.inputs)]
        splits = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        targets = np.fromiter((i for row in rows for i in row), np.int32, int(splits[-1]))
        inputs = np.concatenate([[END_ID], targets])[: len(targets)].astype(np.int32)
        # Each text begins behind the end of one.
        inputs[splits[:-1][np.diff(splits) > 0]] = END_ID
        return Encoded(splits, {"inputs": inputs, "targets": targets})

    def batches(self, encoded: Encoded, batch_size: int, rng=None):
        """Yields batches: `rows`, `mask`, `inputs` and `targets`, and `begins` where a row's state starts anew.

        In windows, `batch_size` is that of training whatever is asked for: more rows would cut a text into more pieces,
        each of which begins without what stood before it.
        """
        inputs = self.config.inputs
        if inputs.context == "example":
            for batch in encoded.batches(batch_size, self.lengths, rng):
                yield {**batch, "begins": np.ones(len(batch["rows"]), bool)}
            return
        splits = encoded.splits if inputs.context == "document" else encoded.splits[[0, -1]]
        rows = self.config.training.batch_size
        done = 0
        for starts, lengths, begins in batches_of_windows(splits, rows, inputs.window, rng):
            mask = np.arange(inputs.window) < lengths[:, None]
            real = lengths > 0
            indices = np.where(real, done + np.cumsum(real) - 1, -1)
            done += int(real.sum())
            steps = {name: padded(values, starts, mask) for name, values in encoded.steps.items()}
            yield {"rows": indices, "mask": mask, "begins": begins, **steps}

    def decode(self, outputs: dict, batch: dict) -> list[SequenceScore]:
        """Returns the score of each real row of a batch."""
        return [
            SequenceScore(float(score), int(count))
            for score, count, index in zip(outputs["log_probability"], outputs["count"], batch["rows"], strict=True)
            if index >= 0
        ]

    def references(self, examples: list) -> None:
        """A text is its own reference."""
        return

    def unseen_labels(self, examples: list) -> list[str]:
        """Returns none: what training never showed is `<UNK>`."""
        return []


def _known(symbols: list[str]) -> list[str]:
    """Returns symbols as the vocabulary is asked for them: what a corpus marks as unknown is."""
    return [UNKNOWN if is_unknown(symbol) else symbol for symbol in symbols]


def _symbols_of(examples: list, inputs):
    """Yields the symbols of each example, as the vocabulary writes them."""
    import tensorflow as tf

    from seqtasks.data.symbols import symbols_of, written

    cut = tf.function(lambda text: symbols_of(text, inputs), input_signature=[tf.TensorSpec([None], tf.string)])
    for start in range(0, len(examples), TEXTS_AT_ONCE):
        texts = [example["text"] for example in examples[start : start + TEXTS_AT_ONCE]]
        for row in cut(tf.constant(texts)).to_list():
            yield [written(symbol, inputs) for symbol in row]
