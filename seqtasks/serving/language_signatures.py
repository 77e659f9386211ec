"""The signatures of an exported language model: prompts in, texts out; texts in, their probabilities out."""

import tensorflow as tf

from seqtasks.decoding.generation import Wishes, generate
from seqtasks.decoding.scoring import log_probabilities, targets_of

LONGEST = 100_000  # symbols, whatever a client asks for
# What a row asks for that does not say.
DEFAULTS = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "max_length": 50, "seed": 0}

_ROW = {"text": tf.string, "prompt": tf.string, "temperature": tf.float32, "top_p": tf.float32}


def language_signatures(tables, pipeline, model, limits, allow_unknown: bool = False) -> dict:
    """Returns the functions of a language model by signature name; see `seqtasks.serving.signatures`.

    Args:
        tables: The pipeline's tables of symbols.
        pipeline: The fitted pipeline.
        model: The network.
        limits: `seqtasks.data.limits.Limits`.
        allow_unknown: Whether `<UNK>` may be drawn.
    """

    @tf.function(input_signature=_specs("prompt", *DEFAULTS), autograph=False)
    def serving_default(prompt, temperature, top_k, top_p, max_length, seed):
        # What a text may take is set aside before its first symbol is drawn.
        wishes = limits.written(Wishes(temperature, top_k, top_p, tf.minimum(max_length, LONGEST), seed))
        (ids,) = limits.fit(tables.ids(limits.few(prompt)))
        found = generate(model, ids, wishes, allow_unknown)
        return {
            "text": tables.continued(prompt, found.ids),
            "log_probability": found.log_probability,
            "finished": found.finished,
        }

    @tf.function(input_signature=_specs("text"), autograph=False)
    def score(text):
        (ids,) = limits.fit(tables.ids(limits.few(text)))
        inputs, targets = targets_of(ids, pipeline.ends)
        found = log_probabilities(model, inputs, targets)
        length = tf.cast(targets.row_lengths(), tf.int32)
        total = tf.reduce_sum(found, axis=1)
        return {
            "log_probability": total,
            "perplexity": tf.exp(-total / tf.maximum(tf.cast(length, tf.float32), 1.0)),
            "length": length,
            "tokens": targets.with_values(tables.names(targets.values)).to_tensor("", shape=[None, None]),
            "log_probabilities": found.to_tensor(0.0, shape=[None, None]),
        }

    return {"serving_default": serving_default, "score": score}


def _specs(*names):
    return [tf.TensorSpec([None], _ROW.get(name, tf.int32), name=name) for name in names]
