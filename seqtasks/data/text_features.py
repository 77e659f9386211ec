"""Features of texts, computed by TensorFlow ops so that exports carry them."""

import tensorflow as tf

from seqtasks.data.requests import text_requests
from seqtasks.data.tokenizer import normalize, tokenize
from seqtasks.sections import Text


def words_of(text: tf.Tensor, inputs: Text) -> tf.RaggedTensor:
    """Returns the words that the vocabulary is made of, ragged string `[B, (T)]`."""
    tokens, _, _ = tokenize(text)
    return tokens.with_values(normalize(tokens.values, inputs.lowercase, False))


def keep_ends(words: tf.RaggedTensor, limit: int) -> tf.RaggedTensor:
    """Returns rows of which, where they are longer than `limit`, the first and last halves are kept.

    Nothing is padded to do so: one long row among many would take more memory than there is.

    Args:
        words: `[B, (T)]`.
        limit: The most that is kept.
    """
    lengths = words.row_lengths()
    before, after = tf.ragged.range(lengths).values, tf.ragged.range(lengths - 1, -1, -1).values
    kept = (before < limit // 2) | (after < limit - limit // 2)
    splits = tf.concat([[0], tf.cumsum(tf.minimum(lengths, limit))], axis=0)
    return tf.RaggedTensor.from_row_splits(tf.boolean_mask(words.values, kept), splits, validate=False)


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
        ids, lengths = self._dense_ids(text)
        return tf.RaggedTensor.from_tensor(ids, lengths)

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
        ids, lengths = self._dense_ids(text)
        return {"words": ids, "mask": tf.sequence_mask(lengths, tf.shape(ids)[1])}

    def _dense_ids(self, text):
        """Returns int32 `[B, T]`, T at least 1, and how many of each row count."""
        words = keep_ends(words_of(text, self.inputs), self.inputs.max_length)
        ids = words.with_values(tf.cast(self.words.lookup(words.values), tf.int32))
        lengths = tf.cast(words.row_lengths(), tf.int32)
        # Without rows, the maximum is the least number there is.
        width = tf.maximum(tf.reduce_max(lengths), 1)
        return ids.to_tensor(shape=tf.stack([-1, width])), lengths
