"""SavedModels that are measured beside each other: ours, and what Keras writes of the same model."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from seqtasks.benchmarks.keras_twin import Twin

from seqtasks.errors import SeqtasksError, UsageError

OURS, KERAS = "seqtasks", "keras"
# How far two libraries' probabilities may lie apart before any is timed.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Contender:
    """One SavedModel.

    Args:
        name: What the table calls it; it begins with `OURS` or `KERAS`.
        folder: Its version's folder.
        signature: The signature to call.
    """

    name: str
    folder: Path
    signature: str = "serving_default"


def write_twins(twin: Twin, folder) -> list[Contender]:
    """Writes the twin in both ways that there are, and returns them: the better one counts.

    Args:
        twin: The Keras model.
        folder: Where to.
    """
    spec = tf.TensorSpec([None], tf.string, name="text")
    return _written(twin, twin, [spec], Path(folder))


def write_cores(loaded, twin: Twin, folder) -> list[Contender]:
    """Writes what is between ids and scores, of both sides, without the strings before and the decisions behind.

    Args:
        loaded: The run.
        twin: The Keras model.
        folder: Where to.
    """
    folder, specs = Path(folder), _feature_specs(loaded)

    def ours(**features):
        found = loaded.model(features, training=False)
        return {"scores": found["tags"] if isinstance(found, dict) else found}

    module = tf.Module()
    module.weights = [variable.value for variable in loaded.model.variables]
    # As `seqtasks.serving.export` saves.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    function = tf.function(ours, autograph=False).get_concrete_function(**{spec.name: spec for spec in specs})
    path = folder / OURS / "1"
    tf.saved_model.save(module, str(path), signatures={"serving_default": function}, options=options)
    read = [spec for spec in specs if spec.name != "mask"]
    theirs = _written(twin, lambda *features: {"scores": twin.scores(*features)}, read, folder)
    return [Contender(OURS, path), *theirs]


def best(variants: dict, library: str, figure: str = "p50") -> float | None:
    """Returns the best figure of a library's contenders, or None where it has none."""
    found = [values[figure] for name, values in variants.items() if name.split()[0] == library]
    return (max if figure == "rows_per_second" else min)(found, default=None)


def specs(contender: Contender) -> dict[str, tf.TensorSpec]:
    """Returns the arguments of a contender's signature by name.

    Raises:
        UsageError: It has no such signature.
    """
    signatures = tf.saved_model.load(str(contender.folder)).signatures
    if contender.signature not in signatures:
        raise UsageError(
            f"{contender.folder} has no signature {contender.signature!r}, but {', '.join(sorted(signatures))}"
        )
    return signatures[contender.signature].structured_input_signature[1]


def features(loaded, text: np.ndarray) -> dict[str, np.ndarray]:
    """Returns what the network reads of texts, by name."""
    tables = loaded.pipeline.graph()
    text = tf.constant(text)
    found = tables.features_of_steps(tables.cut(text)[0]) if hasattr(tables, "cut") else tables.features(text)
    return {name: value.numpy() for name, value in found.items()}


def compare(contending: list[Contender], requests: Iterable[dict[str, np.ndarray]]) -> str:
    """Returns how close the answers of several contenders are to the first one's, in a line.

    Args:
        contending: Ours, and others.
        requests: Arguments by name.

    Raises:
        SeqtasksError: They answer otherwise.
    """
    loaded = [tf.saved_model.load(str(contender.folder)) for contender in contending]
    signatures = [one.signatures[c.signature] for one, c in zip(loaded, contending, strict=True)]
    largest, differing, strings = 0.0, 0, 0
    for arrays in requests:
        given = {name: tf.constant(array) for name, array in arrays.items()}
        ours, *others = ({name: value.numpy() for name, value in s(**given).items()} for s in signatures)
        for theirs in others:
            found = agreement(ours, theirs)
            largest, differing, strings = max(largest, found[0]), differing + found[1], strings + found[2]
    return f"the same to {largest:.0e} in numbers; {differing} of {strings:,} labels differ"


def agreement(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> tuple[float, int, int]:
    """Compares what both answer.

    Args:
        ours: Our outputs by name.
        theirs: The twin's; what it does not answer is not compared.

    Returns:
        The largest difference between numbers, how many strings differ, and how many there are.

    Raises:
        SeqtasksError: The numbers differ by more than rounding does.
    """
    largest, differing, strings = 0.0, 0, 0
    for name, value in theirs.items():
        mine = ours[name]
        if mine.shape != value.shape:
            raise SeqtasksError(f"seqtasks and Keras differ in the shape of {name}: {mine.shape} and {value.shape}")
        if value.dtype == object:
            differing, strings = differing + int((mine != value).sum()), strings + value.size
        elif value.size:
            largest = float(np.maximum(largest, np.abs(mine - value).max()))  # of what is no number too
    if not largest <= TOLERANCE:
        raise SeqtasksError(f"seqtasks and Keras differ by {largest:.1e}: it is not the same model")
    return largest, differing, strings


def _written(twin: Twin, function: Callable, specs: list[tf.TensorSpec], folder: Path) -> list[Contender]:
    archive = keras.export.ExportArchive()
    archive.track(twin)
    for tables in twin.lookups:
        archive.track(tables)
    archive.add_endpoint("serving_default", function, input_signature=specs)
    by_keras, by_tensorflow = folder / "keras_export" / "1", folder / "keras_saved" / "1"
    archive.write_out(str(by_keras), verbose=False)
    module = tf.Module()
    module.weights, module.lookups = [variable.value for variable in twin.variables], twin.lookups
    signature = tf.function(lambda *arguments: function(*arguments), input_signature=specs, autograph=False)
    tf.saved_model.save(module, str(by_tensorflow), signatures={"serving_default": signature})
    return [Contender(f"{KERAS} export", by_keras), Contender(f"{KERAS} saved", by_tensorflow)]


def _feature_specs(loaded) -> list[tf.TensorSpec]:
    """Returns the kinds of features that the model reads, in the order in which the twin's `scores` takes them."""
    example = (loaded.model.members[0] if hasattr(loaded.model, "members") else loaded.model).reader.example()
    order = ("words", "characters", "affixes", "mask")
    return [
        tf.TensorSpec([None, None, *example[name].shape[2:]], example[name].dtype, name=name)
        for name in order
        if name in example
    ]
