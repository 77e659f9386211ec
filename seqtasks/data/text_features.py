"""Features of texts, computed by TensorFlow ops so that exports carry them."""

import tensorflow as tf

from seqtasks.data.requests import text_requests
from seqtasks.data.tokenizer import normalize, tokenize
from seqtasks.sections import Text


def words_of(text: tf.Tensor, inputs: Text) -> tf.RaggedTensor:
    """Returns the words that the vocabulary is made of, ragged string `[B, (T)]`."""
    tokens, _, _ = tokenize(text)
    return tokens.with_values(normalize(tokens.values, inputs.lowercase, False))


def keep_ends(ids: tf.Tensor, lengths: tf.Tensor, limit: int) -> tf.Tensor:
    """Returns rows of which, where they are longer than `limit`, the first and last halves are kept.

    Args:
        ids: int `[B, T]`, padded at the right.
        lengths: int `[B]`.
        limit: The most that is kept.
    """
    position = tf.range(tf.minimum(tf.shape(ids)[1], limit))
    left_out = tf.maximum(tf.cast(lengths, tf.int32) - limit, 0)[:, None]
    return tf.gather(ids, tf.where(position < limit // 2, position, position + left_out), batch_dims=1)


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
        words = words_of(text, self.inputs)
        ids = words.with_values(tf.cast(self.words.lookup(words.values), tf.int32))
        lengths, limit = tf.cast(words.row_lengths(), tf.int32), self.inputs.max_length
        # Without rows, the maximum is the least number there is.
        width = tf.maximum(tf.reduce_max(lengths), 1)
        ids = ids.to_tensor(shape=tf.stack([-1, width]))
        return keep_ends(ids, lengths, limit), tf.minimum(lengths, limit)
