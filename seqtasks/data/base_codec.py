"""Sequences of bases as numbers."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from seqtasks.data.bases import base_codes, drop_blanks
from seqtasks.data.batching import bucket_boundaries
from seqtasks.data.pipeline import Encoded
from seqtasks.files import write_json
from seqtasks.sections import Bases


class BaseCodec:
    """Turns sequences into their letters' codes.

    Args:
        inputs: What goes in.
        lengths: Lengths to pad to.
    """

    def __init__(self, inputs: Bases, lengths: list[int]):
        self.inputs, self.lengths = inputs, lengths

    @classmethod
    def fit(cls, inputs: Bases, train: list) -> "BaseCodec":
        """Chooses the lengths to pad to."""
        codec = cls(inputs, [inputs.max_length])
        return cls(inputs, bucket_boundaries(codec.encode(train).lengths))

    def save(self, folder) -> None:
        """Writes what was learned into `folder`."""
        write_json(Path(folder) / "bases.json", {"lengths": self.lengths})

    @classmethod
    def load(cls, inputs: Bases, folder) -> "BaseCodec":
        """Reads what `save` wrote."""
        return cls(inputs, json.loads((Path(folder) / "bases.json").read_text("utf-8"))["lengths"])

    def graph(self) -> "BaseFeatures":
        """Returns the `tf.Module` that computes the features, for training and export alike."""
        return BaseFeatures(self.inputs)

    def encode(self, examples: list) -> Encoded:
        """Encodes sequences as `bases`."""
        graph = self.graph()
        rows = [np.zeros(0, np.int32)]
        for example in examples:
            features = graph.features(tf.constant([example["text"]]))
            rows.append(features["bases"].numpy()[0][features["mask"].numpy()[0]])
        splits = np.cumsum([len(row) for row in rows]).astype(np.int64)
        return Encoded(splits, {"bases": np.concatenate(rows)})


class BaseFeatures(tf.Module):
    """Cuts sequences to their middle and reads their letters.

    Args:
        inputs: What goes in.
    """

    def __init__(self, inputs: Bases):
        super().__init__()
        self.longest = inputs.max_length

    def features(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns `bases`, the letters' bytes int32 `[B, T]`, and their `mask` bool `[B, T]`, T at least 1.

        Args:
            text: Sequences, string `[B]`; white space does not count.
        """
        text = drop_blanks(text)
        start = tf.maximum(tf.strings.length(text) - self.longest, 0) // 2
        codes, mask = base_codes(tf.strings.substr(text, start, tf.fill(tf.shape(text), self.longest)))
        return {"bases": codes, "mask": mask}
