"""The network of a model by itself: numbers in, numbers out, one row at a time.

It is what formats without strings and tables can hold. Of a model that reads texts the words' ids go in, of a model of
sounds or clips the raw input. What comes out are the network's own numbers: which label each stands for is told beside.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.serving.raw_inputs import raw_inputs
from seqtasks.serving.rows import dense
from seqtasks.serving.signatures import build_module
from seqtasks.task import MANY_TO_MANY

_SIGNATURE = "serving_default"
_OUTPUTS = ("tags", "scores", "probabilities")


class Network(NamedTuple):
    """A network, and what it must answer.

    Args:
        function: A `tf.function` with an input signature, its first axes 1, that returns numbers by name.
        labels: The tags or classes by their numbers.
        inputs: Turns a loaded raw input into the function's arguments by name, arrays `[1, ...]`.
        expected: Turns it into what the exported model answers, as the function would: arrays by name.
    """

    function: Callable[..., dict[str, tf.Tensor]]
    labels: tuple[str, ...]
    inputs: Callable[[object], dict[str, np.ndarray]]
    expected: Callable[[object], dict[str, np.ndarray]]


def network_of(loaded) -> Network:
    """Returns the network of a tagging or classification run.

    Args:
        loaded: A `LoadedRun`, whose layers run step by step from now on: other formats know no fused kernels.
    """
    config, pipeline, model, family = loaded.config, loaded.pipeline, loaded.model, loaded.task.family
    module, raw = build_module(loaded.task.name, family, config, pipeline, model), raw_inputs(config)
    for layer in model._flatten_layers():
        if hasattr(layer, "implementation"):
            layer.implementation = "loop"
    tagging, tables = family == MANY_TO_MANY, module.tables
    labels = tuple(pipeline.tags if tagging else pipeline.classes)

    def arguments(given) -> dict[str, np.ndarray]:
        return {name: np.array(dense(rows)) for name, rows in raw.arguments(_SIGNATURE, [given]).items()}

    def expected(given) -> dict[str, np.ndarray]:
        asked = {name: tf.constant(value) for name, value in arguments(given).items()}
        answer = {name: value.numpy() for name, value in module.signatures[_SIGNATURE](**asked).items()}
        if not tagging:
            return {"probabilities": answer["probabilities"]}
        length = int(answer["length"][0])
        tags = [[labels.index(tag.decode()) for tag in answer["tags"][0, :length]]]
        return {"tags": np.array(tags, np.int32).reshape(1, length), "scores": answer["scores"][:, :length]}

    if tagging:
        features = _traced(lambda text: tables.features_of_steps(tables.cut(text)[0]), [_text()])
    else:
        request = tables.requests()[_SIGNATURE]
        if not any(spec.dtype == tf.string for spec in request.specs):
            function = _function(lambda *given: model.outputs_of(request.features(*given)), request.specs)
            return Network(function, labels, arguments, expected)
        features = _traced(request.features, request.specs)
    specs = [
        tf.TensorSpec(tensor.shape, tensor.dtype, name) for name, tensor in sorted(features.structured_outputs.items())
    ]
    names = [spec.name for spec in specs]
    function = _function(lambda *given: model.outputs_of(dict(zip(names, given, strict=True))), specs)

    def looked_up(given) -> dict[str, np.ndarray]:
        return {name: value.numpy() for name, value in features(*map(tf.constant, arguments(given).values())).items()}

    return Network(function, labels, looked_up, expected)


def _text() -> tf.TensorSpec:
    return tf.TensorSpec([None], tf.string, name="text")


def _traced(function, specs):
    return tf.function(function, input_signature=list(specs), autograph=False).get_concrete_function()


def _function(network, specs):
    """Returns a `tf.function` of one row. What it gives besides answers is left out."""

    def answers(*given):
        found = network(*given)
        return {name: found[name] for name in _OUTPUTS if name in found}

    rows = [tf.TensorSpec([1, *spec.shape[1:]], spec.dtype, spec.name) for spec in specs]
    return tf.function(answers, input_signature=rows, autograph=False)
