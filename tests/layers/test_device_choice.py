"""One export with a CPU's and a GPU's implementation: what it holds, what it chooses, and what it answers on a CPU."""

import json
import subprocess
import sys

import cudnn_standin
import grappler
import numpy as np
import pytest
import tensorflow as tf
import textbook
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.core.protobuf import saved_model_pb2

import seqtasks.serving.c_api
from seqtasks.layers import GRU, LSTM, Bidirectional, DeepRNN, cudnn, device_choice, engine
from seqtasks.layers.sequence import Manner, Sequence
from seqtasks.serving.portable import check_portable

MASKS = textbook.masks()
FEATURES, UNITS = 3, 4
SPECS = [tf.TensorSpec([None, None, FEATURES], name="inputs"), tf.TensorSpec([None, None], tf.bool, name="mask")]
KINDS = {"LSTM": LSTM, "GRU": lambda units, **more: GRU(units, reset_after=True, **more)}
VALUES = np.random.default_rng(0).normal(size=(*MASKS.shape, FEATURES)).astype("float32")


def built(layer):
    layer.build((None, None, FEATURES))
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer


def serving(layer, call=None):
    """Returns what would be exported: a function of inputs and mask."""
    call = call or (lambda inputs, mask: layer(inputs, mask=mask))
    return tf.function(lambda inputs, mask: {"outputs": call(inputs, mask)}, autograph=False, input_signature=SPECS)


def save(layer, folder, call=None):
    module = tf.Module()
    module.weights = [variable.value for variable in layer.weights]
    function = serving(layer, call)
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    signatures = {"serving_default": function.get_concrete_function()}
    tf.saved_model.save(module, str(folder), signatures=signatures, options=options)
    return function


def meta_graph(folder):
    return saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes()).meta_graphs[0]


def by_device(graph):
    """Returns, by interface, the function for each device."""
    pairs = {}
    for function in graph.graph_def.library.function:
        if "api_implements" in function.attr:
            pair = pairs.setdefault(function.attr["api_implements"].s, {})
            assert pair.setdefault(function.attr["api_preferred_device"].s.decode(), function) is function
    return pairs


def left_to_device(layer, training=False, jit_compile=False, dtype=tf.float32):
    answers = []

    @tf.function(autograph=False, jit_compile=jit_compile)
    def trace(inputs):
        sequence = Sequence(inputs, tuple(layer.get_initial_state(2)))
        answers.append(engine.left_to_device(layer.make_cell(), sequence, Manner(training=training)))
        return inputs

    trace(tf.zeros([2, 3, FEATURES], dtype))
    return answers[0]


def test_what_is_left_to_the_device():
    assert left_to_device(LSTM(UNITS))
    assert left_to_device(GRU(UNITS, reset_after=True))
    assert not left_to_device(LSTM(UNITS), training=True)
    assert not left_to_device(LSTM(UNITS), jit_compile=True)
    assert not left_to_device(LSTM(UNITS), dtype=tf.float64)
    assert not left_to_device(GRU(UNITS))
    cell, sequence = LSTM(UNITS).make_cell(), Sequence(tf.zeros([1, 2, 3]), ())
    assert not engine.left_to_device(cell, sequence, Manner())  # eagerly


@pytest.mark.parametrize(("kind", "options"), [(LSTM, {}), (LSTM, {"implementation": "loop"}), (GRU, {})])
def test_a_forced_implementation_and_what_cudnn_has_not_stay_as_they_are(kind, options):
    layer = built(kind(UNITS, **options))
    graph = serving(layer).get_concrete_function().graph.as_graph_def()
    chosen = kind is LSTM and not options
    assert bool(by_device(tf.compat.v1.MetaGraphDef(graph_def=graph))) == chosen
    assert ("DeviceIndex" in str(graph)) == chosen


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_holds_both_and_a_cpu_never_meets_cudnn(kind, tmp_path):
    layer = built(Bidirectional(KINDS[kind](UNITS, return_sequences=True)))
    save(layer, tmp_path)
    check_portable(tmp_path)
    pairs = by_device(meta_graph(tmp_path))
    assert len(pairs) == 2  # forwards and backwards
    functions = {f.signature.name: f for f in meta_graph(tmp_path).graph_def.library.function}
    for pair in pairs.values():
        assert set(pair) == {"CPU", "GPU"}
        assert [arg.type for arg in pair["CPU"].signature.input_arg] == [
            arg.type for arg in pair["GPU"].signature.input_arg
        ]
        (choice,) = [node for node in pair["GPU"].node_def if node.op in ("If", "StatelessIf")]
        ops = {node.op for node in functions[choice.attr["then_branch"].func.name].node_def}
        assert "CudnnRNNV3" in ops


@pytest.mark.parametrize("kind", KINDS)
def test_grappler_chooses_by_the_device(kind, tmp_path):
    layer = built(Bidirectional(KINDS[kind](UNITS, return_sequences=True)))
    save(layer, tmp_path)
    graph = meta_graph(tmp_path)
    output = graph.signature_def["serving_default"].outputs["outputs"].name.partition(":")[0]
    pairs = by_device(graph)
    names = {device: {pair[device].signature.name for pair in pairs.values()} for device in ("CPU", "GPU")}
    for device in ("CPU", "GPU"):
        nodes = grappler.optimized(graph, [output], device).node
        asked = [node.device for node in nodes if node.op == "DeviceIndex"]
        assert asked == [f"{grappler.PLACE}{device}:0"] * 2
        calls = [node for node in nodes if grappler.called(node) in names["CPU"] | names["GPU"]]
        assert sorted(map(grappler.called, calls)) == sorted(names[device])
        assert all(node.device == f"{grappler.PLACE}{device}:0" for node in calls)


def test_equal_layers_share_a_pair(tmp_path):
    layer = DeepRNN([LSTM(FEATURES, return_sequences=True) for _ in range(3)])
    layer.build((None, None, FEATURES))
    save(layer, tmp_path)
    assert len(by_device(meta_graph(tmp_path))) == 1


@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_on_a_cpu_nothing_changes(kind, sequences, monkeypatch):
    layer = built(Bidirectional(KINDS[kind](UNITS, return_sequences=sequences)))
    chosen = serving(layer)
    few, many = (VALUES, MASKS), (np.resize(VALUES, (800, 5, FEATURES)), np.resize(MASKS, (800, 5)))
    received = [chosen(*arguments)["outputs"].numpy() for arguments in (few, many)]
    monkeypatch.setattr(engine, "left_to_device", lambda *_: False)
    plain = serving(layer)
    assert not by_device(tf.compat.v1.MetaGraphDef(graph_def=plain.get_concrete_function().graph.as_graph_def()))
    for one, arguments in zip(received, (few, many), strict=True):
        np.testing.assert_array_equal(one, plain(*arguments)["outputs"])


def test_the_machine_that_exports_does_not_matter(monkeypatch):
    layer = built(LSTM(UNITS))

    def operations():
        graph = serving(layer).get_concrete_function().graph.as_graph_def()
        nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
        return sorted(node.op for node in nodes)

    here = operations()
    monkeypatch.setattr(engine, "_on_gpu", lambda: True)
    assert operations() == here


@pytest.fixture(scope="module")
def on_gpu():
    """Makes a function of inputs and mask that runs what is given as a GPU would, cuDNN's kernel stood in for."""
    pair, lengths = device_choice._pair, []

    def kernel(mode, inputs, states, params, steps):
        lengths.append(steps)
        return cudnn_standin.run_kernel(mode, inputs, states, params, steps)

    def make(call):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tf.raw_ops, "DeviceIndex", lambda device_names: tf.constant(device_names.index("GPU")))
            patch.setattr(device_choice, "_pair", lambda *key: (pair.__wrapped__(*key)[1],) * 2)
            patch.setattr(cudnn, "run_kernel", kernel)
            function = serving(None, call)
            function.get_concrete_function()
        assert lengths
        return function

    return make


def layers_of_both_directions(kind):
    forwards = KINDS[kind](UNITS, return_sequences=True, return_state=True)
    backwards = KINDS[kind](UNITS, return_sequences=True, go_backwards=True)
    return [built(forwards), built(backwards)]


@pytest.mark.parametrize("kind", KINDS)
def test_on_a_gpu_every_mask_gives_what_a_cpu_gives(kind, on_gpu):
    layers = layers_of_both_directions(kind)

    def call(inputs, mask):
        return [layer(inputs, mask=mask) for layer in layers]

    function, plain, rng = on_gpu(call), serving(None, call), np.random.default_rng(2)

    @given(st.integers(1, 4), st.lists(st.lists(st.booleans(), min_size=4, max_size=4), max_size=3), st.booleans())
    @settings(max_examples=30, deadline=None)
    def compare(length, rows, from_the_end):
        mask = np.array(rows, bool).reshape(len(rows), 4)[:, :length]
        mask = np.sort(mask)[:, ::-1] if from_the_end else mask
        inputs = rng.normal(size=(*mask.shape, FEATURES)).astype("float32")
        received, expected = (tf.nest.flatten(run(inputs, mask)) for run in (function, plain))
        for one, other in zip(received, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)

    compare()


@pytest.mark.parametrize("kind", KINDS)
def test_on_a_gpu_without_a_mask(kind, on_gpu):
    layer = built(Bidirectional(KINDS[kind](UNITS)))

    def call(inputs, mask):
        return layer(inputs)

    function, plain = on_gpu(call), serving(None, call)
    for size in (0, 5):
        received, expected = (tf.nest.flatten(run(VALUES[:size], MASKS[:size])) for run in (function, plain))
        for one, other in zip(received, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The folder of a deep model's export, and what it must answer to `VALUES` and `MASKS`."""
    layer = DeepRNN([Bidirectional(LSTM(UNITS, return_sequences=True)), GRU(UNITS, reset_after=True)])
    layer.build((None, None, FEATURES))
    folder = tmp_path_factory.mktemp("export")
    save(layer, folder)
    return folder, layer(VALUES, mask=MASKS).numpy()


def answers_in_python(folder, inputs, mask):
    loaded = tf.saved_model.load(str(folder))
    return loaded.signatures["serving_default"](inputs=tf.constant(inputs), mask=tf.constant(mask))["outputs"]


def answers_in_a_session(folder, inputs, mask):
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        signature = tf.compat.v1.saved_model.load(session, ["serve"], str(folder)).signature_def["serving_default"]
        feeds = {signature.inputs["inputs"].name: inputs, signature.inputs["mask"].name: mask}
        return session.run(signature.outputs["outputs"].name, feeds)


def answers_of_the_c_api(folder, inputs, mask):
    process = subprocess.run(
        [sys.executable, seqtasks.serving.c_api.__file__, str(folder), "serving_default", "--json"],
        input=json.dumps({"inputs": inputs.tolist(), "mask": mask.tolist()}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)["outputs"]


@pytest.mark.parametrize("answers", [answers_in_python, answers_in_a_session, answers_of_the_c_api])
def test_the_export_runs_without_a_gpu(exported, answers):
    folder, expected = exported
    np.testing.assert_allclose(answers(folder, VALUES, MASKS), expected, atol=1e-6)


@pytest.mark.parametrize("answers", [answers_in_python, answers_in_a_session])
def test_the_export_takes_an_empty_batch(exported, answers):
    folder, expected = exported
    assert answers(folder, VALUES[:0], MASKS[:0]).shape == expected[:0].shape


def test_inside_a_loop_and_a_branch(tmp_path):
    layer = built(LSTM(FEATURES, return_sequences=True))

    def call(inputs, mask):
        def body(i, x):
            return i + 1, tf.cond(i < 1, lambda: layer(x, mask=mask), lambda: layer(x))

        return tf.while_loop(lambda i, x: i < 2, body, (0, inputs))[1]

    save(layer, tmp_path, call)
    check_portable(tmp_path)
    assert len(by_device(meta_graph(tmp_path))) == 2  # with a mask and without
    # As an array, or Keras remembers the mask with the tensor.
    expected = layer(layer(VALUES, mask=MASKS).numpy())
    for answers in (answers_in_python, answers_in_a_session):
        np.testing.assert_allclose(answers(tmp_path, VALUES, MASKS), expected, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_inference_is_still_differentiable(kind):
    layer = built(KINDS[kind](UNITS, return_sequences=True))
    function, inputs, mask = serving(layer), tf.constant(VALUES), tf.constant(MASKS)
    function(inputs, mask)  # traced where no gradient is asked for

    def gradients(run):
        weights = [variable.value for variable in layer.weights]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(run(inputs, mask) ** 2)
        return tape.gradient(loss, [inputs, *weights])

    received = gradients(lambda *arguments: function(*arguments)["outputs"])
    layer.implementation = "loop"
    expected = gradients(lambda x, m: layer(x, mask=m))
    for one, other in zip(received, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
