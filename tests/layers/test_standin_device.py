"""An export where TensorFlow has a device that is no CPU: what is placed there, chosen, run and answered."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from seqtasks.layers import GRU, LSTM, Bidirectional, DeepRNN

KIND = "STANDIN"
COMPILER = shutil.which("cc") or shutil.which("gcc")
RNG = np.random.default_rng(0)

# In a process of its own, as a device is TensorFlow's for good.
PROGRAM = """
import json, sys
import numpy as np, tensorflow as tf
from tensorflow.python.framework.load_library import load_pluggable_device_library

library, folder = sys.argv[1:]
load_pluggable_device_library(library)
requests = [(np.array(x, "float32"), np.array(m, bool)) for x, m in json.load(sys.stdin)]
requests = [(x.reshape(*x.shape[:2], 3) if x.size else np.zeros((0, 5, 3), "float32"), m) for x, m in requests]
requests = [(x, m.reshape(x.shape[:2])) for x, m in requests]

def tell(how, answer):
    print(json.dumps([how, answer.tolist()]), flush=True)

function = tf.saved_model.load(folder).signatures["serving_default"]
for inputs, mask in requests:
    tell("python", function(inputs=tf.constant(inputs), mask=tf.constant(mask))["outputs"].numpy())
settings = tf.compat.v1.ConfigProto(allow_soft_placement=True)
with tf.compat.v1.Session(graph=tf.Graph(), config=settings) as session:
    signature = tf.compat.v1.saved_model.load(session, ["serve"], folder).signature_def["serving_default"]
    for inputs, mask in requests:
        feeds = {signature.inputs["inputs"].name: inputs, signature.inputs["mask"].name: mask}
        tell("session", session.run(signature.outputs["outputs"].name, feeds))
"""

FITTING = [np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]], bool), np.ones((1, 1), bool)]
OTHER = [np.array([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]], bool), np.array([[0, 1, 0, 1, 0]], bool), np.zeros((0, 5), bool)]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The stand-in device, compiled."""
    if COMPILER is None:
        pytest.skip("there is no C compiler")
    path = tmp_path_factory.mktemp("device") / "libstandin.so"
    include, libraries = tf.sysconfig.get_include(), tf.sysconfig.get_lib()
    command = [COMPILER, "-O1", "-shared", "-fPIC", f"-I{include}", "-o", str(path)]
    command += [str(Path(__file__).with_name("standin_device.c")), f"-L{libraries}", "-lm"]
    command += ["-l:libtensorflow_framework.so.2", "-l:libtensorflow_cc.so.2"]
    subprocess.run(command, check=True)
    return path


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The folder of an export that has the stand-in where others have the GPU, and the layers in it."""
    upper = Bidirectional(GRU(4, reset_after=True, return_sequences=True))
    layer = DeepRNN([Bidirectional(LSTM(5, return_sequences=True)), upper, LSTM(3)])
    layer.build((None, None, 3))
    layer.set_weights([RNG.normal(size=weight.shape) for weight in layer.get_weights()])
    specs = [tf.TensorSpec([None, None, 3], name="inputs"), tf.TensorSpec([None, None], tf.bool, name="mask")]
    serve = tf.function(lambda inputs, mask: {"outputs": layer(inputs, mask=mask)}, input_signature=specs)
    module, folder = tf.Module(), tmp_path_factory.mktemp("export")
    module.weights = [variable.value for variable in layer.weights]
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve}, options=options)
    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    renamed = 0
    for function in saved.meta_graphs[0].graph_def.library.function:
        if function.attr["api_preferred_device"].s == b"GPU":
            function.attr["api_preferred_device"].s = KIND.encode()
            renamed += 1
        for node in function.node_def:
            if node.op == "DeviceIndex":
                node.attr["device_names"].list.s[:] = [KIND.encode()]
                renamed += 1
    assert renamed == 10  # five directions, each with a choice and a function
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    return folder, layer


def test_the_other_device_s_function_runs_and_answers_the_same(library, exported):
    folder, layer = exported
    masks = [*FITTING, *OTHER]
    requests = [(RNG.normal(size=(*mask.shape, 3)).astype("float32"), mask) for mask in masks]
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(library), str(folder)],
        input=json.dumps([(inputs.tolist(), mask.tolist()) for inputs, mask in requests]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    lines = process.stdout.splitlines()
    answers = [json.loads(line) for line in lines if line.startswith("[")]
    assert [how for how, _ in answers] == ["python"] * len(masks) + ["session"] * len(masks)
    for (_, answer), (inputs, mask) in zip(answers, [*requests, *requests], strict=True):
        expected = layer(inputs, mask=mask).numpy()
        np.testing.assert_allclose(np.reshape(answer, expected.shape), expected, atol=1e-5)
    # Both loaders took the kernel for what fits it, once a direction, and for nothing else.
    assert lines.count("stand-in ran lstm") == 2 * 3 * len(FITTING)
    assert lines.count("stand-in ran gru") == 2 * 2 * len(FITTING)
