"""The pipeline of classification tasks: a sequence in, one label out."""

import json
from pathlib import Path

import numpy as np

from seqtasks.config import Config
from seqtasks.data.codecs import codec_class
from seqtasks.data.pipeline import Encoded
from seqtasks.errors import DataError
from seqtasks.files import write_text


class ClassificationPipeline:
    """Turns examples into features, and the network's answers into labels.

    Args:
        config: The run's configuration.
        codec: Turns what goes in into numbers; see `seqtasks.data.codecs`.
        classes: The labels, in the order of their ids.
    """

    def __init__(self, config: Config, codec, classes):
        self.config = config
        self.codec = codec
        self.classes = list(classes)

    @classmethod
    def fit(cls, config: Config, train: list) -> "ClassificationPipeline":
        """Learns from the training split alone."""
        codec = codec_class(config.inputs).fit(config.inputs, train)
        classes = config.targets.classes or sorted({example["label"] for example in train})
        if len(classes) < 2:
            raise DataError(
                f"classification needs at least two labels in the training split. Received: {list(classes)}"
            )
        return cls(config, codec, classes)

    def save(self, folder) -> None:
        """Writes what was learned into `folder`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.codec.save(folder)
        write_text(folder / "labels.json", json.dumps({"classes": self.classes}, ensure_ascii=False))

    @classmethod
    def load(cls, config: Config, folder) -> "ClassificationPipeline":
        """Reads what `save` wrote."""
        labels = json.loads((Path(folder) / "labels.json").read_text("utf-8"))
        return cls(config, codec_class(config.inputs).load(config.inputs, folder), labels["classes"])

    def graph(self):
        """Returns the `tf.Module` that computes the features, for training and export alike."""
        return self.codec.graph()

    def encode(self, examples: list, labelled: bool = True) -> Encoded:
        """Encodes examples; labels not seen in training become -1."""
        encoded = self.codec.encode(examples)
        if labelled:
            index = {label: number for number, label in enumerate(self.classes)}
            encoded.examples["labels"] = np.array([index.get(example["label"], -1) for example in examples], np.int32)
        return encoded

    def batches(self, encoded: Encoded, batch_size: int, rng=None):
        """Yields dense batches; see `Encoded.batches`."""
        return encoded.batches(batch_size, self.codec.lengths, rng)

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
