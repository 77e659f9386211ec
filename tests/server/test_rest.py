"""TF Serving's REST API, case by case, over real connections: what is answered."""

import gzip
import json
import math
import re

import pytest

from .conftest import call

TINY, FACTOR = "/v1/models/tiny", "/v1/models/factor"
PREDICT = TINY + ":predict"


def rows(*instances):
    return {"instances": list(instances)}


def state(*versions):
    fine = {"state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    return {"model_version_status": [{"version": version, **fine} for version in versions]}


# The path, and the versions that are listed.
STATES = {
    "one version": (TINY, "1"),
    "all versions, newest first": (FACTOR, "2", "1"),
    "a version": (FACTOR + "/versions/1", "1"),
    "a version with zeros before it": (FACTOR + "/versions/002", "2"),
    "a label": (FACTOR + "/labels/canary", "2"),
    "the path in capitals": ("/V1/MODELS/tiny", "1"),
    "a query is passed over": (TINY + "?x=/:y", "1"),
    "the name escaped": ("/v1/models/%74iny", "1"),
}

# The path, and what the model makes of 1.5.
VERSIONS = {
    "newest version": ("", 3.0),
    "a version": ("/versions/1", 1.5),
    "a version with zeros before it": ("/versions/01", 1.5),
    "a label": ("/labels/stable", 1.5),
    "another label": ("/labels/canary", 3.0),
    "a label escaped": ("/labels/%73table", 1.5),
}

# The signature, the request, and the answer.
REQUESTS = {
    "rows of values": (None, rows("a", "é"), {"predictions": ["a", "é"]}),
    "rows of objects": (None, rows({"text": "a"}, {"text": "b"}), {"predictions": ["a", "b"]}),
    "rows of bytes": (None, rows({"b64": "YQ=="}, "b"), {"predictions": ["a", "b"]}),
    "rows of named bytes": (None, rows({"text": {"b64": "YQ=="}}), {"predictions": ["a"]}),
    "rows of lists": ("matrix", rows([1, 2], [3, 4.5]), {"predictions": [[2.0, 4.0], [6.0, 9.0]]}),
    "rows with several inputs and outputs": (
        "two",
        rows({"a": 0.5, "b": 2}, {"b": 3, "a": 1}),
        {"predictions": [{"sum": 2.5, "product": 1.0}, {"sum": 4.0, "product": 3.0}]},
    ),
    "an empty signature's name": ("", rows("a"), {"predictions": ["a"]}),
    "the default signature's name": ("serving_default", rows("a"), {"predictions": ["a"]}),
    "other keys are passed over": (None, {**rows("a"), "other": [1, {}]}, {"predictions": ["a"]}),
    "a column": (None, {"inputs": ["a", "b"]}, {"outputs": ["a", "b"]}),
    "a named column": (None, {"inputs": {"text": ["a"]}}, {"outputs": ["a"]}),
    "a named column beside others": (None, {"inputs": {"text": ["a"], "no": 1}}, {"outputs": ["a"]}),
    "a column of bytes": (None, {"inputs": [{"b64": "w6k="}]}, {"outputs": ["é"]}),
    "several columns": (
        "two",
        {"inputs": {"a": [0.5], "b": [2]}},
        {"outputs": {"sum": [2.5], "product": [1.0]}},
    ),
    "a column without rows": (None, {"inputs": []}, {"outputs": []}),
    "a scalar output in columns": ("scalar", {"inputs": [1, 2]}, {"outputs": 3.0}),
    "uneven outputs in columns": ("uneven", {"inputs": [1]}, {"outputs": {"same": [1.0], "twice": [1.0, 1.0]}}),
    "whole numbers for a float": ("small", rows(1, 2.5), {"predictions": [2.0, 3.5]}),
    "the largest whole numbers": (
        "integers",
        rows({"byte": 255, "short": -(2**31), "long": 2**63 - 1}),
        {"predictions": [{"byte": 255, "short": -(2**31), "long": 2**63 - 1}]},
    ),
    "truth and doubles": (
        "others",
        rows({"flag": True, "wide": 1e300}),
        {"predictions": [{"flag": False, "wide": 1e300}]},
    ),
    "bytes out, by their name": (
        "binary",
        rows({"b64": "/wA="}, "a"),
        {"predictions": [{"data_bytes": {"b64": "/wA="}, "size": 2}, {"data_bytes": {"b64": "YQ=="}, "size": 1}]},
    ),
    "bytes that are no text": (None, rows({"b64": "Yf8="}), {"predictions": ["a\ufffd"]}),
    "quotes and control characters": (None, rows('"\\\n\0\u2028😀'), {"predictions": ['"\\\n\0\u2028😀']}),
}

# Bodies that all say the same.
BODIES = {
    "spaces around": b' \n{"instances" : [ "\xc3\xa9" ] } \r\n',
    "a byte order mark": b'\xef\xbb\xbf{"instances": ["\xc3\xa9"]}',
    "what follows is passed over": b'{"instances": ["\xc3\xa9"]} trailing',
    "an escape": b'{"instances": ["\\u00E9"]}',
}


def signed(signature, request):
    return request if signature is None else {"signature_name": signature, **request}


@pytest.mark.parametrize("case", STATES)
def test_states(server, case):
    path, *versions = STATES[case]
    answer = call(server.port, "GET", path)
    assert (answer.status, answer.json) == (200, state(*versions))
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("case", VERSIONS)
def test_versions(server, case):
    where, expected = VERSIONS[case]
    answer = call(server.port, "POST", f"{FACTOR}{where}:predict", rows(1.5))
    assert (answer.status, answer.json) == (200, {"predictions": [expected]})


@pytest.mark.parametrize("case", REQUESTS)
def test_requests(server, case):
    signature, request, expected = REQUESTS[case]
    answer = call(server.port, "POST", PREDICT, signed(signature, request))
    assert (answer.status, answer.json) == (200, expected)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("case", BODIES)
def test_bodies(server, case):
    assert call(server.port, "POST", PREDICT, BODIES[case]).json == {"predictions": ["é"]}


def test_values_that_are_no_json_numbers(server):
    body = b'{"signature_name": "matrix", "instances": [[NaN, Infinity], [-Infinity, 1e39]]}'
    answer = call(server.port, "POST", PREDICT, body)
    assert answer.content == b'{"predictions": [[NaN, Infinity], [-Infinity, Infinity]]}'
    assert math.isnan(answer.json["predictions"][0][0])


def test_numbers_are_written_as_tf_serving_writes_them(server):
    answer = call(server.port, "POST", PREDICT, signed("matrix", rows([0.05, 1e-6], [4500000, 1.0 / 6])))
    assert answer.content == b'{"predictions": [[0.1, 2e-06], [9e+06, 0.333333343]]}'


def test_metadata(server):
    answer = call(server.port, "GET", FACTOR + "/versions/1/metadata")
    assert answer.status == 200
    assert answer.json["model_spec"] == {"name": "factor", "signature_name": "", "version": "1"}
    signatures = answer.json["metadata"]["signature_def"]["signature_def"]
    assert sorted(signatures) == ["__saved_model_init_op", "serving_default"]
    default = signatures["serving_default"]
    assert default["method_name"] == "tensorflow/serving/predict"
    assert default["inputs"]["x"]["dtype"] == "DT_FLOAT"
    assert default["inputs"]["x"]["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}
    assert default["outputs"]["y"]["name"]
    assert default["defaults"] == {}


@pytest.mark.parametrize(("where", "version"), [("", "2"), ("/labels/stable", "1"), ("/versions/2", "2")])
def test_metadata_of_a_version(server, where, version):
    answer = call(server.port, "GET", FACTOR + where + "/metadata")
    assert answer.json["model_spec"]["version"] == version


def test_a_compressed_body(server):
    gzipped = {"Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps(rows("a")).encode())
    assert call(server.port, "POST", PREDICT, body, gzipped).json == {"predictions": ["a"]}
    bomb = gzip.compress(b"a" * 200_000)
    assert call(server.port, "POST", PREDICT, bomb, gzipped).status == 413
    for damaged in (b"a", body[:-9], b""):
        answer = call(server.port, "POST", PREDICT, damaged, gzipped)
        assert (answer.status, "not gzip" in answer.json["error"]) == (400, True)
    other = call(server.port, "POST", PREDICT, body, {"Content-Encoding": "br"})
    assert (other.status, other.json["error"][:21]) == (400, "Content-Encoding 'br'")


def test_a_body_in_chunks(server):
    chunked = {"Transfer-Encoding": "chunked"}
    whole = b'12\r\n{"instances": ["a"\r\n2\r\n]}\r\n0\r\n\r\n'
    assert call(server.port, "POST", PREDICT, whole, chunked).json == {"predictions": ["a"]}
    large = b"".join(b"2710\r\n%s\r\n" % (b" " * 10_000) for _ in range(11)) + b"0\r\n\r\n"
    assert call(server.port, "POST", PREDICT, large, chunked).status == 413


def test_no_other_origin_may_call_unless_it_is_allowed(server):
    origin = {"Origin": "https://example.org"}
    answer = call(server.port, "POST", PREDICT, rows("a"), origin)
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert call(server.port, "OPTIONS", PREDICT, None, origin).status == 200
    assert call(server.port, "OPTIONS", PREDICT).json == {"error": "Origin header is missing in CORS preflight"}


def test_metrics(server):
    call(server.port, "POST", PREDICT, rows("a"))
    call(server.port, "POST", "/v1/models/made-up-name:predict", rows("a"))
    answer = call(server.port, "GET", "/monitoring/prometheus/metrics")
    text = answer.content.decode()
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert re.search(r'^:tensorflow:serving:request_count{model_name="tiny",status="OK"} \d', text, re.MULTILINE)
    assert re.search(r'^:tensorflow:serving:request_count{model_name="",status="NOT_FOUND"} \d', text, re.MULTILINE)
    series = 'API="predict",entrypoint="REST",le="+Inf",model_name="tiny"'
    assert f":tensorflow:serving:request_latency_bucket{{{series}}}" in text
    assert ':tensorflow:serving:runtime_latency_sum{API="Predict",model_name="tiny",runtime="TF1"}' in text
    assert 'seqtasks:serving:version_available{model_name="factor",version="2"} 1.0' in text
    assert "made-up-name" not in text
