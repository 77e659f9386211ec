"""The network of a model by itself: numbers in, numbers out, one row at a time.

It is what formats without strings and tables can hold. What comes out are the network's own numbers: which label each
stands for is told beside.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from seqtasks.serving.raw_inputs import raw_inputs
from seqtasks.serving.rows import dense
from seqtasks.serving.signatures import build_module
from seqtasks.task import MANY_TO_MANY

RAW, FEATURES = "raw", "features"
_SIGNATURE = "serving_default"
_OUTPUTS = ("tags", "scores", "probabilities")


class Network(NamedTuple):
    """A network, and what it must answer.

    Args:
        takes: What goes in: `"raw"`, what the export takes, or `"features"`, what is computed of it first, as the ids
            of words.
        function: A `tf.function` with an input signature, its first axes 1, that returns numbers by name.
        labels: The tags or classes by their numbers.
        inputs: Turns a loaded raw input into the function's arguments by name, arrays `[1, ...]`.
        expected: Turns it into what the exported model answers, as the function would: arrays by name.
    """

    takes: str
    function: Callable[..., dict[str, tf.Tensor]]
    labels: tuple[str, ...]
    inputs: Callable[[object], dict[str, np.ndarray]]
    expected: Callable[[object], dict[str, np.ndarray]]


def networks_of(loaded) -> Iterator[Network]:
    """Yields the forms of a tagging or classification run's network, what holds more of the model first.

    Of sounds and clips that is the one that takes them raw; texts always go in as features.

    Args:
        loaded: A `LoadedRun`, whose layers run step by step from now on: other formats know no fused kernels.
    """
    config, pipeline, model, family = loaded.config, loaded.pipeline, loaded.model, loaded.task.family
    module, raw = build_module(loaded.task.name, family, config, pipeline, model), raw_inputs(config)
    for layer in model._flatten_layers():
        if hasattr(layer, "implementation"):
            layer.implementation = "forward"
    tagging, tables = family == MANY_TO_MANY, module.tables
    labels = tuple(pipeline.tags if tagging else pipeline.classes)
    signature = module.signatures[_SIGNATURE]

    def arguments(given) -> dict[str, np.ndarray]:
        rows = raw.arguments(_SIGNATURE, [given])
        return {
            spec.name: np.array(dense(rows[spec.name]), spec.dtype.as_numpy_dtype) for spec in signature.input_signature
        }

    def expected(given) -> dict[str, np.ndarray]:
        answer = {
            name: value.numpy() for name, value in signature(*map(tf.constant, arguments(given).values())).items()
        }
        if not tagging:
            return {"probabilities": answer["probabilities"]}
        length = int(answer["length"][0])
        tags = [[labels.index(tag.decode()) for tag in answer["tags"][0, :length]]]
        return {"tags": np.array(tags, np.int32).reshape(1, length), "scores": answer["scores"][:, :length]}

    if tagging:
        specs, compute = signature.input_signature, lambda text: tables.features_of_steps(tables.cut(text)[0])
    else:
        request = tables.requests()[_SIGNATURE]
        specs, compute = request.specs, request.features
    if not any(spec.dtype == tf.string for spec in specs):
        function = _of_one_row(lambda *given: model.outputs_of(compute(*given)), specs)
        yield Network(RAW, function, labels, arguments, expected)
    features = tf.function(compute, input_signature=list(specs), autograph=False).get_concrete_function()
    found = sorted(features.structured_outputs.items())
    names = [name for name, _ in found]
    function = _of_one_row(
        lambda *given: model.outputs_of(dict(zip(names, given, strict=True))),
        [tf.TensorSpec(tensor.shape, tensor.dtype, name) for name, tensor in found],
    )

    def computed(given) -> dict[str, np.ndarray]:
        return _called(features, arguments(given))

    yield Network(FEATURES, function, labels, computed, expected)


def _called(function, arguments: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in function(*map(tf.constant, arguments.values())).items()}


def _of_one_row(network, specs):
    """Returns a `tf.function` of one row. What it gives besides answers is left out."""

    def answers(*given):
        found = network(*given)
        return {name: found[name] for name in _OUTPUTS if name in found}

    rows = [tf.TensorSpec([1, *spec.shape[1:]], spec.dtype, spec.name) for spec in specs]
    return tf.function(answers, input_signature=rows, autograph=False)
