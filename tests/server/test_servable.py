"""Loading a SavedModel and running its signatures."""

import numpy as np
import pytest

from seqtasks.server.servable import Servable
from seqtasks.server.status import ServingError


def floats(*values):
    return np.array(values, np.float32)


def texts(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def failure(servable, signature, **arrays) -> ServingError:
    with pytest.raises(ServingError) as raised:
        servable.run(signature, arrays)
    return raised.value


def test_signatures_say_what_goes_in_and_out(tiny):
    import tensorflow as tf

    found = tiny.signature("matrix")
    assert found.method_name == "tensorflow/serving/predict"
    assert found.inputs["x"].dtype == tf.float32
    assert found.inputs["x"].shape == (-1, 2)
    assert found.inputs["x"].tensor_name == tiny.signature_defs["matrix"].inputs["x"].name
    assert list(tiny.signature("integers").inputs) == ["byte", "long", "short"]
    assert "__saved_model_init_op" in tiny.signature_defs
    assert "__saved_model_init_op" not in tiny.signatures


@pytest.mark.parametrize("name", ["", None, "serving_default"])
def test_the_default_signature_needs_no_name(tiny, name):
    outputs = tiny.run(name, {"text": texts(b"a", "é".encode(), b"\xff\0")})
    assert outputs["echoed"].tolist() == [b"a", "é".encode(), b"\xff\0"]


def test_several_inputs_and_outputs(tiny):
    outputs = tiny.run("two", {"b": np.array([2, 3], np.int32), "a": floats(0.5, 1)})
    assert {name: array.tolist() for name, array in outputs.items()} == {"sum": [2.5, 4], "product": [1, 3]}
    assert list(outputs) == sorted(outputs)
    assert outputs["sum"].dtype == np.float32


def test_outputs_without_an_axis_are_arrays_too(tiny):
    total = tiny.run("scalar", {"x": floats(1, 2)})["total"]
    assert isinstance(total, np.ndarray)
    assert total.shape == ()
    assert total == 3


def test_no_rows(tiny):
    assert tiny.run("matrix", {"x": np.zeros((0, 2), np.float32)})["doubled"].shape == (0, 2)
    assert tiny.run("", {"text": texts()})["echoed"].shape == (0,)


def test_a_signature_without_inputs(tiny):
    assert tiny.run("constant", {})["y"].tolist() == [1]


def test_unknown_signature(tiny):
    error = failure(tiny, "none", x=floats(1))
    assert (error.code, error.message) == ("FAILED_PRECONDITION", 'Serving signature key "none" not found.')


def test_inputs_are_all_there_and_no_others(tiny):
    error = failure(tiny, "two", a=floats(1), c=floats(1))
    assert error.code == "INVALID_ARGUMENT"
    assert error.message == (
        "input size does not match signature: 2!=2 len({a,c}) != len({a,b}). Sent extra: {c}. "
        "Missing but required: {b}."
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array([[1, 2]]), "to be float but int64 is provided"),
        (texts(b"a").reshape(1, 1), "to be float but string is provided"),
        (floats(1, 2), "'x' has shape [2], and the signature wants [?,2]"),
        (np.zeros((1, 3), np.float32), "'x' has shape [1,3], and the signature wants [?,2]"),
    ],
)
def test_an_input_of_another_type_or_shape(tiny, value, words):
    error = failure(tiny, "matrix", x=value)
    assert error.code == "INVALID_ARGUMENT"
    assert words in error.message


def test_what_the_model_refuses_keeps_its_code_and_is_one_line(tiny):
    error = failure(tiny, "small", x=floats(1, 9))
    assert error.code == "INVALID_ARGUMENT"
    assert "x is not small" in error.message
    assert "\n" not in error.message
    assert failure(tiny, "two", a=floats(1, 2), b=np.array([1, 2, 3], np.int32)).code == "INVALID_ARGUMENT"
    assert tiny.run("small", {"x": floats(1)})["y"].tolist() == [2]


def test_a_run_that_takes_too_long_is_stopped(tiny_folder):
    servable = Servable("tiny", 1, tiny_folder / "1", timeout_seconds=0.2)
    try:
        error = failure(servable, "slow", rounds=np.array([2**31 - 1], np.int32))
        assert error.code == "DEADLINE_EXCEEDED"
        assert servable.run("slow", {"rounds": np.array([3], np.int32)})["done"].tolist() == [3]
    finally:
        servable.close()


def test_defaults_of_the_signature_fill_in(factors, tmp_path):
    import shutil

    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    folder = tmp_path / "1"
    shutil.copytree(factors / "2", folder)
    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    defaults = saved.meta_graphs[0].signature_def["serving_default"].defaults
    defaults["x"].CopyFrom(tf.make_tensor_proto(floats(4)))
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    servable = Servable("factor", 1, folder)
    try:
        assert servable.run("", {})["y"].tolist() == [8]
        assert servable.run("", {"x": floats(1)})["y"].tolist() == [2]
    finally:
        servable.close()


def test_warming_up_makes_every_signature_ready(tiny_folder):
    servable = Servable("tiny", 1, tiny_folder / "1")
    try:
        servable.warm_up({"matrix"})
        assert set(servable._callables) == {"matrix"}
        servable.warm_up()
        assert set(servable._callables) == set(servable.signatures)
    finally:
        servable.close()


def test_many_threads_run_at_once(tiny):
    from concurrent.futures import ThreadPoolExecutor

    def run(number):
        return tiny.run("matrix", {"x": np.full((2, 2), number, np.float32)})["doubled"].tolist()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, range(200))) == [[[2 * n, 2 * n]] * 2 for n in range(200)]
