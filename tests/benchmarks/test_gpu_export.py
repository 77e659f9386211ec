"""The comparison of a CPU's and a GPU's answers, with a CPU on both sides."""

import json

import numpy as np
import pytest
from seqtasks.benchmarks import cases, gpu_export
from seqtasks.benchmarks.cases import Case

from seqtasks.errors import SeqtasksError, UsageError


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of a case on a shape that takes no time."""
    folder = tmp_path_factory.mktemp("case")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(cases.SHAPES, "S1", (2, 3, 2, 4))
        gpu_export.write_case(Case("GRUResetAfter", "S1", "portable", bidirectional=True, mask=True), folder)
    return folder


def test_two_processes_give_the_same_answers(written):
    found = gpu_export.measure(written, 0.01, environments=(gpu_export.HIDDEN, gpu_export.HIDDEN))
    assert found["difference"] == 0
    assert min(found["cpu"], found["gpu"], found["keras"]) > 0
    assert found["cudnn"] is False
    row = gpu_export.line("GRU", found)
    assert f"{found['gpu'] / found['keras']:.0%}" in row
    assert row.endswith("did not run")


def test_the_export_and_keras_s_layer_answer_the_same(written):
    import keras
    import tensorflow as tf

    with np.load(written / "request.npz") as request:
        request = {name: tf.constant(value) for name, value in request.items()}
    model = (written / "model.txt").read_text("utf-8")
    ours = tf.saved_model.load(model).signatures["serving_default"](**request)["outputs"]
    theirs = keras.models.load_model(written / gpu_export.TWIN)(request)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert "MatMul" in {op.replace("_Mkl", "").replace("_FusedMatMul", "MatMul") for op in ops(model, request)}


def ops(model, request):
    return gpu_export.ops_run(model, {name: value.numpy() for name, value in request.items()})


def test_differences_are_found():
    def difference(one, other):
        return gpu_export.largest_difference({"a": np.array(one)}, {"a": np.array(other)})

    assert difference([0.5, 0.25], [0.5, 0.125]) == 0.125
    assert difference([0.5, 10.0], [0.0, 10.0]) == 0.05  # of the largest
    assert difference([1, 2], [1, 2]) == difference([b"x"], [b"x"]) == 0
    for one, other in (([1, 2], [1, 3]), ([b"x"], [b"y"]), ([0.5], [np.nan]), ([0.5], [0.5, 0.5]), ([1.0], [1])):
        assert difference(one, other) == np.inf


def test_a_process_that_fails_is_an_error(tmp_path):
    (tmp_path / "model.txt").write_text(str(tmp_path / "nothing"), "utf-8")
    np.savez(tmp_path / "request.npz", inputs=np.zeros((1, 2, 3), "float32"))
    with pytest.raises(SeqtasksError, match="the process on the CPU failed"):
        gpu_export.measure(tmp_path, 0.01)


def test_without_a_gpu_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["gpu_export.py"])
    with pytest.raises(SystemExit) as stop:
        gpu_export.main()
    assert stop.value.code == 1
    assert "sees no GPU here, so nothing was measured" in capsys.readouterr().err


def test_only_exports_that_take_texts_are_asked(tmp_path):
    with pytest.raises(UsageError, match="is no export"):
        gpu_export.write_request(tmp_path, 4, tmp_path)
    description = {"signatures": {"serving_default": {"inputs": ["audio"]}}, "serving_examples": []}
    (tmp_path / "seqtasks.json").write_text(json.dumps(description), "utf-8")
    with pytest.raises(UsageError, match="takes \\['audio'\\]"):
        gpu_export.write_request(tmp_path, 4, tmp_path)
    description = {"signatures": {"serving_default": {"inputs": ["text"]}}, "serving_examples": ["Zoë", "b"]}
    (tmp_path / "seqtasks.json").write_text(json.dumps(description), "utf-8")
    gpu_export.write_request(tmp_path, 3, tmp_path)
    with np.load(tmp_path / "request.npz") as request:
        assert request["text"].tolist() == ["Zoë".encode(), b"b", "Zoë".encode()]
