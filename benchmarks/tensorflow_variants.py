"""Our layers and Keras's, in one process of TensorFlow."""

import functools
import shutil
import tempfile
import time

import keras
import numpy as np
import tensorflow as tf
from seqtasks.benchmarks import keras_cells
from seqtasks.benchmarks.cases import Case

from seqtasks import layers as ours

OURS = {
    "LSTM": ours.LSTM,
    "GRU": ours.GRU,
    "GRUResetAfter": functools.partial(ours.GRU, reset_after=True),
    "SimpleRNN": ours.SimpleRNN,
    "SimplifiedGRU": ours.SimplifiedGRU,
    "PeepholeLSTM": functools.partial(ours.LSTM, peephole=True),
    "LinearLSTM": functools.partial(ours.LSTM, output_activation="linear"),
}


def _with_cell(cell, **options):
    return lambda units, **more: keras.layers.RNN(cell(units, **options), **more)


KERAS = {
    "LSTM": keras.layers.LSTM,
    "GRU": functools.partial(keras.layers.GRU, reset_after=False),
    "GRUResetAfter": keras.layers.GRU,
    "SimpleRNN": keras.layers.SimpleRNN,
    "SimplifiedGRU": _with_cell(keras_cells.SimplifiedGRUCell),
    "PeepholeLSTM": _with_cell(keras_cells.LSTMCell, peephole=True),
    "LinearLSTM": _with_cell(keras_cells.LSTMCell, output_activation="linear"),
}
# The agreement asked of two libraries' numbers before any is timed, relative to the largest.
TOLERANCE = {"float32": 1e-4, "bfloat16": 0.1, "float16": 0.02}


def start(threads: int, device: str) -> None:
    """Sets TensorFlow up."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    elif not tf.config.list_physical_devices("GPU"):
        raise RuntimeError("TensorFlow sees no GPU")
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)


def versions() -> dict:
    """Returns the libraries' versions."""
    return {"tensorflow": tf.__version__, "keras": keras.__version__}


def peak(size: int, calls: int) -> float:
    """Returns the operations a second of a square product in float32."""
    matrix = tf.random.normal([size, size])
    product = tf.function(lambda a: tf.reduce_sum(tf.matmul(a, a)), autograph=False)
    product(matrix).numpy()
    times = []
    for _ in range(calls):
        started = time.perf_counter()
        product(matrix).numpy()
        times.append(time.perf_counter() - started)
    return 2 * size**3 / min(times)


def variants(case: Case) -> dict:
    """Returns, by name, what builds a variant: a call that runs it once and waits."""
    stack = functools.cache(lambda: _checked(_stack(OURS[case.layer], ours.Bidirectional, case), case))
    twin = functools.partial(_twin, case)
    if case.mode == "portable":
        return {
            "seqtasks export": lambda: _exported(stack(), case),
            "keras export": lambda: _exported(twin(stack()), case),
        }
    found = {"seqtasks": lambda: _call(stack(), case, False), "seqtasks jit": lambda: _call(stack(), case, True)}
    if case.mode == "inference":
        forced = functools.partial(OURS[case.layer], implementation="compiled")
        found["seqtasks compiled"] = lambda: _call(_stack(forced, ours.Bidirectional, case), case, False)
    found["keras"] = lambda: _call(twin(stack()), case, False)
    # With its choice left to it, Keras's layer tries cuDNN's kernel, which XLA has not.
    found["keras jit"] = lambda: _call(twin(stack(), xla=True), case, True)
    if case.layer == "GRU":
        found["keras reset_after"] = lambda: _call(_keras_stack(case, "GRUResetAfter"), case, False)
        found["keras reset_after jit"] = lambda: _call(_keras_stack(case, "GRUResetAfter", True), case, True)
    return found


def _stack(make, bidirectional, case):
    features, units = case.sizes[2:]
    stack, width = [], features
    for _ in range(case.layers):
        layer = make(units, return_sequences=True, dtype=_policy(case))
        layer = bidirectional(layer) if case.bidirectional else layer
        layer.build((None, None, width))
        stack.append(layer)
        width = case.width
    return stack


def _policy(case):
    return case.precision if case.precision == "float32" else f"mixed_{case.precision}"


def _keras_stack(case, layer, xla=False):
    more = {"use_cudnn": False} if xla and layer in ("LSTM", "GRU", "GRUResetAfter") else {}
    return _stack(functools.partial(KERAS[layer], **more), keras.layers.Bidirectional, case)


def _twin(case, stack, xla=False):
    """Returns Keras's layers with the weights of ours: they have the same shapes in the same order."""
    twin = _keras_stack(case, case.layer, xla)
    for mine, theirs in zip(stack, twin, strict=True):
        theirs.set_weights(mine.get_weights())
    return twin


def _run(stack, inputs, mask, training):
    for layer in stack:
        inputs = layer(inputs, mask=mask, training=training)
    return inputs


def _function(stack, case, upstream):
    def inference(inputs, mask):
        return _run(stack, inputs, mask, False)

    def training(inputs, mask):
        weights = [variable.value for layer in stack for variable in layer.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = tf.cast(_run(stack, inputs, mask, True), tf.float32)
            loss = tf.reduce_sum(outputs * upstream)
        return tape.gradient(loss, [inputs, *weights])

    return training if case.mode == "training" else inference


def _tensors(case):
    inputs, upstream, lengths = case.numbers()
    mask = None if lengths is None else tf.sequence_mask(lengths, case.sizes[1])
    return tf.constant(inputs), tf.constant(upstream), mask


def _call(stack, case, jit_compile):
    inputs, upstream, mask = _tensors(case)
    function = tf.function(_function(stack, case, upstream), jit_compile=jit_compile, autograph=False)
    return lambda: _wait(function(inputs, mask))


def _wait(results):
    # A device works on after the call has returned; on a CPU this copies nothing.
    return [tensor.numpy() for tensor in tf.nest.flatten(results)[-1:]]


def _checked(stack, case):
    """Returns our layers, once Keras's have given the same outputs and gradients."""
    inputs, upstream, mask = _tensors(case)
    every = []
    for layers in (stack, _twin(case, stack)):
        results = tf.function(_function(layers, case, upstream), autograph=False)(inputs, mask)
        every.append(tf.nest.flatten(results))
    # Bidirectional's masked outputs are zero, others repeat: both libraries do the same.
    for mine, theirs in zip(*every, strict=True):
        mine, theirs = (np.asarray(tf.cast(one, tf.float32)) for one in (mine, theirs))
        error = np.abs(mine - theirs).max() / max(np.abs(theirs).max(), 1e-9)
        if error > TOLERANCE[case.precision]:
            raise AssertionError(f"seqtasks and Keras differ by {error:.1e} for {case}")
    return stack


def _exported(stack, case):
    inputs, _, mask = _tensors(case)
    module = tf.Module()
    module.weights = [variable.value for layer in stack for variable in layer.weights]
    specs = [tf.TensorSpec([None, None, case.sizes[2]], tf.float32, name="inputs")]
    if mask is not None:
        specs.append(tf.TensorSpec([None, None], tf.bool, name="mask"))
    serve = tf.function(
        lambda inputs, mask=None: {"outputs": _run(stack, inputs, mask, False)}, autograph=False, input_signature=specs
    )
    folder = tempfile.mkdtemp()
    try:
        options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
        tf.saved_model.save(module, folder, signatures={"serving_default": serve}, options=options)
        loaded = tf.saved_model.load(folder)
    finally:
        shutil.rmtree(folder)
    function, given = loaded.signatures["serving_default"], {"inputs": inputs}
    if mask is not None:
        given["mask"] = mask

    def call(keep=loaded):
        return _wait(function(**given))

    return call
