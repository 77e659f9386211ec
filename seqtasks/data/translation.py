"""The pipeline of translation tasks: a text in, a text of another length out."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqtasks.config import Config
from seqtasks.data.batching import bucket_boundaries, bucketed_batches
from seqtasks.data.pipeline import Encoded
from seqtasks.data.symbols import END_ID
from seqtasks.data.vocabulary import Vocabulary
from seqtasks.errors import DataError
from seqtasks.files import write_text

BUCKETS = 6


@dataclass
class EncodedPairs:
    """Pairs as numbers.

    Args:
        source: The source texts' symbols, `source`.
        target: `inputs`, what the decoder reads, and `targets`, what it is to write; None where nobody asked.
    """

    source: Encoded
    target: Encoded | None = None

    def __len__(self) -> int:
        return len(self.source)


class TranslationPipeline:
    """Turns pairs of texts into symbols, and the network's symbols into texts.

    Args:
        config: The run's configuration.
        source: Vocabulary of the source, `<EOS>` its first entry after the special ones.
        target: Vocabulary of the target, likewise.
        source_counts: How often each source symbol stands in the training split, int64 `[V]`.
        target_counts: The same of the target.
        rungs: Lengths to pad to, each of a source and of a target.
    """

    def __init__(self, config: Config, source, target, source_counts, target_counts, rungs):
        self.config = config
        self.source, self.target = source, target
        self.source_counts, self.target_counts = source_counts, target_counts
        self.rungs = rungs
        self._tables = None

    @classmethod
    def fit(cls, config: Config, train: list) -> "TranslationPipeline":
        """Learns both vocabularies from the training split alone."""
        from seqtasks.data.text_units import learn_vocabulary

        source = learn_vocabulary(config.inputs, [example["source"] for example in train])
        target = learn_vocabulary(config.targets, [example["target"] for example in train])
        pipeline = cls(config, source, target, None, None, [])
        encoded = pipeline.encode(train)
        sides = ((encoded.source, "source", source), (encoded.target, "targets", target))
        pipeline.source_counts, pipeline.target_counts = (
            np.bincount(side.steps[name], minlength=len(vocabulary)).astype(np.int64)
            for side, name, vocabulary in sides
        )
        ladders = [bucket_boundaries(side.lengths, BUCKETS, multiple=4) for side, _, _ in sides]
        pipeline.rungs = _rungs(*ladders)
        return pipeline

    def save(self, folder) -> None:
        """Writes both vocabularies into `folder`."""
        folder = Path(folder)
        self.source.save(folder / "source.txt")
        self.target.save(folder / "target.txt")
        values = {"source_counts": self.source_counts.tolist(), "target_counts": self.target_counts.tolist()}
        write_text(folder / "translation.json", json.dumps({**values, "rungs": self.rungs}) + "\n")

    @classmethod
    def load(cls, config: Config, folder) -> "TranslationPipeline":
        """Reads what `save` wrote."""
        folder = Path(folder)
        values = json.loads((folder / "translation.json").read_text(encoding="utf-8"))
        counts = (np.array(values[name], np.int64) for name in ("source_counts", "target_counts"))
        source, target = Vocabulary.load(folder / "source.txt"), Vocabulary.load(folder / "target.txt")
        return cls(config, source, target, *counts, [tuple(rung) for rung in values["rungs"]])

    @property
    def labels(self) -> list[str]:
        """There are none to tell apart."""
        return []

    def graph(self):
        """Returns the `tf.Module` that looks symbols up and writes texts, for training and export alike."""
        from seqtasks.data.text_units import PairTables

        return PairTables(self.config, self.source, self.target)

    def encode(self, examples: list, labelled: bool = True) -> EncodedPairs:
        """Encodes pairs; with `labelled`, for training, those whose texts are too long are left out.

        Raises:
            DataError: If no pair is left.
        """
        inputs, targets = self.config.inputs, self.config.targets
        source = self._graph().rows_of("source", [example["source"] for example in examples])
        if not labelled:
            return EncodedPairs(_encoded([row[: inputs.max_length] for row in source], "source"))
        target = self._graph().rows_of("target", [example["target"] for example in examples])
        kept = [
            (one, [*other, END_ID])
            for one, other in zip(source, target, strict=True)
            if len(one) <= inputs.max_length and len(other) < targets.max_length
        ]
        if not any(one for one, _ in kept):
            raise DataError(
                "no training pair is short enough: raise inputs.max_length and targets.max_length. Received: "
                f"{inputs.max_length} and {targets.max_length} symbols"
            )
        written = _encoded([other for _, other in kept], "targets")
        before = np.concatenate([[END_ID], written.steps["targets"]])[:-1].astype(np.int32)
        before[written.splits[:-1]] = END_ID
        written.steps["inputs"] = before
        return EncodedPairs(_encoded([one for one, _ in kept], "source"), written)

    def batches(self, encoded: EncodedPairs, batch_size: int, rng=None):
        """Yields batches of pairs that are of like length on both sides.

        `rows` int64 `[B]`, `source` int32 `[B, T]` and its `mask`; for training `inputs` and `targets` int32 `[B, S]`
        and their `target_mask`.
        """
        ladder = np.array(self.rungs)
        sides = [encoded.source] if encoded.target is None else [encoded.source, encoded.target]
        fits = [np.searchsorted(ladder[:, i], side.lengths) for i, side in enumerate(sides)]
        # Where a text is longer than any of training, the last rung is doubled.
        places = np.max(fits, axis=0) + 1
        for indices, rung in bucketed_batches(places, batch_size, range(1, int(places.max(initial=1)) + 1), rng):
            real = indices[indices >= 0]
            source_length, target_length = self._rung(rung - 1, [side.lengths[real].max() for side in sides])
            batch = encoded.source.batch(indices, source_length)
            if encoded.target is not None:
                target = encoded.target.batch(indices, target_length)
                batch |= {"inputs": target["inputs"], "targets": target["targets"], "target_mask": target["mask"]}
            yield batch

    def decode(self, outputs: dict, batch: dict) -> list[str]:
        """Returns the text of each real row of a batch."""
        texts = self._graph().text(outputs["ids"]).numpy()
        return [text.decode("utf-8", "replace") for text, index in zip(texts, batch["rows"], strict=True) if index >= 0]

    def references(self, examples: list) -> list[str]:
        """Returns the right translations."""
        return [example["target"] for example in examples]

    def unseen_labels(self, examples: list) -> list[str]:
        """Returns none: what training never showed is `<UNK>`."""
        return []

    def _rung(self, number: int, longest: list) -> tuple[int, int]:
        rung = self.rungs[min(number, len(self.rungs) - 1)]
        # Nobody asked for the target's length where there is no target.
        while any(size < length for size, length in zip(rung, longest, strict=False)):
            rung = tuple(2 * size for size in rung)
        return rung

    def _graph(self):
        if self._tables is None:
            self._tables = self.graph()
        return self._tables


def _rungs(sources: list[int], targets: list[int]) -> list[tuple[int, int]]:
    """Pairs two ladders of lengths, the shorter one spread out over the longer."""
    count = max(len(sources), len(targets))
    places = [[-(-(rung + 1) * len(ladder) // count) - 1 for rung in range(count)] for ladder in (sources, targets)]
    return [(sources[i], targets[j]) for i, j in zip(*places, strict=True)]


def _encoded(rows: list, name: str) -> Encoded:
    splits = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return Encoded(splits, {name: np.fromiter((i for row in rows for i in row), np.int32, int(splits[-1]))})
