"""The pipeline of tagging tasks: sentences as words in, one tag a word out."""

import json
from collections import Counter
from pathlib import Path

import numpy as np

from seqtasks.config import Config
from seqtasks.data.pipeline import Encoded
from seqtasks.data.tokenizer import normalize
from seqtasks.data.vocabulary import Vocabulary
from seqtasks.errors import DataError
from seqtasks.files import write_text

LENGTHS = (8, 16, 24, 32, 40, 56, 80, 128)
ENCODE_CHUNK = 50_000


class TaggingPipeline:
    """Turns sentences into features, and the network's answers into tags.

    Args:
        config: The run's configuration.
        words: Vocabulary of normalized words.
        counts: How often each entry of `words` stands in the training split, int64 `[V]`.
        characters: Vocabulary of characters.
        tags: The tags, in the order of their ids.
        auxiliary: Tags of the further columns that are learned beside, by column.
        vectors: Pretrained vectors of the words, float32 `[V, D]`, when training starts.
    """

    def __init__(self, config: Config, words, counts, characters, tags, auxiliary, vectors=None):
        self.config = config
        self.words = words
        self.counts = counts
        self.characters = characters
        self.tags = list(tags)
        self.auxiliary = {name: list(values) for name, values in auxiliary.items()}
        self.vectors = vectors

    @classmethod
    def fit(cls, config: Config, train: list) -> "TaggingPipeline":
        """Builds the vocabularies from the training split alone."""
        inputs, targets = config.inputs, config.targets
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
        tags = {tag for example in train for tag in example["tags"]}
        auxiliary = {
            name: sorted({tag for example in train for tag in example[name]})
            for name in targets.auxiliary
            if all(name in example for example in train)
        }
        return cls(
            config,
            words,
            np.array([counter.get(token, 0) for token in words.tokens], np.int64),
            Vocabulary.build(spelling, max_size=0, min_count=1),
            sorted(tags, key=lambda tag: (tag != "O", tag[2:], tag)) if targets.scheme == "BIO" else sorted(tags),
            auxiliary,
            vectors,
        )

    def save(self, folder) -> None:
        """Writes the vocabularies into `folder`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.words.save(folder / "words.txt")
        self.characters.save(folder / "characters.txt")
        labels = {"tags": self.tags, "auxiliary": self.auxiliary, "counts": self.counts.tolist()}
        write_text(folder / "labels.json", json.dumps(labels, ensure_ascii=False))

    @classmethod
    def load(cls, config: Config, folder) -> "TaggingPipeline":
        """Reads what `save` wrote."""
        folder = Path(folder)
        labels = json.loads((folder / "labels.json").read_text("utf-8"))
        return cls(
            config,
            Vocabulary.load(folder / "words.txt"),
            np.array(labels["counts"], np.int64),
            Vocabulary.load(folder / "characters.txt"),
            labels["tags"],
            labels["auxiliary"],
        )

    def graph(self):
        """Returns the `tf.Module` that computes the features, for training and export alike."""
        from seqtasks.data.token_features import TokenFeatures

        return TokenFeatures(self.config.inputs, self.words, self.characters)

    def encode(self, examples: list, labelled: bool = True) -> Encoded:
        """Encodes examples; tags not seen in training become -1 and are not learned from."""
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
        if labelled:
            steps["tags"] = _ids(self.tags, (tag for example in examples for tag in example["tags"]))
            for name, values in self.auxiliary.items():
                if all(name in example for example in examples):
                    steps[f"auxiliary/{name}"] = _ids(values, (tag for example in examples for tag in example[name]))
        return Encoded(np.concatenate([[0], np.cumsum(lengths)]), steps)

    def batches(self, encoded: Encoded, batch_size: int, rng=None):
        """Yields dense batches; see `Encoded.batches`."""
        return encoded.batches(batch_size, LENGTHS, rng)

    def decode(self, outputs: dict, batch: dict) -> list[list[str]]:
        """Returns the tags of each real row of a batch."""
        lengths = batch["mask"].sum(axis=1)
        return [
            [self.tags[tag] for tag in row[:length]]
            for row, length, index in zip(outputs["tags"], lengths, batch["rows"], strict=True)
            if index >= 0
        ]

    def references(self, examples: list) -> list[list[str]]:
        """Returns the right answers, as the metrics compare them."""
        return [list(example["tags"]) for example in examples]

    def unseen_labels(self, examples: list) -> list[str]:
        """Returns the tags that stand in `examples` but not in the training split."""
        return sorted({tag for example in examples for tag in example["tags"]} - set(self.tags))

    @property
    def labels(self) -> list[str]:
        """What the network tells apart."""
        return self.tags


def _ids(values: list[str], tags) -> np.ndarray:
    index = {value: number for number, value in enumerate(values)}
    return np.array([index.get(tag, -1) for tag in tags], np.int32)


def _normalize_all(tokens: list[str], inputs) -> list[str]:
    import tensorflow as tf

    if not tokens:
        raise DataError("the training split has no tokens")
    values = normalize(tf.constant(tokens), inputs.lowercase, inputs.normalize_digits).numpy()
    return [value.decode("utf-8", "replace") for value in values]
