"""What the contract test leaves out of `splice`: options that are off by default."""

import numpy as np
import pytest

SETTINGS = {
    "inputs.motifs": 0,
    "inputs.position_weights": 2,
    "model.units": 4,
    "model.members": 2,
    "training.epochs": 1,
    "training.batch_size": 256,
    "training.jit_compile": False,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    import seqtasks

    return seqtasks.run("splice", settings=SETTINGS, output_dir=tmp_path_factory.mktemp("runs"), quiet=True).folder


def test_position_weights_are_exported(run, tmp_path):
    import tensorflow as tf

    import seqtasks
    from seqtasks.serving.loading import load_run

    assert all(np.any(member.position_weights.kernel) for member in load_run(run).model.members)
    texts = ["ACGTACGTRYN-ACGT", "A" * 300, "", "ggtaag"]
    # The export is compared with the model, in a process of its own, before it appears.
    export = tf.saved_model.load(str(seqtasks.export(run, export_dir=tmp_path)))
    answers = export.signatures["serving_default"](tf.constant(texts))
    for text, row, answer in zip(texts, seqtasks.predict(run, texts), answers["probabilities"].numpy(), strict=True):
        np.testing.assert_allclose(answer, list(row["probabilities"].values()), atol=1e-5, err_msg=text)


@pytest.mark.parametrize("kind", ["litert", "onnx"])
def test_position_weights_are_converted(run, kind, tmp_path):
    from seqtasks.serving.formats import convert

    if kind == "onnx":
        pytest.importorskip("tf2onnx", reason="tf2onnx is not installed")
        pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    assert convert(run, kind, tmp_path / "out").difference["probabilities"] < 1e-5
