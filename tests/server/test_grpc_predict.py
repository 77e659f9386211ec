"""What TF Serving's `PredictionService.Predict` promises."""

import numpy as np
import pytest

pytest.importorskip("tensorflow_serving", reason="gRPC is an extra")

from tensorflow_serving.apis import predict_pb2

from seqtasks.server.grpc_tensors import to_proto

from .grpc_calls import (
    REQUEST_BYTES,
    Code,
    assert_refused,
    floats,
    grpc,
    predict,
    predicting,
    serving,
    spec,
    texts,
    tiny,
)


@pytest.fixture(scope="module")
def predictor(tiny_folder, factors):
    with predicting(tiny_folder, factors) as running:
        yield running


@pytest.fixture(scope="module")
def client(predictor):
    with serving(predictor) as connected:
        yield connected


WORDS = texts(b"Ada lived", "Zürich".encode(), b"")
TWO = {"a": floats(1, 2), "b": np.array([3, 4], np.int32)}
INTEGERS = {"byte": np.uint8([0, 255]), "short": np.int32([-(2**31), 7]), "long": np.int64([2**63 - 1, -(2**63)])}
ANSWERED = {
    "default signature, newest version": (predict(x=floats(1, 2)), 2, {"y": [2, 4]}),
    "signature by name": (predict(spec(signature="serving_default"), x=floats(1)), 2, {"y": [2]}),
    "version": (predict(spec(version=1), x=floats(1)), 1, {"y": [1]}),
    "label": (predict(spec(label="stable"), x=floats(1)), 1, {"y": [1]}),
    "another label": (predict(spec(label="canary"), x=floats(1)), 2, {"y": [2]}),
    "no row": (predict(x=floats()), 2, {"y": []}),
    "infinity": (predict(x=floats(np.inf, -np.inf)), 2, {"y": [np.inf, -np.inf]}),
    "strings": (tiny("", text=WORDS), 1, {"echoed": WORDS.tolist()}),
    "zero bytes": (tiny("binary", data=texts(b"\0a\0\xff")), 1, {"data_bytes": [b"\0a\0\xff"], "size": [4]}),
    "padded": (tiny("words", text=WORDS), 1, {"words": [[b"Ada", b"lived"], ["Zürich".encode(), b""], [b"", b""]]}),
    "two inputs": (tiny("two", **TWO), 1, {"sum": [4, 6], "product": [3, 8]}),
    "output filter": (tiny("two", ["product"], **TWO), 1, {"product": [3, 8]}),
    "two outputs filtered": (tiny("two", ["sum", "product"], **TWO), 1, {"sum": [4, 6], "product": [3, 8]}),
    "a matrix": (tiny("matrix", x=floats([1, 2], [3, 4])), 1, {"doubled": [[2, 4], [6, 8]]}),
    "a scalar output": (tiny("scalar", x=floats(1, 2)), 1, {"total": 3}),
    "integers": (tiny("integers", **INTEGERS), 1, {name: array.tolist() for name, array in INTEGERS.items()}),
    "truth values, doubles": (
        tiny("others", flag=np.array([True, False]), wide=np.array([1e300, -0.5])),
        1,
        {"flag": [False, True], "wide": [1e300, -0.5]},
    ),
    "half floats": (tiny("half", x=floats(1.5, -2)), 1, {"y": [1.5, -2]}),
    "no input": (tiny("constant"), 1, {"y": [1]}),
}


@pytest.mark.parametrize("case", ANSWERED)
def test_a_request_is_answered(client, case):
    import tensorflow as tf

    request, version, expected = ANSWERED[case]
    response = client.prediction.Predict(request, timeout=30)
    asked = request.model_spec
    assert response.model_spec == spec(asked.name, asked.signature_name or "serving_default", version)
    assert {name: tf.make_ndarray(value).tolist() for name, value in response.outputs.items()} == expected
    for value in response.outputs.values():
        assert not value.tensor_content  # clients read float_val and its kin


def broken(**fields):
    request = predict()
    request.inputs["x"].CopyFrom(to_proto(floats(1, 2)))
    for name, value in fields.items():
        setattr(request.inputs["x"], name, value)
    return request


REFUSED = {
    "no model spec": (
        predict_pb2.PredictRequest(),
        Code.INVALID_ARGUMENT,
        "Missing ModelSpec",
    ),
    "no model name": (
        predict(spec(name=""), x=floats(1)),
        Code.INVALID_ARGUMENT,
        "ModelSpec has no name specified.",
    ),
    "unknown model": (
        predict(spec("whole"), x=floats(1)),
        Code.NOT_FOUND,
        "Servable not found for request: Latest(whole)",
    ),
    "unknown version": (
        predict(spec(version=3), x=floats(1)),
        Code.NOT_FOUND,
        "Servable not found for request: Specific(factor, 3)",
    ),
    "negative version": (
        predict(spec(version=-1), x=floats(1)),
        Code.NOT_FOUND,
        "Servable not found for request: Specific(factor, -1)",
    ),
    "unknown label": (
        predict(spec(label="beta"), x=floats(1)),
        Code.INVALID_ARGUMENT,
        "Unrecognized servable version label: beta",
    ),
    "label of a version that is not there": (
        predict(spec(label="gone"), x=floats(1)),
        Code.NOT_FOUND,
        "Servable not found for request: Specific(factor, 9)",
    ),
    "unknown signature": (
        predict(spec(signature="score"), x=floats(1)),
        Code.FAILED_PRECONDITION,
        'Serving signature key "score" not found.',
    ),
    "no input": (
        predict(),
        Code.INVALID_ARGUMENT,
        "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}.",
    ),
    "one input too many": (
        predict(x=floats(1), z=floats(1)),
        Code.INVALID_ARGUMENT,
        "input size does not match signature: 2!=1 len({x,z}) != len({x}). Sent extra: {z}. Missing but required: {}.",
    ),
    "another name": (
        predict(z=floats(1)),
        Code.INVALID_ARGUMENT,
        "Sent extra: {z}. Missing but required: {x}.",
    ),
    "another dtype": (
        predict(x=np.array([1], np.int64)),
        Code.INVALID_ARGUMENT,
        "to be float but int64 is provided",
    ),
    "strings for numbers": (
        predict(x=texts(b"1")),
        Code.INVALID_ARGUMENT,
        "to be float but string is provided",
    ),
    "another rank": (
        predict(x=floats([1])),
        Code.INVALID_ARGUMENT,
        "has shape [1,1], and the signature wants [?]",
    ),
    "unequal lengths": (
        tiny("two", a=floats(1, 2, 3), b=np.array([1, 2], np.int32)),
        Code.INVALID_ARGUMENT,
        "Incompatible shapes: ",
    ),
    "fails while it runs": (
        tiny("small", x=floats(7)),
        Code.INVALID_ARGUMENT,
        "x is not small",
    ),
    "unknown output": (
        predict(output_filter=["z"], x=floats(1)),
        Code.INVALID_ARGUMENT,
        "output tensor alias not found in signature: z Outputs expected to be in the set {y}.",
    ),
    "output twice": (
        predict(output_filter=["y", "y"], x=floats(1)),
        Code.INVALID_ARGUMENT,
        "duplicate output tensor alias: y",
    ),
    "tensor without dtype": (
        broken(dtype=0),
        Code.INVALID_ARGUMENT,
        "tensor parsing error: x: a tensor of dtype DT_INVALID cannot be sent",
    ),
    "tensor cut off": (
        broken(tensor_content=b"12345"),
        Code.INVALID_ARGUMENT,
        "tensor parsing error: x: tensor_content has 5 bytes",
    ),
    "long name": (
        predict(spec(name="n" * 50_000), x=floats(1)),
        Code.NOT_FOUND,
        "n...TRUNCATED",
    ),
    "long name of many bytes a character": (
        predict(spec(name="東" * 50_000), x=floats(1)),
        Code.NOT_FOUND,
        "東...TRUNCATED",
    ),
    "larger than allowed": (
        predict(x=np.zeros(REQUEST_BYTES // 4, np.float32)),
        Code.RESOURCE_EXHAUSTED,
        "larger than max",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_request_is_refused(client, case):
    assert_refused(client.prediction.Predict, *REFUSED[case])


def test_a_request_that_unpacks_to_more_than_allowed_is_refused(client):
    zeros = predict(x=np.zeros(REQUEST_BYTES // 4, np.float32))
    assert_refused(
        client.prediction.Predict, zeros, Code.RESOURCE_EXHAUSTED, "larger than max", compression=grpc.Compression.Gzip
    )
    small = predict(x=np.zeros(1000, np.float32))
    assert client.prediction.Predict(small, timeout=30, compression=grpc.Compression.Gzip).outputs["y"].float_val


def test_a_tensor_that_cannot_be_read_is_counted(client, predictor):
    def refused():
        page = predictor.monitoring.page().decode()
        return sum(float(line.split()[-1]) for line in page.splitlines() if 'status="INVALID_ARGUMENT"' in line)

    before = refused()
    assert_refused(client.prediction.Predict, broken(dtype=0), Code.INVALID_ARGUMENT, "cannot be sent")
    assert refused() == before + 1
