"""The start of networks that read DNA."""

import keras
import tensorflow as tf

from seqtasks.architectures import reading_frames
from seqtasks.data.bases import vectors_of
from seqtasks.errors import UsageError
from seqtasks.layers.dropout import uniform
from seqtasks.sections import Tags


class BaseReader(keras.layers.Layer):
    """Bases as the probabilities of A, C, G and T, what a convolution finds around each, and its reading frames.

    Args:
        config: The run's configuration.
        codec: The fitted `seqtasks.data.base_codec.BaseCodec`.

    Call arguments:
        features: `bases`, the letters' bytes int32 `[B, T]`, and `mask` bool `[B, T]`.
        training: Whether some sequences are read from the other strand.

    Output:
        (sequences float `[B, T, 4 + motifs + 12 for open_frames + 6 * codon_size + position_size]`, the bases first,
        their mask bool `[B, T]`).

    Raises:
        UsageError: For `other_strand` or `position_weights` where every base has a tag.
    """

    def __init__(self, config, codec, **kwargs):
        super().__init__(**kwargs)
        inputs = config.inputs
        tagging = isinstance(config.targets, Tags)
        if inputs.other_strand and tagging and config.targets.scheme != "genes":
            raise UsageError(
                "other_strand turns a sequence around, and its tags would not follow: set it to 0, or "
                "targets.scheme=genes"
            )
        if inputs.position_weights and tagging:
            raise UsageError("position_weights score a whole window, and here every base has a tag: set it to 0")
        # Tags are turned together with the bases: by the pipeline.
        self.other_strand = 0.0 if tagging else inputs.other_strand
        self.seed_generator = keras.random.SeedGenerator()
        self.motifs = None
        if inputs.motifs:
            # A convolution as one product: TensorFlow's own loses its channels where there is no row.
            self.motifs = keras.layers.Dense(inputs.motifs, activation="relu")
            self.width = inputs.motif_width
        self.open_frames = inputs.open_frames
        self.codons = None
        if inputs.codon_size:
            self.codons = keras.layers.Embedding(reading_frames.UNKNOWN + 1, inputs.codon_size)
        self.positions = None
        if inputs.position_size:
            self.half = inputs.max_length // 2 + 1
            self.positions = keras.layers.Embedding(2 * self.half + 1, inputs.position_size)

    def example(self):
        """Returns the features of one base."""
        return {"bases": tf.fill([1, 1], ord("A")), "mask": tf.ones([1, 1], tf.bool)}

    def call(self, features, training=False):
        mask = features["mask"]
        vectors = tf.cast(vectors_of(features["bases"], mask), self.compute_dtype)
        if training and self.other_strand:
            turned = uniform([tf.shape(mask)[0]], self.seed_generator) < self.other_strand
            vectors = tf.where(turned[:, None, None], _other_strand(vectors, mask), vectors)
        found = [vectors]
        if self.motifs is not None:
            found.append(self.motifs(_neighbourhoods(vectors, self.width)))
        if self.open_frames or self.codons is not None:
            codons, whole = reading_frames.codons(vectors, mask)
            if self.open_frames:
                lengths = reading_frames.open_codons(codons, whole)
                found.append(reading_frames.in_frames(tf.cast(lengths, vectors.dtype)))
            if self.codons is not None:
                there = tf.cast(whole, vectors.dtype)[:, :, None, None]
                found.append(reading_frames.in_frames(self.codons(codons) * there))
        if self.positions is not None:
            middle = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1, keepdims=True) // 2
            away = tf.range(tf.shape(mask)[1]) - middle
            found.append(self.positions(tf.clip_by_value(away, -self.half, self.half) + self.half))
        return tf.concat(found, axis=-1), mask


def _neighbourhoods(vectors, width):
    """Returns each step with its neighbours, so many in all, zeros beyond the ends, `[B, T, width * D]`."""
    before = (width - 1) // 2
    padded = tf.pad(vectors, [[0, 0], [before, width - 1 - before], [0, 0]])
    steps = tf.shape(vectors)[1] if vectors.shape[1] is None else vectors.shape[1]
    return tf.concat([padded[:, shift : shift + steps] for shift in range(width)], axis=-1)


def _other_strand(vectors, mask):
    """Returns the sequences as the other strand reads: from the end, A for T and C for G."""
    lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
    return tf.reverse(tf.reverse_sequence(vectors, lengths, seq_axis=1, batch_axis=0), [-1])
