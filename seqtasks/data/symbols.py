"""Texts as sequences of symbols and back, by TensorFlow ops so that exports carry them."""

import tensorflow as tf

from seqtasks.data.tokenizer import normalize, tokenize
from seqtasks.data.vocabulary import PADDING_ID, UNKNOWN, UNKNOWN_ID
from seqtasks.sections import Symbols

END = "<EOS>"
END_ID = 2

# A corpus that marks its unknown words marks them so, as the Penn Treebank's usual edition does.
_MARKED_UNKNOWN = "<unk>"
# What stands close to the word before it, and to the one behind.
_CLOSING = r" ([.,;:!?%)\]}…]|(?i:n['’]t|['’](?:s|d|m|re|ve|ll))\b)"
_OPENING = r"([(\[{$£€]) "


def symbols_of(text: tf.Tensor, inputs: Symbols) -> tf.RaggedTensor:
    """Returns a text's symbols, ragged string `[B, (T)]`.

    Args:
        text: Texts, string `[B]`.
        inputs: What a symbol is.
    """
    if inputs.unit == "word" and inputs.tokenizer == "words":
        tokens, _, _ = tokenize(text)
        return tokens.with_values(normalize(tokens.values, inputs.lowercase))
    text = normalize(text, inputs.lowercase)
    if inputs.unit == "word":
        return tf.strings.split(text)
    if inputs.unit == "character":
        return tf.strings.unicode_split(text, "UTF-8")
    return tf.strings.bytes_split(text)


class SymbolTables(tf.Module):
    """Looks symbols up, and writes texts from their ids.

    Args:
        inputs: What a symbol is.
        vocabulary: The symbols, `END` first.
    """

    def __init__(self, inputs: Symbols, vocabulary):
        super().__init__()
        self.inputs = inputs
        self.table = vocabulary.lookup_table()
        symbols = [_read(symbol, inputs) for symbol in vocabulary.tokens[END_ID + 1 :]]
        # Bytes alone: NumPy, which graphs make constants with, would read a mixture as ASCII.
        self.symbols = [b"", UNKNOWN.encode(), END.encode(), *symbols]

    def ids(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Returns the ids of each text's symbols, ragged int32 `[B, (T)]`.

        A text cannot spell `END`: where it stands there, it is a word like others, and not a known one.
        """
        symbols = symbols_of(text, self.inputs)
        values = symbols.values
        if self.inputs.unit == "byte":
            values = tf.strings.as_string(tf.reshape(tf.io.decode_raw(values, tf.uint8), [-1]), width=3, fill="0")
        ids = tf.cast(self.table.lookup(values), tf.int32)
        marked = tf.reduce_any(values[:, None] == tf.constant([_MARKED_UNKNOWN, UNKNOWN, END]), axis=1)
        return symbols.with_values(tf.where(marked, UNKNOWN_ID, ids))

    def names(self, ids: tf.Tensor) -> tf.Tensor:
        """Returns the symbols of ids, string of the ids' shape; `""` for padding."""
        return tf.gather(tf.constant(self.symbols), ids)

    def continued(self, prompt: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        """Returns the prompts with what follows them, string `[B]`.

        Args:
            prompt: Texts, string `[B]`.
            ids: The symbols that follow, int32 `[B, L]`; padding and `END` are left out.
        """
        silent = (ids == PADDING_ID) | (ids == END_ID)
        names = tf.where(silent, "", self.names(ids))
        if self.inputs.unit != "word":
            return prompt + tf.strings.reduce_join(names, axis=1)
        text = tf.strings.reduce_join(tf.where(silent, "", " " + names), axis=1)
        if self.inputs.tokenizer == "words":
            text = tf.strings.regex_replace(text, _CLOSING, r"\1")
            text = tf.strings.regex_replace(text, _OPENING, r"\1")
        # Where a prompt ends with white space, or is none, no blank comes behind it.
        last = tf.strings.strip(tf.strings.substr(" " + prompt, -1, 1))
        return prompt + tf.where(last == "", tf.strings.strip(text), text)

    def text(self, ids: tf.Tensor) -> tf.Tensor:
        """Returns the texts that ids int32 `[B, L]` spell, string `[B]`; padding and `END` are left out."""
        return self.continued(tf.fill([tf.shape(ids)[0]], ""), ids)


def written(symbol: bytes, inputs: Symbols) -> str:
    """Returns a symbol as the vocabulary writes it: a byte, which may be no UTF-8 by itself, as its number."""
    return f"{symbol[0]:03d}" if inputs.unit == "byte" else symbol.decode("utf-8", "replace")


def _read(symbol: str, inputs: Symbols) -> bytes:
    return bytes([int(symbol)]) if inputs.unit == "byte" else symbol.encode("utf-8")


def is_unknown(symbol: str) -> bool:
    """Returns whether a corpus's symbol says that a word is unknown, or is none of a text."""
    return symbol in (UNKNOWN, _MARKED_UNKNOWN, END)
