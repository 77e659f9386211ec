"""Features of words, computed by TensorFlow ops so that exports carry them."""

import tensorflow as tf

from seqtasks.data.pipeline import pad_empty
from seqtasks.data.tokenizer import normalize, tokenize
from seqtasks.sections import Tokens

AFFIXES = 4


class TokenFeatures(tf.Module):
    """Looks up words and characters and hashes affixes.

    Args:
        inputs: Which features.
        words: Vocabulary of normalized words.
        characters: Vocabulary of characters.
    """

    def __init__(self, inputs: Tokens, words, characters):
        super().__init__()
        self.inputs = inputs
        self.words = words.lookup_table()
        self.characters = characters.lookup_table() if inputs.characters else None

    def token_features(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the features of single words.

        Args:
            tokens: Words, string `[N]`.

        Returns:
            `words` int32 `[N]`, `characters` int32 `[N, max_characters]` and `affixes`
            int32 `[N, 4]`, the latter two as configured.
        """
        tokens = tf.strings.unicode_transcode(tokens, "UTF-8", "UTF-8")
        normal = normalize(tokens, self.inputs.lowercase, self.inputs.normalize_digits)
        features = {"words": tf.cast(self.words.lookup(normal), tf.int32)}
        if self.characters is not None:
            features["characters"] = self._spelling(tokens)
        if self.inputs.affixes:
            features["affixes"] = tf.stack(
                [
                    tf.strings.to_hash_bucket_fast(affix, self.inputs.affix_buckets)
                    for affix in (
                        tf.strings.substr(normal, 0, 3, unit="UTF8_CHAR"),
                        _last(normal, 3),
                        _last(normal, 2),
                        _shape(tokens),
                    )
                ],
                axis=1,
            )
            features["affixes"] = tf.cast(features["affixes"], tf.int32) + 1
        return features

    @staticmethod
    def cut(text: tf.Tensor):
        """Returns the words of texts, ragged string `[B, (T)]`, and between which bytes each stands, ragged int32."""
        return tokenize(text)

    def features_of_steps(self, tokens: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        """Returns the dense features of a batch of sentences.

        Args:
            tokens: Words, ragged string `[B, (T)]`.

        Returns:
            What `token_features` gives, as `[B, T, ...]` with T at least 1, and `mask` bool `[B, T]`.
        """
        flat = self.token_features(tokens.values)
        dense = {
            name: tf.RaggedTensor.from_row_splits(values, tokens.row_splits, validate=False).to_tensor(
                shape=[None, None, *values.shape[1:]]
            )
            for name, values in flat.items()
        }
        dense["mask"] = tf.sequence_mask(tokens.row_lengths())
        return pad_empty(dense)

    def _spelling(self, tokens):
        limit = self.inputs.max_characters
        letters = tf.strings.unicode_split(tokens, "UTF-8")
        long = letters.row_lengths() > limit
        head, tail = letters[:, : limit // 2], letters[:, -(limit - limit // 2) :]
        dense = tf.where(
            long[:, None],
            tf.concat([head, tail], axis=1).to_tensor("", shape=[None, limit]),
            letters[:, :limit].to_tensor("", shape=[None, limit]),
        )
        ids = tf.cast(self.characters.lookup(dense), tf.int32)
        return tf.where(dense == "", 0, ids)


def _last(words, count: int):
    length = tf.strings.length(words, unit="UTF8_CHAR")
    return tf.strings.substr(words, tf.maximum(length - count, 0), tf.fill(tf.shape(words), count), unit="UTF8_CHAR")


def _shape(words):
    """Capitals as X, small letters as x, digits as d; runs end after three."""
    for pattern, mark in ((r"\p{Lu}", "X"), (r"\p{Ll}", "x"), (r"\p{Nd}", "d")):
        words = tf.strings.regex_replace(words, pattern, mark)
    for mark in "Xxd":
        words = tf.strings.regex_replace(words, mark + "{4,}", mark * 3)
    return words
