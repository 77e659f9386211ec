"""The probability of given sequences."""

import tensorflow as tf

from seqtasks.data.symbols import END_ID

# Symbols whose scores over the whole vocabulary are held at once.
AT_ONCE = 256


def targets_of(ids: tf.RaggedTensor, ends: bool) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
    """Returns what a language model reads and what it is to predict, ragged int32 `[B, (T)]` each.

    Args:
        ids: Ids of each text's symbols.
        ends: Whether `<EOS>` is to be predicted behind the last.
    """
    end = tf.fill([ids.nrows(out_type=tf.int32), 1], END_ID)
    marked = tf.concat([tf.cast(ids, tf.int32), tf.RaggedTensor.from_tensor(end)], axis=1)
    targets = marked if ends else ids
    before = tf.concat([tf.RaggedTensor.from_tensor(end), ids], axis=1)
    inputs = before if ends else before[:, :-1]
    return inputs, targets


def log_probabilities(model, inputs: tf.RaggedTensor, targets: tf.RaggedTensor) -> tf.RaggedTensor:
    """Returns the log-probability of each symbol, given those before it, ragged float32 `[B, (T)]`.

    Args:
        model: The network, with `read` and `score`; see `seqtasks.architectures.one_to_many`.
        inputs: What it reads, ragged int32 `[B, (T)]`.
        targets: What it is to predict, as many symbols.
    """
    mask = tf.sequence_mask(inputs.row_lengths())
    outputs = tf.boolean_mask(model.read(inputs.to_tensor(), mask)[0], mask)
    return targets.with_values(in_parts(model.score, outputs, targets.values))


def in_parts(score, outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Returns the log-probability of each symbol, float32 `[N]`.

    Args:
        score: Makes of outputs every symbol's score before the softmax, float32 `[N, V]`. No more than `AT_ONCE` rows
            of them are held at a time.
        outputs: float `[N, D]`.
        targets: The symbols, int32 `[N]`.
    """
    count = tf.shape(outputs)[0]
    # What fits into one part is one, without padding. And without any symbol there is a part that nobody looks at.
    size = tf.clip_by_value(count, 1, AT_ONCE)
    missing = tf.maximum(-count % size, size - count)
    parts = tf.reshape(tf.pad(outputs, [[0, missing], [0, 0]]), [-1, size, outputs.shape[-1]])
    wanted = tf.reshape(tf.pad(targets, [[0, missing]]), [-1, size])

    def part(both):
        return -tf.nn.sparse_softmax_cross_entropy_with_logits(both[1], score(both[0]))

    found = tf.map_fn(part, (parts, wanted), fn_output_signature=tf.TensorSpec([None], tf.float32))
    return tf.reshape(found, [-1])[:count]
