"""The pipeline of tagging tasks: a sequence in, one tag a step out."""

import json
from pathlib import Path

import numpy as np

from seqtasks.config import Config
from seqtasks.data.codecs import codec_class
from seqtasks.data.pipeline import Encoded
from seqtasks.files import write_text

MOST_STEPS = 500_000


class TaggingPipeline:
    """Turns sequences into features, and the network's answers into tags.

    Args:
        config: The run's configuration.
        codec: Turns what goes in into numbers; see `seqtasks.data.codecs`.
        tags: The tags, in the order of their ids.
        auxiliary: Tags of the further columns that are learned beside, by column.
    """

    def __init__(self, config: Config, codec, tags, auxiliary):
        self.config = config
        self.codec = codec
        self.tags = list(tags)
        self.auxiliary = {name: list(values) for name, values in auxiliary.items()}

    @classmethod
    def fit(cls, config: Config, train: list) -> "TaggingPipeline":
        """Learns from the training split alone."""
        codec, targets = codec_class(config.inputs).fit(config.inputs, train), config.targets
        tags = {tag for example in train for tag in example["tags"]}
        auxiliary = {
            name: sorted({tag for example in train for tag in example[name]})
            for name in targets.auxiliary
            if all(name in example for example in train)
        }
        # "O" first, then by type.
        order = (lambda tag: (tag != "O", tag[2:], tag)) if targets.scheme == "BIO" else None
        return cls(config, codec, sorted(tags, key=order), auxiliary)

    def save(self, folder) -> None:
        """Writes what was learned into `folder`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.codec.save(folder)
        labels = {"tags": self.tags, "auxiliary": self.auxiliary}
        write_text(folder / "labels.json", json.dumps(labels, ensure_ascii=False))

    @classmethod
    def load(cls, config: Config, folder) -> "TaggingPipeline":
        """Reads what `save` wrote."""
        labels = json.loads((Path(folder) / "labels.json").read_text("utf-8"))
        codec = codec_class(config.inputs).load(config.inputs, folder)
        return cls(config, codec, labels["tags"], labels["auxiliary"])

    def graph(self):
        """Returns the `tf.Module` that computes the features, for training and export alike."""
        return self.codec.graph()

    def encode(self, examples: list, labelled: bool = True) -> Encoded:
        """Encodes examples; tags not seen in training become -1 and are not learned from."""
        encoded = self.codec.encode(examples)
        if labelled:
            encoded.steps["tags"] = _ids(self.tags, (tag for example in examples for tag in example["tags"]))
            for name, values in self.auxiliary.items():
                if all(name in example for example in examples):
                    tags = (tag for example in examples for tag in example[name])
                    encoded.steps[f"auxiliary/{name}"] = _ids(values, tags)
        return encoded

    def batches(self, encoded: Encoded, batch_size: int, rng=None):
        """Yields dense batches; see `Encoded.batches`.

        Where sequences are long, batches of predictions have fewer rows, so that they fit into the memory.
        """
        window = getattr(self.config.inputs, "window", 0)
        if rng is not None and window:
            encoded = encoded.pieces(window, rng)
        if rng is None:
            batch_size = max(1, min(batch_size, MOST_STEPS // max(1, int(encoded.lengths.max(initial=1)))))
        return encoded.batches(batch_size, self.codec.lengths, rng)

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
