"""The pipeline of classification tasks: a text in, one label out."""

import json
from collections import Counter
from pathlib import Path

import numpy as np

from seqtasks.config import Config
from seqtasks.data.pipeline import Encoded
from seqtasks.data.vocabulary import Vocabulary
from seqtasks.errors import DataError
from seqtasks.files import write_text

LENGTHS = (16, 32, 64, 96, 128, 160, 192, 240, 320, 400, 512)
TEXTS_AT_ONCE = 256


class ClassificationPipeline:
    """Turns texts into features, and the network's answers into labels.

    Args:
        config: The run's configuration.
        words: Vocabulary of words.
        counts: How often each entry of `words` stands in the training split, int64 `[V]`.
        classes: The labels, in the order of their ids.
        vectors: Pretrained vectors of the words, float32 `[V, D]`, when training starts.
    """

    def __init__(self, config: Config, words, counts, classes, vectors=None):
        self.config = config
        self.words = words
        self.counts = counts
        self.classes = list(classes)
        self.vectors = vectors

    @classmethod
    def fit(cls, config: Config, train: list) -> "ClassificationPipeline":
        """Builds the vocabulary from the training split alone."""
        inputs = config.inputs
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
        classes = config.targets.classes or sorted({example["label"] for example in train})
        if len(classes) < 2:
            raise DataError(
                f"classification needs at least two labels in the training split. Received: {list(classes)}"
            )
        counts = np.array([counter.get(token, 0) for token in words.tokens], np.int64)
        return cls(config, words, counts, classes, vectors)

    def save(self, folder) -> None:
        """Writes the vocabulary into `folder`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.words.save(folder / "words.txt")
        labels = {"classes": self.classes, "counts": self.counts.tolist()}
        write_text(folder / "labels.json", json.dumps(labels, ensure_ascii=False))

    @classmethod
    def load(cls, config: Config, folder) -> "ClassificationPipeline":
        """Reads what `save` wrote."""
        folder = Path(folder)
        labels = json.loads((folder / "labels.json").read_text("utf-8"))
        counts = np.array(labels["counts"], np.int64)
        return cls(config, Vocabulary.load(folder / "words.txt"), counts, labels["classes"])

    def graph(self):
        """Returns the `tf.Module` that computes the features, for training and export alike."""
        from seqtasks.data.text_features import TextFeatures

        return TextFeatures(self.config.inputs, self.words)

    def encode(self, examples: list, labelled: bool = True) -> Encoded:
        """Encodes examples; labels not seen in training become -1."""
        import tensorflow as tf

        graph = self.graph()
        encode = tf.function(graph.word_ids, input_signature=[tf.TensorSpec([None], tf.string)])
        texts = [example["text"] for example in examples]
        parts = [
            encode(tf.constant(texts[i : i + TEXTS_AT_ONCE], tf.string)) for i in range(0, len(texts), TEXTS_AT_ONCE)
        ]
        parts = parts or [encode(tf.constant([], tf.string))]
        lengths = np.concatenate([part.row_lengths().numpy() for part in parts])
        encoded = Encoded(
            np.concatenate([[0], np.cumsum(lengths)]),
            {"words": np.concatenate([part.values.numpy() for part in parts])},
        )
        if labelled:
            index = {label: number for number, label in enumerate(self.classes)}
            encoded.examples["labels"] = np.array([index.get(example["label"], -1) for example in examples], np.int32)
        return encoded

    def batches(self, encoded: Encoded, batch_size: int, rng=None):
        """Yields dense batches; see `Encoded.batches`."""
        longest = self.config.inputs.max_length
        lengths = (*(length for length in LENGTHS if length < longest), longest)
        return encoded.batches(batch_size, lengths, rng)

    def decode(self, outputs: dict, batch: dict) -> list[dict]:
        """Returns label and probabilities of each real row of a batch."""
        return [
            {
                "label": self.classes[int(np.argmax(row))],
                "probabilities": dict(zip(self.classes, map(float, row), strict=True)),
            }
            for row, index in zip(outputs["probabilities"], batch["rows"], strict=True)
            if index >= 0
        ]

    def references(self, examples: list) -> list[str]:
        """Returns the right answers, as the metrics compare them."""
        return [example["label"] for example in examples]

    def unseen_labels(self, examples: list) -> list[str]:
        """Returns the labels that stand in `examples` but not in the training split."""
        return sorted({example["label"] for example in examples} - set(self.classes))

    @property
    def labels(self) -> list[str]:
        """What the network tells apart."""
        return self.classes


def _tokenized(texts: list[str], inputs):
    import tensorflow as tf

    from seqtasks.data.text_features import words_of

    function = tf.function(lambda text: words_of(text, inputs), input_signature=[tf.TensorSpec([None], tf.string)])
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        yield function(tf.constant(texts[start : start + TEXTS_AT_ONCE], tf.string))
