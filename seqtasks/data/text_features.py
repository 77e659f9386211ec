"""Features of texts, computed by TensorFlow ops so that exports carry them."""

import tensorflow as tf

from seqtasks.data.pipeline import pad_empty
from seqtasks.data.requests import text_requests
from seqtasks.data.tokenizer import normalize, tokenize
from seqtasks.sections import Text


def words_of(text: tf.Tensor, inputs: Text) -> tf.RaggedTensor:
    """Returns the words that the vocabulary is made of, ragged string `[B, (T)]`."""
    tokens, _, _ = tokenize(text)
    return tokens.with_values(normalize(tokens.values, inputs.lowercase, False))


class TextFeatures(tf.Module):
    """Cuts texts into words and looks them up.

    Args:
        inputs: Which features.
        words: Vocabulary of words.
    """

    def __init__(self, inputs: Text, words):
        super().__init__()
        self.inputs = inputs
        self.words = words.lookup_table()

    def word_ids(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Returns the ids of each text's words, ragged int32 `[B, (T)]`.

        Args:
            text: Texts, string `[B]`. Of more than `max_length` words the first and last
                halves are kept.
        """
        tokens = words_of(text, self.inputs)
        ids = tokens.with_values(tf.cast(self.words.lookup(tokens.values), tf.int32))
        limit = self.inputs.max_length
        lengths = ids.row_lengths()
        rows = ids.value_rowids()
        position = tf.range(tf.size(rows, out_type=tf.int64)) - tf.gather(ids.row_starts(), rows)
        length = tf.gather(lengths, rows)
        kept = (position < limit // 2) | (position >= length - (limit - limit // 2))
        return tf.RaggedTensor.from_row_lengths(
            tf.boolean_mask(ids.values, kept), tf.minimum(lengths, limit), validate=False
        )

    def requests(self):
        """Returns how a signature is asked; see `seqtasks.data.requests`."""
        return text_requests(self.features)

    def features(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the dense features of a batch of texts.

        Args:
            text: Texts, string `[B]`.

        Returns:
            `words` int32 `[B, T]` and `mask` bool `[B, T]`, T at least 1.
        """
        ids = self.word_ids(text)
        return pad_empty({"words": ids.to_tensor(), "mask": tf.sequence_mask(ids.row_lengths())})
