"""The text of pieces of music as symbols and back, by TensorFlow ops so that exports carry them."""

import tensorflow as tf

from seqtasks.data.music import FIRST_KEY_ID, FRAME_END_ID
from seqtasks.data.symbols import END_ID, SymbolTables
from seqtasks.sections import Symbols


class MusicTables(SymbolTables):
    """Looks the symbols of pieces up, and writes text from their ids.

    Args:
        vocabulary: The symbols; see `seqtasks.data.music`.
    """

    def __init__(self, vocabulary):
        super().__init__(Symbols(unit="word", tokenizer="blanks"), vocabulary)

    def ids(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Returns the symbols of each piece as the model knows them, ragged int32 `[B, (T)]`.

        Whatever the text: what is no symbol is left out, so is a key unless it comes first, and a frame's pitches are
        put in order.
        """
        words = tf.strings.split(text)
        ids = tf.cast(self.table.lookup(words.values), tf.int32)
        known = ids > END_ID
        ids, rows = tf.boolean_mask(ids, known), tf.boolean_mask(words.value_rowids(), known)
        first = tf.concat([[True], rows[1:] != rows[:-1]], axis=0)[: tf.size(rows)]
        fitting = first | (ids < FIRST_KEY_ID)
        ids, rows = tf.boolean_mask(ids, fitting), tf.boolean_mask(rows, fitting)
        # One number for text, frame and symbol: sorted, each frame is in order with its end behind.
        ends, most = tf.cast(ids == FRAME_END_ID, tf.int64), len(self.symbols)
        frames = rows + tf.cumsum(ends, exclusive=True)
        rank = tf.where(ids == FRAME_END_ID, most, tf.where(ids >= FIRST_KEY_ID, 0, ids))
        places = frames * (most + 1) + tf.cast(rank, tf.int64)
        order = tf.argsort(places, stable=True)
        ids, rows, places = (tf.gather(values, order) for values in (ids, rows, places))
        new = tf.concat([[True], places[1:] != places[:-1]], axis=0)[: tf.size(places)]
        ids, rows = tf.boolean_mask(ids, new), tf.boolean_mask(rows, new)
        return tf.RaggedTensor.from_value_rowids(ids, rows, nrows=words.nrows(), validate=False)
