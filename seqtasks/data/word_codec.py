"""Texts as numbers, for networks that read words."""

import json
from collections import Counter
from pathlib import Path

import numpy as np

from seqtasks.data.pipeline import Encoded
from seqtasks.data.vocabulary import Vocabulary
from seqtasks.errors import DataError
from seqtasks.files import write_text
from seqtasks.sections import Text

LENGTHS = (16, 32, 64, 96, 128, 160, 192, 240, 320, 400, 512)
TEXTS_AT_ONCE = 256


class WordCodec:
    """Turns texts into ids of words.

    Args:
        inputs: What goes in.
        words: Vocabulary of words.
        counts: How often each entry of `words` stands in the training split, int64 `[V]`.
        vectors: Pretrained vectors of the words, float32 `[V, D]`, when training starts.
    """

    def __init__(self, inputs: Text, words, counts, vectors=None):
        self.inputs, self.words, self.counts, self.vectors = inputs, words, counts, vectors

    @classmethod
    def fit(cls, inputs: Text, train: list) -> "WordCodec":
        """Builds the vocabulary from the training split alone."""
        counter = Counter()
        for tokens in _tokenized([example["text"] for example in train], inputs):
            counter.update(tokens.values.numpy().tolist())
        if not counter:
            raise DataError("the training split has no words")
        counter = Counter({token.decode("utf-8", "replace"): count for token, count in counter.items()})
        words = Vocabulary.build(counter, max_size=inputs.max_words, min_count=inputs.min_count)
        vectors = None
        if inputs.vectors:
            from seqtasks.data.vectors import load_vectors

            vectors, _ = load_vectors(inputs.vectors, words, inputs.embedding_size)
        return cls(inputs, words, np.array([counter.get(token, 0) for token in words.tokens], np.int64), vectors)

    def save(self, folder) -> None:
        """Writes the vocabulary into `folder`."""
        self.words.save(Path(folder) / "words.txt")
        write_text(Path(folder) / "words.json", json.dumps({"counts": self.counts.tolist()}))

    @classmethod
    def load(cls, inputs: Text, folder) -> "WordCodec":
        """Reads what `save` wrote."""
        counts = json.loads((Path(folder) / "words.json").read_text("utf-8"))["counts"]
        return cls(inputs, Vocabulary.load(Path(folder) / "words.txt"), np.array(counts, np.int64))

    @property
    def lengths(self) -> tuple[int, ...]:
        """Lengths to pad to."""
        longest = self.inputs.max_length
        return (*(length for length in LENGTHS if length < longest), longest)

    def graph(self):
        """Returns the `tf.Module` that computes the features, for training and export alike."""
        from seqtasks.data.text_features import TextFeatures

        return TextFeatures(self.inputs, self.words)

    def encode(self, examples: list) -> Encoded:
        """Encodes texts as `words`."""
        import tensorflow as tf

        encode = tf.function(self.graph().word_ids, input_signature=[tf.TensorSpec([None], tf.string)])
        texts = [example["text"] for example in examples]
        parts = [
            encode(tf.constant(texts[i : i + TEXTS_AT_ONCE], tf.string)) for i in range(0, len(texts), TEXTS_AT_ONCE)
        ]
        parts = parts or [encode(tf.constant([], tf.string))]
        lengths = np.concatenate([part.row_lengths().numpy() for part in parts])
        return Encoded(
            np.concatenate([[0], np.cumsum(lengths)]),
            {"words": np.concatenate([part.values.numpy() for part in parts])},
        )


def _tokenized(texts: list[str], inputs):
    import tensorflow as tf

    from seqtasks.data.text_features import words_of

    function = tf.function(lambda text: words_of(text, inputs), input_signature=[tf.TensorSpec([None], tf.string)])
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        yield function(tf.constant(texts[start : start + TEXTS_AT_ONCE], tf.string))
