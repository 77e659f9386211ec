"""Texts as subwords, words or characters, on both sides of a pair."""

from collections import Counter

import tensorflow as tf

from seqtasks.config import Config
from seqtasks.data.pipeline import pad_empty
from seqtasks.data.subwords import SubwordTables, learn_subwords
from seqtasks.data.symbols import END, END_ID, SymbolTables, is_unknown, symbols_of
from seqtasks.data.tokenizer import normalize
from seqtasks.data.vocabulary import Vocabulary
from seqtasks.errors import DataError
from seqtasks.sections import SourceText, TargetText

TEXTS_AT_ONCE = 1024
SUBWORDS = 8_000
"""How many there are where no limit is set."""


def learn_vocabulary(section: SourceText | TargetText, texts: list[str]) -> Vocabulary:
    """Returns the symbols that stand in texts, `<EOS>` before all others.

    Args:
        section: What a symbol is, and how many are kept.
        texts: The texts.

    Raises:
        DataError: If there are none.
    """
    if section.unit == "subword":
        lower = _in_parts(_compiled(lambda text: normalize(text, section.lowercase)), texts)
        pieces = learn_subwords((text.decode("utf-8", "replace") for text in lower), section.max_symbols or SUBWORDS)
    else:
        rows = _in_parts(_compiled(lambda text: symbols_of(text, section)), texts)
        counter = Counter(symbol.decode("utf-8", "replace") for row in rows for symbol in row)
        counter = Counter({symbol: n for symbol, n in counter.items() if not is_unknown(symbol)})
        pieces = Vocabulary.build(counter, max_size=section.max_symbols, min_count=section.min_count).tokens[2:]
    if not pieces:
        raise DataError("the training split has no text on one side")
    return Vocabulary([END, *pieces])


class PairTables(tf.Module):
    """Looks symbols up on both sides of a pair, and writes target texts.

    Args:
        config: The run's configuration.
        source: Vocabulary of the source.
        target: Vocabulary of the target.
    """

    def __init__(self, config: Config, source: Vocabulary, target: Vocabulary):
        super().__init__()
        self.source, self.target = _tables(config.inputs, source), _tables(config.targets, target)
        self.longest = config.inputs.max_length
        # Straight into the instance's dictionary: nothing of it is part of an export.
        self.__dict__["compiled"] = {}

    def features(self, text: tf.Tensor) -> dict:
        """Returns what the encoder reads of texts: `source` int32 `[B, T]` and `mask` bool `[B, T]`, T at least 1.

        Args:
            text: Source texts, string `[B]`; what is longer than the configuration allows is cut off.
        """
        ids = self.source.ids(text)[:, : self.longest]
        mask = tf.sequence_mask(ids.row_lengths())
        return pad_empty({"source": ids.to_tensor(0, shape=[None, None]), "mask": mask})

    @staticmethod
    def targets(ids: tf.RaggedTensor) -> dict:
        """Returns what the decoder reads, `inputs`, and is to write, `targets`, int32 `[B, S]`, and `target_mask`.

        Args:
            ids: Symbols of target texts, ragged int32 `[B, (S)]`.
        """
        end = tf.fill([ids.nrows(out_type=tf.int32), 1], END_ID)
        targets = tf.concat([ids, tf.RaggedTensor.from_tensor(end)], axis=1)
        inputs = tf.concat([tf.RaggedTensor.from_tensor(end), ids], axis=1)
        return {
            "inputs": inputs.to_tensor(0, shape=[None, None]),
            "targets": targets.to_tensor(0, shape=[None, None]),
            "target_mask": tf.sequence_mask(targets.row_lengths()),
        }

    def text(self, ids: tf.Tensor) -> tf.Tensor:
        """Returns the target texts of ids int32 `[B, S]`, string `[B]`."""
        return self.target.text(ids)

    def rows_of(self, side: str, texts: list[str]) -> list[list[int]]:
        """Returns the ids of each text, of the `"source"` or the `"target"` side."""
        if side not in self.compiled:
            self.compiled[side] = _compiled(getattr(self, side).ids)
        return list(_in_parts(self.compiled[side], texts))


def _tables(section, vocabulary):
    if section.unit == "subword":
        return SubwordTables(section.lowercase, vocabulary)
    return SymbolTables(section, vocabulary)


def _compiled(function):
    return tf.function(function, input_signature=[tf.TensorSpec([None], tf.string)])


def _in_parts(compiled, texts: list[str]):
    """Yields what a function of string `[B]` makes of each text."""
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        part = compiled(tf.constant(texts[start : start + TEXTS_AT_ONCE], tf.string))
        yield from part.to_list() if isinstance(part, tf.RaggedTensor) else part.numpy().tolist()
