"""Predictions and scores of a split."""

import numpy as np
import tensorflow as tf


class Evaluator:
    """Runs a model over whole splits, compiled once for each shape of batch.

    Args:
        model: The model, with `outputs_of`.
        pipeline: The pipeline, with `batches`, `decode` and `references`.
        metrics: The metrics.
        batch_size: Rows of a batch.
        jit_compile: Compile with XLA.
    """

    def __init__(self, model, pipeline, metrics, batch_size: int, jit_compile: bool = True):
        self.model = model
        self.pipeline = pipeline
        self.metrics = metrics
        self.batch_size = batch_size
        self._outputs_of = tf.function(model.outputs_of, jit_compile=jit_compile)

    def predict(self, encoded) -> list:
        """Returns the prediction of every example, in the examples' order.

        Args:
            encoded: What the pipeline's `encode` returned.
        """
        found = {}
        for batch in self.pipeline.batches(encoded, self.batch_size):
            outputs = {name: np.asarray(value) for name, value in self._outputs_of(batch).items()}
            rows = batch["rows"][batch["rows"] >= 0].tolist()
            found |= zip(rows, self.pipeline.decode(outputs, batch), strict=True)
        return [found[row] for row in range(len(found))]

    def scores(self, examples: list, predictions: list) -> dict[str, float]:
        """Returns the scores of all metrics together.

        Args:
            examples: Labelled examples.
            predictions: What `predict` returned for them.
        """
        references, answers = self.pipeline.references(examples), answers_of(predictions)
        return {name: score for metric in self.metrics for name, score in metric(references, answers).items()}


def answers_of(predictions: list) -> list:
    """Returns predictions as the metrics compare them: tags, or labels without probabilities."""
    return [prediction["label"] if isinstance(prediction, dict) else prediction for prediction in predictions]
