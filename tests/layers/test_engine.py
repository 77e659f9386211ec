"""Every way of running a layer gives the equations' outputs and gradients, in single precision, for every mask."""

import numpy as np
import pytest
import tensorflow as tf
import textbook
from tensorflow.core.protobuf import saved_model_pb2
from test_equations import CASES

from seqtasks.errors import UsageError
from seqtasks.layers import GRU, LSTM, Bidirectional, SimpleRNN, engine
from seqtasks.layers.sequence import Manner, Sequence

MASKS = textbook.masks()
FEATURES, UNITS = 6, 8
# The fused kernel computes no others.
FUSED = ("LSTM", "LSTM peephole")
# "whole" is a loop inside an XLA program.
ALL = [*((case, way) for case in CASES for way in ("loop", "compiled", "whole")), *((case, "fused") for case in FUSED)]
# Inference is compiled by itself only where that is asked for, by the same code for every cell.
RUNS = [(case, way, True) for case, way in ALL]
RUNS += [(case, way, False) for case, way in ALL if way != "compiled" or case in ("LSTM", "GRU")]


def relative(received, expected):
    return np.abs(np.asarray(received, "float64") - expected).max() / max(np.abs(expected).max(), 1e-30)


def results(run, inputs, weights, seed=0):
    """Returns the outputs and the gradients to inputs and weights of a random sum of the outputs."""
    rng = np.random.default_rng(seed)
    with tf.GradientTape() as tape:
        tape.watch([inputs, *weights])
        outputs = tf.nest.flatten(run(inputs))
        loss = tf.add_n([tf.reduce_sum(output * rng.normal(size=output.shape)) for output in outputs])
    return [*outputs, *tape.gradient(loss, [inputs, *weights])]


def make(case, **options):
    kind, more, equations = CASES[case]
    layer = kind(UNITS, return_sequences=True, return_state=True, **more, **options)
    layer.build((None, None, FEATURES))
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer, equations


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(("case", "way", "training"), RUNS)
def test_single_precision_is_within_1e_5_of_the_equations(case, way, backwards, training):
    whole = way == "whole"
    layer, equations = make(case, implementation="loop" if whole else way, go_backwards=backwards)
    values = np.random.default_rng(2).normal(size=(*MASKS.shape, FEATURES))
    # Programs are compiled anew without a mask; backward, one cell's will do.
    masked_only = whole or (backwards and case != "LSTM")
    for mask in (MASKS,) if masked_only else (MASKS, None):

        @tf.function(autograph=False, jit_compile=whole)
        def ours(inputs, mask=mask):
            variables = [variable.value for variable in layer.weights]
            return results(lambda x: layer(x, mask=mask, training=training), inputs, variables)

        weights = [tf.constant(weight, tf.float64) for weight in layer.get_weights()]
        states = [tf.zeros([len(MASKS), UNITS], tf.float64) for _ in layer.state_size]
        expected = results(
            lambda x, w=weights, s=states, m=mask: textbook.unroll(equations, layer, w, x, s, m, backwards),
            tf.constant(values),
            weights,
        )
        for one, other in zip(ours(tf.constant(values, tf.float32)), expected, strict=True):
            assert relative(one, other.numpy()) < 1e-5


@pytest.mark.parametrize("case", ["LSTM", "GRU"])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_loop_that_only_counts_up_gives_the_same(case, backwards):
    layer, _ = make(case, go_backwards=backwards)
    values = np.random.default_rng(2).normal(size=(*MASKS.shape, FEATURES)).astype("float32")
    for mask in (MASKS, None):
        found = []
        for layer.implementation in ("loop", "forward"):
            run = tf.function(lambda x, mask=mask: layer(x, mask=mask), autograph=False)
            found.append(run(tf.constant(values)))
        for one, other in zip(*found, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "way"), [(LSTM, "loop"), (LSTM, "compiled"), (LSTM, "fused"), (GRU, "loop"), (GRU, "compiled")]
)
def test_batches_that_do_not_divide(kind, way):
    layer = kind(UNITS, return_sequences=True, return_state=True, implementation=way)
    layer.build((None, None, FEATURES))
    run = tf.function(
        lambda x, m: layer(x, mask=m),
        autograph=False,
        input_signature=[tf.TensorSpec([None, None, FEATURES]), tf.TensorSpec([None, None], tf.bool)],
    )
    values = np.random.default_rng(3).normal(size=(*MASKS.shape, FEATURES)).astype("float32")
    whole = run(values, MASKS)
    for size in (0, 1, 3):
        for part, all_rows in zip(run(values[:size], MASKS[:size]), whole, strict=True):
            np.testing.assert_allclose(part, all_rows[:size], atol=1e-6)


def chosen(layer, training, shape=(2, 4, FEATURES), jit_compile=False):
    choices = []

    @tf.function(autograph=False, jit_compile=jit_compile, input_signature=[tf.TensorSpec(shape)])
    def trace(inputs):
        sequence = Sequence(inputs, tuple(layer.get_initial_state(2)))
        choices.append(engine.choose(layer.make_cell(), sequence, Manner(training=training)))
        return inputs

    trace.get_concrete_function()
    return choices[-1]


def test_auto_chooses_by_where_it_runs():
    assert chosen(LSTM(UNITS), training=True) == "compiled"
    assert chosen(LSTM(UNITS), training=True, shape=(None, None, FEATURES)) == "loop"
    assert chosen(LSTM(UNITS), training=True, jit_compile=True) == "loop"
    assert chosen(LSTM(UNITS), training=False, jit_compile=True) == "loop"
    assert chosen(LSTM(UNITS), training=False, shape=(None, None, FEATURES)) == "by batch"
    assert chosen(LSTM(UNITS), training=False, shape=(1000, None, FEATURES)) == "loop"
    assert chosen(LSTM(UNITS, output_activation="linear"), training=False) == "loop"
    assert chosen(LSTM(UNITS), training=False) == "fused"
    assert chosen(GRU(UNITS), training=False) == "loop"
    assert chosen(SimpleRNN(UNITS), training=False) == "loop"


def test_what_no_kernel_computes_is_refused():
    for layer in (SimpleRNN(3, implementation="fused"), LSTM(3, dtype="float64", implementation="fused")):
        with pytest.raises(UsageError, match="no fused kernel"):
            layer(np.zeros((1, 2, 3), layer.compute_dtype))
    with pytest.raises(UsageError, match="implementation is 'fast'"):
        LSTM(3, implementation="fast")


@pytest.mark.parametrize("sequences", [True, False])
def test_an_exported_graph_holds_kernels_and_loops_and_no_xla_program(tmp_path, sequences):
    layer = Bidirectional(LSTM(3, return_sequences=sequences))
    layer.build((None, None, 2))
    module = tf.Module()
    module.layer = layer
    module.serve = tf.function(
        lambda inputs, mask: layer(inputs, mask=mask),
        autograph=False,
        input_signature=[tf.TensorSpec([None, None, 2], tf.float32), tf.TensorSpec([None, None], tf.bool)],
    )
    tf.saved_model.save(module, tmp_path, options=tf.saved_model.SaveOptions(experimental_custom_gradients=False))
    again = tf.saved_model.load(tmp_path)
    values = np.random.default_rng(4).normal(size=(*MASKS.shape, 2)).astype("float32")
    np.testing.assert_allclose(again.serve(values, MASKS), layer(values, mask=MASKS), atol=1e-6)
    assert again.serve(values[:0], MASKS[:0]).shape == ((0, 5, 6) if sequences else (0, 6))
    many = np.resize(values, (engine.FEW, *values.shape[1:])), np.resize(MASKS, (engine.FEW, MASKS.shape[1]))
    np.testing.assert_allclose(again.serve(*many)[: len(MASKS)], layer(values, mask=MASKS), atol=1e-6)
    saved = saved_model_pb2.SavedModel.FromString((tmp_path / "saved_model.pb").read_bytes())
    functions = saved.meta_graphs[0].graph_def.library.function
    operations = [node.op for function in functions for node in function.node_def]
    assert operations.count("BlockLSTMV2") == 2
    assert not any("PyFunc" in name for name in operations)
    assert not any(function.attr["_XlaMustCompile"].b for function in functions)
