"""The signatures of an exported encoder-decoder: a text in, its translation out; the probability of a pair."""

import tensorflow as tf

# What a row of `score` and `attention` gives for a translation where none is asked about.
DEFAULTS = {"target": ""}


def translation_signatures(tables, pipeline, model, limits) -> dict:
    """Returns the functions of an encoder-decoder by signature name; see `seqtasks.serving.signatures`.

    Args:
        tables: The pipeline's tables of symbols.
        pipeline: The fitted pipeline.
        model: The network.
        limits: `seqtasks.data.limits.Limits`.
    """

    @tf.function(input_signature=_specs("text"), autograph=False)
    def serving_default(text):
        found = _search(text)
        return {"output": tables.text(found.ids[:, 0]), "score": found.scores[:, 0]}

    @tf.function(input_signature=_specs("text"), autograph=False)
    def n_best(text):
        found = _search(text)
        rows, beam, length = tf.unstack(tf.shape(found.ids))
        outputs = tf.reshape(tables.text(tf.reshape(found.ids, [rows * beam, length])), [rows, beam])
        return {
            "outputs": tf.ensure_shape(outputs, [None, pipeline.config.targets.beam]),
            "scores": found.scores,
            "log_probabilities": found.log_probabilities,
        }

    @tf.function(input_signature=_specs("source", "target"), autograph=False)
    def score(source, target):
        features, targets = _pair(source, target)
        found = model.log_probabilities({**features, **targets})
        return {
            "log_probability": tf.reduce_sum(found, axis=1),
            "length": tf.reduce_sum(tf.cast(targets["target_mask"], tf.int32), axis=1),
            "tokens": tables.target.names(targets["targets"]),
            "log_probabilities": found,
        }

    @tf.function(input_signature=_specs("source", "target"), autograph=False)
    def attention(source, target):
        features, targets = _pair(source, target)
        _, weights = model({**features, **targets}, training=False)
        return {
            "source_tokens": tables.source.names(features["source"]),
            "target_tokens": tables.target.names(targets["targets"]),
            "weights": weights,
        }

    def _pair(source, target):
        features = limits.padded(tables.features(limits.few(source)))
        (ids,) = limits.fit(tables.target.ids(limits.few(target)))
        features, ids = limits.pairs(features, ids) if model.decoder.attends else (features, ids)
        return features, tables.targets(ids)

    def _search(text):
        features = limits.padded(tables.features(limits.few(text)))
        return model.search(features["source"], features["mask"])

    signatures = {"serving_default": serving_default, "n_best": n_best, "score": score}
    return {**signatures, "attention": attention} if model.decoder.attends else signatures


def _specs(*names):
    return [tf.TensorSpec([None], tf.string, name=name) for name in names]
