"""Goes on from a prompt, symbol by symbol."""

from typing import NamedTuple

import tensorflow as tf

from seqtasks.data.symbols import END_ID, PADDING_ID, UNKNOWN_ID
from seqtasks.decoding.sampling import choose, random_numbers


class Wishes(NamedTuple):
    """How each row is to go on; see `seqtasks.decoding.sampling.choose`.

    Args:
        temperature: float32 `[B]`.
        top_k: int32 `[B]`.
        top_p: float32 `[B]`.
        max_length: The most symbols to add, int32 `[B]`.
        seed: int32 `[B]`.
    """

    temperature: tf.Tensor
    top_k: tf.Tensor
    top_p: tf.Tensor
    max_length: tf.Tensor
    seed: tf.Tensor


class Continuation(NamedTuple):
    """What was added.

    Args:
        ids: int32 `[B, L]`, padded.
        log_probability: The logarithm of the model's own probability of it, `<EOS>` included where it came,
            float32 `[B]`; no filter or temperature counts.
        finished: Whether `<EOS>` came, bool `[B]`.
    """

    ids: tf.Tensor
    log_probability: tf.Tensor
    finished: tf.Tensor


def generate(model, prompt: tf.RaggedTensor, wishes: Wishes, allow_unknown: bool = False) -> Continuation:
    """Goes on from each prompt until `<EOS>` or as long as it may.

    A row's result depends on its own prompt and wishes only.

    Args:
        model: The network, with `read` and `step`; see `seqtasks.architectures.one_to_many`.
        prompt: Ids of each prompt's symbols, ragged int32 `[B, (T)]`, which may be none.
        wishes: How to go on.
        allow_unknown: Whether `<UNK>` may be drawn. Otherwise the other symbols share its probability.
    """
    logits, states = model.read_prompt(prompt)
    never = [PADDING_ID] if allow_unknown else [PADDING_ID, UNKNOWN_ID]
    barrier = tf.reduce_sum(tf.one_hot(never, logits.shape[-1], on_value=-float("inf")), axis=0)
    length = tf.maximum(tf.reduce_max(wishes.max_length, axis=0), 0)
    numbers = tf.transpose(random_numbers(wishes.seed, length))
    batch_size = tf.shape(logits)[0]

    def more(t, active, *_):
        return (t < length) & tf.reduce_any(active)

    def body(t, active, logits, states, ids, log_probability, finished):
        chosen = choose(logits + barrier, numbers[t], wishes.temperature, wishes.top_k, wishes.top_p)
        scores = tf.gather(tf.nn.log_softmax(logits), chosen, batch_dims=1)
        log_probability += tf.where(active, scores, 0.0)
        ended = active & (chosen == END_ID)
        ids = tf.tensor_scatter_nd_update(ids, [[t]], tf.where(active, chosen, PADDING_ID)[None])
        logits, states = model.step(chosen, states)
        return (
            t + 1,
            active & ~ended & (t + 1 < wishes.max_length),
            logits,
            states,
            ids,
            log_probability,
            finished | ended,
        )

    # Not a TensorArray, which cannot be stacked when there are no steps.
    ids, zeros = tf.fill([length, batch_size], PADDING_ID), tf.zeros([batch_size])
    start = (0, wishes.max_length > 0, logits, states, ids, zeros, tf.zeros([batch_size], tf.bool))
    _, _, _, _, ids, log_probability, finished = tf.while_loop(more, body, start)
    return Continuation(tf.transpose(ids), log_probability, finished)
