"""TF Serving's REST API, case by case, over real connections: what is refused, and in which words."""

import pytest

from .conftest import call
from .test_rest import FACTOR, PREDICT, TINY, rows, signed

# The request's line, the status, and words of the error.
PATHS = {
    "no such path": ("GET /", 404, "Not Found: GET /"),
    "a path beside": ("POST /v2/models/tiny:predict", 404, "Not Found: POST /v2/models/tiny:predict"),
    "no such resource": ("GET /v1/other", 400, "Malformed request: GET /v1/other"),
    "no model": ("GET /v1/models", 400, "Missing model name in request."),
    "an empty model": ("GET /v1/models/", 400, "Malformed request: GET /v1/models/"),
    "predict by GET": (f"GET {PREDICT}", 400, "Malformed request: GET /v1/models/tiny:predict"),
    "status by POST": (f"POST {TINY}", 400, "Malformed request: POST /v1/models/tiny"),
    "metadata by POST": (f"POST {TINY}/metadata", 400, "Malformed request: POST /v1/models/tiny/metadata"),
    "another HTTP method": (f"PUT {PREDICT}", 400, "Malformed request: PUT /v1/models/tiny:predict"),
    "deleting": (f"DELETE {TINY}", 400, "Malformed request: DELETE /v1/models/tiny"),
    "another method": (f"POST {TINY}:explain", 400, "Malformed request: POST /v1/models/tiny:explain"),
    "the method in capitals": (f"POST {TINY}:PREDICT", 400, "Malformed request: POST /v1/models/tiny:PREDICT"),
    "a version that is no number": (f"GET {TINY}/versions/x", 400, "Malformed request: GET /v1/models/tiny/versions/x"),
    "a negative version": (f"GET {TINY}/versions/-1", 400, "Malformed request: GET"),
    "a version too large": (f"GET {TINY}/versions/9223372036854775808", 400, "Failed to convert version: 92"),
    "a version of many digits": (f"GET {TINY}/versions/{'9' * 5000}", 400, "Failed to convert version: 99"),
    "version and label": (f"GET {FACTOR}/versions/1/labels/stable", 400, "Malformed request: GET"),
    "unknown model's status": ("GET /v1/models/no", 404, "Could not find any versions of model no"),
    "unknown version's status": (f"GET {TINY}/versions/7", 404, "Could not find version 7 of model tiny"),
    "unknown label's status": (f"GET {TINY}/labels/x", 400, "Unrecognized servable version label: x"),
    "unknown model's metadata": ("GET /v1/models/no/metadata", 404, "Servable not found for request: Latest(no)"),
    "unknown version's metadata": (f"GET {TINY}/versions/7/metadata", 404, "for request: Specific(tiny, 7)"),
    "a name of odd characters": ("GET /v1/models/%00%22%0a%ff", 404, 'versions of model \0"\n'),
}

# What is posted to, and the error of a request that would be right elsewhere.
TARGETS = {
    "unknown model": ("/v1/models/no:predict", 404, "Servable not found for request: Latest(no)"),
    "unknown version": (f"{TINY}/versions/7:predict", 404, "Servable not found for request: Specific(tiny, 7)"),
    "unknown label": (f"{TINY}/labels/x:predict", 400, "Unrecognized servable version label: x"),
    "label of a version that is not there": (f"{FACTOR}/labels/gone:predict", 404, "Specific(factor, 9)"),
}

# The body, and words of the error, whose status is 400.
BODIES = {
    "no body": (b"", "JSON Parse error: The document is empty"),
    "no JSON": (b"no", "JSON Parse error: Invalid value. at offset: 0"),
    "cut off": (b'{"instances": ["a"', "JSON Parse error: Missing a comma"),
    "not UTF-8": (b'{"instances": ["\xff"]}', "Invalid encoding in string. at offset: 16"),
    "half a pair": (b'{"instances": ["\\ud800"]}', "The surrogate pair in string is invalid."),
    "no object": (b'["a"]', 'JSON Value: ["a"] Is not object'),
    "a key twice": (b'{"instances": ["a"], "instances": []}', 'has the name "instances" twice'),
    "deep": (b'{"instances": %s' % (b"[" * 50_000), "nested too deeply"),
    "deep objects": (b'{"a":' * 15_000, "nested too deeply"),
    "deep and whole": (b'{"instances": %s1%s}' % (b"[" * 90, b"]" * 90), "deeper than 64"),
    "a huge number": (b'{"inputs": %s}' % (b"9" * 50_000), "Number too big to be stored in double."),
    "a large exponent": (b'{"signature_name": "small", "inputs": [1e999]}', "Number too big to be stored in double."),
}

# The signature, the request, and words of the error, whose status is 400.
REQUESTS = {
    "a signature's name that is no string": (3, rows("a"), "'signature_name' key must be a string value."),
    "unknown signature": ("no", rows("a"), 'Serving signature name: "no" not found in signature def'),
    "the initializer is no signature": ("__saved_model_init_op", rows("a"), "not found in signature def"),
    "a signature without inputs": ("constant", rows("a"), "Failed to get input map for signature: constant"),
    "neither rows nor columns": (None, {"data": []}, "Missing 'inputs' or 'instances' key"),
    "rows and columns": (None, {**rows("a"), "inputs": ["a"]}, "expecting only one of 'inputs' or 'instances' keys"),
    "rows that are no list": (None, {"instances": "a"}, "Expecting 'instances' to be an list/array"),
    "no rows": (None, rows(), "No values in 'instances' array"),
    "plain rows for two inputs": ("two", rows(1), "instances is a plain list, but expecting list of objects"),
    "an input missing": ("two", rows({"a": 1}), "keys must be equal to: a,b"),
    "an input missing in the second row": (
        "two",
        rows({"a": 1, "b": 1}, {"a": 1}),
        "Failed to process element: 1 of 'instances' list. JSON object: {\"a\": 1} keys must be equal to: a,b",
    ),
    "an input too many": (
        None,
        rows({"text": "a", "x": 1}),
        "element: 0 key: x of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have named input: x",
    ),
    "objects, then values": (None, rows({"text": "a"}, "b"), "Expecting object but got list at item 1 of input list"),
    "values, then objects": (None, rows("b", {"text": "a"}), "Expecting value/list but got object at item 1"),
    "ragged rows": ("matrix", rows([1, 2], [3]), "Expecting tensor size: 2 but got: 1"),
    "rows of other shapes": ("matrix", rows([1, 2], [[3, 4]]), "Expecting shape [2] but got: [1,2]"),
    "ragged in a row": (
        "matrix",
        rows([[1, 2], [3]]),
        "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
    ),
    "a list too deep": ("matrix", {"inputs": [1, [2]]}, "Encountered list at unexpected level: 1 expected < 1"),
    "a value not deep enough": (
        "matrix",
        {"inputs": [[1], 2]},
        "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
    ),
    "a plain column for two inputs": ("two", {"inputs": [1]}, "inputs is a plain value/list, but expecting an object"),
    "a column missing": ("two", {"inputs": {"a": [1]}}, "Missing named input: b in 'inputs' object."),
    "a shape that the signature forbids": ("matrix", rows([1, 2, 3]), "wants [?,2]"),
    "a rank that the signature forbids": (None, {"inputs": "a"}, "wants [?]"),
    "a float for a whole number": (
        "two",
        rows({"a": 1, "b": 5.0}),
        "JSON Value: 5.0 Type: Number is not of expected type: int32",
    ),
    "a whole number too large": ("two", rows({"a": 1, "b": 2**31}), "is not of expected type: int32"),
    "a byte too large": (
        "integers",
        {"inputs": {"byte": [256], "short": [1], "long": [1]}},
        "JSON Value: 256 Type: Number is not of expected type: uint8",
    ),
    "a long too large": (
        "integers",
        {"inputs": {"byte": [1], "short": [1], "long": [2**63]}},
        "is not of expected type: int64",
    ),
    "text for a number": ("small", rows("1"), 'JSON Value: "1" Type: String is not of expected type: float'),
    "null for a number": ("small", rows(None), "JSON Value: null Type: Null is not of expected type: float"),
    "truth for a number": ("small", rows(True), "Type: True is not of expected type: float"),
    "a number for truth": ("others", rows({"flag": 1, "wide": 1}), "is not of expected type: bool"),
    "a number for text": (None, rows(1), "JSON Value: 1 Type: Number is not of expected type: string"),
    "bytes for a number": ("small", {"inputs": [{"b64": "YQ=="}]}, "Type: Object is not of expected type: float"),
    "an object for text": (None, {"inputs": [{"b65": "YQ=="}]}, "not formatted correctly for base64 data"),
    "no base64": (None, rows({"b64": "*"}), "Unable to base64 decode"),
    "a scalar output in rows": ("scalar", rows(1), "Tensor name: total has no shape information"),
    "uneven outputs in rows": (
        "uneven",
        rows(1),
        "Tensor name: twice has inconsistent batch size: 2 expecting: 1",
    ),
    "an output in half precision": ("half", rows(1), "Failed to write JSON value for tensor type: half"),
    "what the model refuses": ("small", rows(1, 9), "x is not small"),
    "columns of different lengths": ("two", {"inputs": {"a": [1, 2], "b": [1, 2, 3]}}, "Incompatible shapes"),
}

# The method, the signature, the request, and words of the error, whose status is 400.
EXAMPLES = {
    "no examples for classify": ("classify", None, rows("a"), "When method is classify, key 'examples' is expected"),
    "examples that are no list": ("classify", None, {"examples": 1}, "Expecting 'examples' value to be an list/array"),
    "an empty list of examples": ("regress", None, {"examples": []}, "'examples' value is an empty array"),
    "classify": (
        "classify",
        None,
        {"examples": [{}]},
        "Expected classification signature method_name to be tensorflow/serving/classify. "
        "Was: tensorflow/serving/predict",
    ),
    "regress": ("regress", "two", {"examples": [{}]}, "Expected regression signature method_name to be"),
    "unknown signature": ("classify", "no", {"examples": [{}]}, "No signature was found with the name: no"),
}


def check(answer, status, words):
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json) == ["error"]
    assert words in answer.json["error"]


@pytest.mark.parametrize("case", PATHS)
def test_paths(server, case):
    line, status, words = PATHS[case]
    check(call(server.port, *line.split(" ", 1)), status, words)


@pytest.mark.parametrize("case", TARGETS)
def test_targets(server, case):
    path, status, words = TARGETS[case]
    check(call(server.port, "POST", path, rows("a")), status, words)
    check(call(server.port, "POST", path, b"no"), 400, "JSON Parse error: Invalid value.")


@pytest.mark.parametrize("case", BODIES)
def test_bodies(server, case):
    body, words = BODIES[case]
    check(call(server.port, "POST", PREDICT, body), 400, words)


@pytest.mark.parametrize("case", REQUESTS)
def test_requests(server, case):
    signature, request, words = REQUESTS[case]
    check(call(server.port, "POST", PREDICT, signed(signature, request)), 400, words)


@pytest.mark.parametrize("case", EXAMPLES)
def test_examples(server, case):
    method, signature, request, words = EXAMPLES[case]
    check(call(server.port, "POST", f"{TINY}:{method}", signed(signature, request)), 400, words)


def test_a_body_that_is_too_large(server):
    body = b'{"instances": ["%s"]}' % (b"a" * 100_000)
    check(call(server.port, "POST", PREDICT, body), 413, "larger than 100000 bytes")


def test_a_model_that_takes_too_long(server):
    check(call(server.port, "POST", PREDICT, signed("slow", rows(2**31 - 1))), 504, "")
    assert call(server.port, "POST", PREDICT, signed("slow", rows(3))).json == {"predictions": [3]}
