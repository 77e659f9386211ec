"""The pipeline of tagging tasks: a sequence in, one tag a step out."""

import json
from pathlib import Path

import numpy as np

from seqtasks.config import Config
from seqtasks.data import gene_states
from seqtasks.data.codecs import codec_class
from seqtasks.data.gene_labels import LABELS
from seqtasks.data.other_strand import turned
from seqtasks.data.pipeline import Encoded
from seqtasks.errors import DataError, UsageError
from seqtasks.files import write_text


class TaggingPipeline:
    """Turns sequences into features, and the network's answers into tags.

    Args:
        config: The run's configuration.
        codec: Turns what goes in into numbers; see `seqtasks.data.codecs`.
        tags: The tags, in the order of their ids.
        auxiliary: Tags of the further columns that are learned beside, by column.

    Attributes:
        pairs: How often each state follows each in the training split, where states are learned; None in a run that
            was loaded, whose network has learned it.
    """

    def __init__(self, config: Config, codec, tags, auxiliary):
        self.config = config
        self.codec = codec
        self.tags = list(tags)
        self.pairs = None
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
        if targets.scheme != "genes":
            return cls(config, codec, sorted(tags, key=order), auxiliary)
        others = tags - set(LABELS)
        if others:
            raise UsageError(f"targets.scheme=genes takes the tags {', '.join(LABELS)}. Received: {min(others)!r}")
        pipeline = cls(config, codec, LABELS, auxiliary)
        pipeline.pairs = gene_states.pairs(example["tags"] for example in train)
        _check_frames(pipeline.pairs)
        return pipeline

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
            if self.config.targets.scheme == "genes":
                states = [gene_states.states_of(example["tags"]) for example in examples]
                encoded.steps["tags"] = np.concatenate([np.zeros(0, np.int32), *states])
            else:
                encoded.steps["tags"] = _ids(self.tags, (tag for example in examples for tag in example["tags"]))
            for name, values in self.auxiliary.items():
                if all(name in example for example in examples):
                    tags = (tag for example in examples for tag in example[name])
                    encoded.steps[f"auxiliary/{name}"] = _ids(values, tags)
        return encoded

    def batches(self, encoded: Encoded, batch_size: int, rng=None):
        """Yields dense batches; see `Encoded.batches`."""
        window = getattr(self.config.inputs, "window", 0)
        if rng is not None and window:
            encoded = encoded.pieces(window, rng)
        batches = encoded.batches(batch_size, self.codec.lengths, rng)
        share = getattr(self.config.inputs, "other_strand", 0.0)
        if rng is not None and share and self.config.targets.scheme == "genes":
            batches = (turned(batch, rng.random(len(batch["mask"])) < share) for batch in batches)
        return batches

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


def _check_frames(pairs: np.ndarray) -> None:
    """Refuses genes whose exons hold more than codons: their reading frames would be learned wrongly."""
    broken = int(pairs[~np.array(gene_states.transitions())].sum())
    genes = int(gene_states.ends(pairs))
    if 3 * broken > max(genes, 3):
        raise DataError(
            f"{broken} of about {genes} genes have no whole number of codons in their exons, as if those were not only "
            "coding (CDS). For such genes use -s targets.scheme=plain -s inputs.other_strand=0"
        )
