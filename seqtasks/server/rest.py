"""TF Serving's REST API as an ASGI application."""

import asyncio
import json
import logging
import re
import time
from typing import NamedTuple
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from seqtasks.server.json_answers import write_predictions
from seqtasks.server.json_parsing import parse_json
from seqtasks.server.json_tensors import read_predict_request
from seqtasks.server.monitoring import CONTENT_TYPE
from seqtasks.server.predictor import Predictor, deadline_exceeded
from seqtasks.server.request_body import read_body
from seqtasks.server.rest_models import metadata_json, refuse_examples, status_json
from seqtasks.server.status import ServingError, as_serving_error, invalid

METRICS_PATH = "/monitoring/prometheus/metrics"
_API_PATH = re.compile(r"/v1/", re.IGNORECASE)
_VERSION = r"(?:/versions/(\d+)|/labels/([^/:]+))?"
_PREDICTION_PATH = re.compile(rf"/v1/models/([^/:]+){_VERSION}:(classify|regress|predict)", re.IGNORECASE | re.ASCII)
_MODEL_PATH = re.compile(rf"/v1/models(?:/([^/:]+))?{_VERSION}(?:/(metadata))?", re.IGNORECASE | re.ASCII)
_INLINE_BYTES, _INLINE_VALUES = 32_768, 4_096  # what is converted faster than it is handed to another thread
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}

_logger = logging.getLogger(__name__)


class Target(NamedTuple):
    """What a path stands for.

    Args:
        name: The model.
        version: Its version, if the path names one.
        label: A label of a version, if the path names one.
        method: What is asked for: `"predict"`, `"classify"`, `"regress"`, `"metadata"` or `""` for its state.
    """

    name: str
    version: int | None
    label: str | None
    method: str


class RestApi:
    """Answers `/v1/models/NAME[/versions/V|/labels/L]`, its `/metadata` and `:predict`, and Prometheus.

    Models run on the predictor's threads, and large bodies are converted on others, so that the event loop stays free.

    Args:
        predictor: Runs the requests.
        request_bytes: Size of the largest request.
        cors: Whether browsers may call from other origins.
    """

    def __init__(self, predictor: Predictor, request_bytes: int, cors: bool = False):
        self._predictor, self._request_bytes, self._cors = predictor, request_bytes, cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request of the ASGI protocol."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        path = scope.get("raw_path", scope["path"].encode("utf-8", "surrogateescape")).decode("latin-1")
        if path == METRICS_PATH:
            response = Response(self._predictor.monitoring.page(), media_type=CONTENT_TYPE)
        elif not _API_PATH.match(path):
            response = _error(404, f"Not Found: {request.method} {path}")
        else:
            response = await self._answer(request, path)
        await response(scope, receive, send)

    async def _answer(self, request: Request, path: str) -> Response:
        start, target, code = time.monotonic(), None, "OK"
        try:
            if request.method == "OPTIONS":
                _check_origin(request)
                response = Response()
            else:
                target = parse_path(request.method, path)
                response = Response(await self._content(request, target), media_type="application/json")
        except ServingError as error:
            code, response = error.code, _error(error.http_status, error.message)
            if error.http_status == 408:
                response.headers["connection"] = "close"  # what else comes of that body is not waited for either
        except ClientDisconnect:
            code, response = "CANCELLED", Response(status_code=499)  # nobody reads it
        except Exception as error:
            _logger.exception("%s %s failed", request.method, path[:200])
            failure = as_serving_error(error)
            code, response = failure.code, _error(500, failure.message)
        if self._cors:
            response.headers.update(_CORS)
        name, method = (target.name, target.method) if target else ("", "")
        self._predictor.monitoring.request(name, method, "REST", code, time.monotonic() - start)
        return response

    async def _content(self, request: Request, target: Target) -> bytes:
        manager = self._predictor.manager
        if request.method == "GET":
            if not target.name:
                raise invalid("Missing model name in request.")
            if target.method == "metadata":
                with manager.use(target.name, target.version, target.label) as servable:
                    return metadata_json(servable)
            return status_json(manager.statuses(target.name, target.version, target.label))
        body = await read_body(request, self._request_bytes, self._predictor.timeout)
        try:
            async with asyncio.timeout(self._predictor.timeout):
                return await self._predict(target, body)
        except TimeoutError as error:
            raise deadline_exceeded(self._predictor.timeout) from error

    async def _predict(self, target: Target, body: bytes) -> bytes:
        manager, large = self._predictor.manager, len(body) > _INLINE_BYTES
        document = await _away(large, parse_json, body)
        if target.method != "predict":
            refuse_examples(manager, target, document)
        with manager.use(target.name, target.version, target.label) as servable:
            request = await _away(large, read_predict_request, document, servable.signatures)
            future = self._predictor.submit(servable, request.signature, request.arrays)
            outputs = await asyncio.wrap_future(future)
        large = sum(array.size for array in outputs.values()) > _INLINE_VALUES
        return await _away(large, write_predictions, outputs, request.row_format)


def parse_path(method: str, path: str) -> Target:
    """Returns what a path stands for.

    Args:
        method: The HTTP method.
        path: The path as it was sent, without the query.

    Raises:
        ServingError: INVALID_ARGUMENT if it stands for nothing.
    """
    pattern = {"POST": _PREDICTION_PATH, "GET": _MODEL_PATH}.get(method)
    match = pattern and pattern.fullmatch(path)
    name, version, label, tail = match.groups() if match else (None, None, None, None)
    # As in TF Serving, all of the path may be in capitals but for the method.
    if not match or (method == "POST" and tail not in ("classify", "regress", "predict")):
        raise invalid(f"Malformed request: {method} {path}")
    if version is not None and (len(version.lstrip("0")) > 19 or int(version) >= 2**63):
        raise invalid(f"Failed to convert version: {version} to numeric.")
    return Target(
        unquote(name or ""),
        None if version is None else int(version),
        None if label is None else unquote(label),
        "" if tail is None or (method == "GET" and tail != "metadata") else tail,
    )


async def _away(elsewhere: bool, function, *arguments):
    """Calls a function, on another thread if it may take long."""
    return await asyncio.to_thread(function, *arguments) if elsewhere else function(*arguments)


def _check_origin(request: Request) -> None:
    if not re.search("https?://", request.headers.get("origin", "")):
        raise ServingError("FAILED_PRECONDITION", "Origin header is missing in CORS preflight")


def _error(http_status: int, message: str) -> Response:
    # What was received may hold half of a surrogate pair, which UTF-8 cannot write.
    content = json.dumps({"error": message}, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, http_status, media_type="application/json")
