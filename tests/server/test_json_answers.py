"""What goes out as JSON comes back the same."""

import base64
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.server.json_answers import write_predictions
from seqtasks.server.status import ServingError


@settings(deadline=None)
@given(st.data(), st.lists(st.integers(0, 4), min_size=1, max_size=3), st.sampled_from([32, 64]))
def test_numbers_go_out_so_that_they_come_back_the_same(data, shape, width):
    kind = np.dtype(f"float{width}")
    values = st.lists(st.floats(width=width), min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))
    array = np.array(data.draw(values), kind).reshape(shape)
    for row_format, key in ((True, "predictions"), (False, "outputs")):
        answer = json.loads(write_predictions({"y": array}, row_format))
        np.testing.assert_array_equal(np.array(answer[key], kind).reshape(shape), array)
        assert len(answer[key]) == shape[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float32(0.1), "0.1"),
        (np.float32(3), "3.0"),
        (np.float32(-0.0), "-0.0"),
        (np.float32(1 / 3), "0.333333343"),
        (np.float32(16777217), "16777216"),
        (np.float32(9e6), "9e+06"),
        (np.float32(3e-5), "3e-05"),
        (np.float32(123456.78), "123456.781"),
        (np.float64(1 / 3), "0.33333333333333331"),
        (np.float64(1e300), "1e+300"),
        (np.float32("nan"), "NaN"),
        (np.float32("inf"), "Infinity"),
        (np.float64("-inf"), "-Infinity"),
    ],
)
def test_numbers_are_written_as_tf_serving_writes_them(value, text):
    if text == "16777216":  # %.9g of a whole number, to which TF Serving adds the point
        text += ".0"
    assert write_predictions({"y": np.array([value])}, True) == b'{"predictions": [%s]}' % text.encode()


@settings(deadline=None)
@given(st.lists(st.binary(), min_size=1, max_size=5))
def test_bytes_go_out_as_base64_by_name_alone(values):
    array = np.array([*values, None], object)[:-1]
    rows = json.loads(write_predictions({"y_bytes": array, "y": array}, True))["predictions"]
    assert [base64.b64decode(row["y_bytes"]["b64"]) for row in rows] == values
    assert [row["y"] for row in rows] == [value.decode("utf-8", "replace") for value in values]


@settings(deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=5))
def test_texts_go_out_as_they_are(values):
    array = np.array([*(value.encode() for value in values), None], object)[:-1]
    assert json.loads(write_predictions({"y": array}, False)) == {"outputs": values}


@settings(deadline=None)
@given(st.data(), st.sampled_from(["int8", "int16", "int32", "int64", "uint8", "uint32", "uint64", "bool"]))
def test_whole_numbers_and_truth_values_go_out_exactly(data, kind):
    info = None if kind == "bool" else np.iinfo(kind)
    values = st.booleans() if info is None else st.integers(int(info.min), int(info.max))
    array = np.array(data.draw(st.lists(values, min_size=1)), kind)
    assert json.loads(write_predictions({"y": array}, True)) == {"predictions": array.tolist()}


@pytest.mark.parametrize("kind", ["float16", "complex64", "uint16"])
def test_types_that_have_no_json_are_refused(kind):
    with pytest.raises(ServingError) as raised:
        write_predictions({"y": np.zeros([1], kind)}, True)
    name = "half" if kind == "float16" else kind
    assert raised.value.message == f"Failed to write JSON value for tensor type: {name}"
    assert raised.value.http_status == 400
