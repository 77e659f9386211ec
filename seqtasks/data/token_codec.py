"""Sentences that are cut into words already, as numbers."""

import json
from collections import Counter
from pathlib import Path

import numpy as np

from seqtasks.data.pipeline import Encoded
from seqtasks.data.tokenizer import normalize
from seqtasks.data.vocabulary import Vocabulary
from seqtasks.errors import DataError
from seqtasks.files import write_text
from seqtasks.sections import Tokens

ENCODE_CHUNK = 50_000


class TokenCodec:
    """Turns words into ids, spellings and affixes.

    Args:
        inputs: What goes in.
        words: Vocabulary of normalized words.
        counts: How often each entry of `words` stands in the training split, int64 `[V]`.
        characters: Vocabulary of characters.
        vectors: Pretrained vectors of the words, float32 `[V, D]`, when training starts.
    """

    lengths = (8, 16, 24, 32, 40, 56, 80, 128)
    """Lengths to pad to."""

    def __init__(self, inputs: Tokens, words, counts, characters, vectors=None):
        self.inputs, self.words, self.counts, self.characters, self.vectors = inputs, words, counts, characters, vectors

    @classmethod
    def fit(cls, inputs: Tokens, train: list) -> "TokenCodec":
        """Builds the vocabularies from the training split alone."""
        surface = Counter(token for example in train for token in example["tokens"])
        counter = Counter()
        normalized = _normalize_all(list(surface), inputs)
        for token, count in zip(normalized, surface.values(), strict=True):
            counter[token] += count
        words = Vocabulary.build(counter, max_size=inputs.max_words, min_count=inputs.min_count)
        spelling = Counter()
        for token, count in surface.items():
            spelling.update(dict.fromkeys(token, count))
        vectors = None
        if inputs.vectors:
            from seqtasks.data.vectors import load_vectors

            vectors, _ = load_vectors(inputs.vectors, words, inputs.embedding_size)
        counts = np.array([counter.get(token, 0) for token in words.tokens], np.int64)
        return cls(inputs, words, counts, Vocabulary.build(spelling, max_size=0, min_count=1), vectors)

    def save(self, folder) -> None:
        """Writes the vocabularies into `folder`."""
        folder = Path(folder)
        self.words.save(folder / "words.txt")
        self.characters.save(folder / "characters.txt")
        write_text(folder / "words.json", json.dumps({"counts": self.counts.tolist()}))

    @classmethod
    def load(cls, inputs: Tokens, folder) -> "TokenCodec":
        """Reads what `save` wrote."""
        folder = Path(folder)
        counts = np.array(json.loads((folder / "words.json").read_text("utf-8"))["counts"], np.int64)
        return cls(inputs, Vocabulary.load(folder / "words.txt"), counts, Vocabulary.load(folder / "characters.txt"))

    def graph(self):
        """Returns the `tf.Module` that computes the features, for training and export alike."""
        from seqtasks.data.token_features import TokenFeatures

        return TokenFeatures(self.inputs, self.words, self.characters)

    def encode(self, examples: list) -> Encoded:
        """Encodes sentences as the features of their words."""
        import tensorflow as tf

        graph = self.graph()
        lengths = np.array([len(example["tokens"]) for example in examples], np.int64)
        flat = [token for example in examples for token in example["tokens"]]
        parts = [
            {
                name: values.numpy()
                for name, values in graph.token_features(tf.constant(flat[start : start + ENCODE_CHUNK])).items()
            }
            for start in range(0, len(flat), ENCODE_CHUNK)
        ] or [{name: values.numpy() for name, values in graph.token_features(tf.constant([], tf.string)).items()}]
        steps = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return Encoded(np.concatenate([[0], np.cumsum(lengths)]), steps)


def _normalize_all(tokens: list[str], inputs) -> list[str]:
    import tensorflow as tf

    if not tokens:
        raise DataError("the training split has no tokens")
    values = normalize(tf.constant(tokens), inputs.lowercase, inputs.normalize_digits).numpy()
    return [value.decode("utf-8", "replace") for value in values]
