"""Sequences of bases as numbers."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from seqtasks.data.bases import base_codes, drop_blanks
from seqtasks.data.batching import bucket_boundaries
from seqtasks.data.pipeline import Encoded
from seqtasks.data.requests import text_requests
from seqtasks.files import write_json
from seqtasks.sections import Bases


class BaseCodec:
    """Turns sequences into their letters' codes.

    Args:
        inputs: What goes in.
        lengths: Lengths to pad to.
        whole: Whether to read all of a sequence, or of a long one its middle.
    """

    def __init__(self, inputs: Bases, lengths: list[int], whole: bool = False):
        self.inputs, self.lengths, self.whole = inputs, lengths, whole

    @classmethod
    def fit(cls, inputs: Bases, train: list) -> "BaseCodec":
        """Chooses the lengths to pad to."""
        # Where every base has a tag of its own, all are read.
        codec = cls(inputs, [], whole=any("tags" in example for example in train))
        lengths = codec.encode(train).lengths
        codec.lengths = bucket_boundaries(lengths)
        if codec.whole and inputs.window:
            pieces = bucket_boundaries(np.minimum(lengths, inputs.window), buckets=3)
            codec.lengths = sorted({*codec.lengths, *pieces})
        return codec

    def save(self, folder) -> None:
        """Writes what was learned into `folder`."""
        write_json(Path(folder) / "bases.json", {"lengths": self.lengths, "whole": self.whole})

    @classmethod
    def load(cls, inputs: Bases, folder) -> "BaseCodec":
        """Reads what `save` wrote."""
        return cls(inputs, **json.loads((Path(folder) / "bases.json").read_text("utf-8")))

    def graph(self) -> "BaseFeatures":
        """Returns the `tf.Module` that computes the features, for training and export alike."""
        return BaseFeatures(self.inputs, self.whole)

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
    """Reads the letters of sequences.

    Args:
        inputs: What goes in.
        whole: Whether to read all of a sequence, or of a long one its middle.
    """

    def __init__(self, inputs: Bases, whole: bool):
        super().__init__()
        self.longest, self.whole = inputs.max_length, whole

    def features(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns `bases`, the letters' bytes int32 `[B, T]`, and their `mask` bool `[B, T]`, T at least 1.

        Args:
            text: Sequences, string `[B]`; white space does not count.
        """
        text = drop_blanks(text)
        if not self.whole:
            start = tf.maximum(tf.strings.length(text) - self.longest, 0) // 2
            text = tf.strings.substr(text, start, tf.fill(tf.shape(text), self.longest))
        codes, mask = base_codes(text)
        return {"bases": codes, "mask": mask}

    def requests(self):
        """Returns how a signature is asked; see `seqtasks.data.requests`."""
        return text_requests(self.features)

    def cut(self, text: tf.Tensor):
        """Returns the letters of sequences, ragged string `[B, (T)]`, and each one's start and end, ragged int32.

        Args:
            text: Sequences, string `[B]`; white space does not count.
        """
        letters = tf.strings.bytes_split(text)
        starts = tf.ragged.range(tf.cast(letters.row_lengths(), tf.int32))
        kept = tf.strings.strip(letters.values) != ""
        letters, starts = (tf.ragged.boolean_mask(ragged, letters.with_values(kept)) for ragged in (letters, starts))
        return letters, starts, starts + 1

    def features_of_steps(self, letters: tf.RaggedTensor) -> dict[str, tf.Tensor]:
        """Returns what `features` does, of what `cut` returned first."""
        return self.features(tf.strings.reduce_join(letters, axis=1))
