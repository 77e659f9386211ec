"""Where a decoder looks: weights over the steps of another sequence, and their weighted mean."""

import keras
import tensorflow as tf

FAR_BELOW = -1e9
"""The score of a step that does not count."""


@keras.saving.register_keras_serializable(package="seqtasks")
class SequenceAttention(keras.layers.Layer):
    """Attends to the steps of a sequence from the steps of another.

    With the score of each step of the memory, its weight is their softmax over the steps that count, and the context
    the mean of the memory's steps under these weights:

    - `"multiplicative"`: score = q · (W m), Luong's "general";
    - `"additive"`: score = v · tanh(W_q q + W_m m), Bahdanau's.

    A row of the memory without a step that counts has no weights and the context zero.

    Args:
        kind: How a score is computed.
        units: Additive attention only. The size of what is summed; the queries' size when None.

    Call arguments:
        queries: float `[B, S, Q]`.
        memory: float `[B, T, M]`.
        keys: What `keys` made of the memory, to spare making it again; or None.
        mask: The memory's steps that count, bool `[B, T]`; or None.

    Output:
        (context float `[B, S, M]`, weights float32 `[B, S, T]`, float64 of a layer that computes in it).

    Raises:
        ValueError: For another kind.

    Reference:
        Luong et al., Effective Approaches to Attention-based Neural Machine Translation, EMNLP 2015; Bahdanau et al.,
        Neural Machine Translation by Jointly Learning to Align and Translate, ICLR 2015.
    """

    def __init__(self, kind="multiplicative", units=None, **kwargs):
        super().__init__(**kwargs)
        if kind not in ("multiplicative", "additive"):
            raise ValueError(f"kind must be 'multiplicative' or 'additive'. Received: {kind!r}")
        self.kind, self.units = kind, units
        self.supports_masking = True

    def build(self, queries_shape, memory_shape=None):
        size, depth = queries_shape[-1], memory_shape[-1]
        width = size if self.kind == "multiplicative" else self.units or size
        self.memory_kernel = self.add_weight(shape=(depth, width), name="memory_kernel")
        if self.kind == "additive":
            self.query_kernel = self.add_weight(shape=(size, width), name="query_kernel")
            self.bias = self.add_weight(shape=(width,), initializer="zeros", name="bias")
            self.scale = self.add_weight(shape=(width, 1), name="scale")

    @property
    def weights_dtype(self):
        """What the weights are of: float32 or more."""
        return tf.float64 if self.compute_dtype == "float64" else tf.float32

    def keys(self, memory):
        """Returns what the queries are compared with, float `[B, T, width]`."""
        return tf.matmul(memory, self._weight(self.memory_kernel))

    def call(self, queries, memory, keys=None, mask=None):
        keys = self.keys(memory) if keys is None else keys
        if self.kind == "multiplicative":
            scores = tf.matmul(queries, keys, transpose_b=True)
        else:
            asked = tf.matmul(queries, self._weight(self.query_kernel)) + self._weight(self.bias)
            scores = tf.reduce_sum(tf.tanh(asked[:, :, None] + keys[:, None]) * self._weight(self.scale)[:, 0], axis=-1)
        # A softmax in 16 bits would be too coarse.
        scores = tf.cast(scores, self.weights_dtype)
        if mask is not None:
            scores = tf.where(mask[:, None], scores, FAR_BELOW)
        weights = tf.nn.softmax(scores)
        if mask is not None:
            # All steps of a row may be masked.
            weights *= tf.cast(mask[:, None], weights.dtype)
        return tf.matmul(tf.cast(weights, memory.dtype), memory), weights

    def compute_output_shape(self, queries_shape, memory_shape=None):
        return (*queries_shape[:2], memory_shape[-1]), (*queries_shape[:2], memory_shape[1])

    def _weight(self, weight):
        return tf.cast(tf.convert_to_tensor(weight), self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "kind": self.kind, "units": self.units}
