"""The signatures of an exported model of speech: a sound in, what is said out."""

import tensorflow as tf

from seqtasks.decoding.ctc import transcribe
from seqtasks.serving.signatures import asked_by


def transcription_signatures(tables, pipeline, model, limits) -> dict:
    """Returns the functions of a model of speech by signature name; see `seqtasks.serving.signatures`.

    Args:
        tables: What computes the features, with `requests`.
        pipeline: The fitted pipeline.
        model: The network.
        limits: `seqtasks.data.limits.Limits`.
    """

    def answer(features):
        found = ranked(features)
        return {"transcript": found["transcripts"][:, 0], "log_probability": found["log_probabilities"][:, 0]}

    def ranked(features):
        outputs, beam = model.outputs_of(features), pipeline.config.targets.beam
        found = transcribe(outputs["scores"], outputs["mask"], beam)
        return {
            "transcripts": tf.ensure_shape(pipeline.texts(found.ids), [None, beam]),
            "log_probabilities": found.log_probabilities,
        }

    requests = tables.requests()
    return asked_by(requests, answer, limits) | asked_by({"n_best": requests["serving_default"]}, ranked, limits)
