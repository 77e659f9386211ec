"""The ways to call an export that are measured.

Each is a context manager that loads contenders and gives a function of a contender and a request's arguments by name
(arrays; those that its signature does not take are left out). It returns what runs one turn for some seconds.
"""

import base64
import contextlib
import json
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf
from seqtasks.benchmarks import latency
from seqtasks.benchmarks.contenders import Contender
from seqtasks.benchmarks.rest_clients import run_clients

Prepare = Callable[[Contender, dict[str, np.ndarray]], Callable[[float], latency.Turn]]


@contextlib.contextmanager
def in_process(contenders: list[Contender]) -> Iterator[Prepare]:
    """Calls the signatures of what `tf.saved_model.load` returns."""
    loaded = {contender.name: tf.saved_model.load(str(contender.folder)) for contender in contenders}

    def prepare(contender, arrays):
        signature = loaded[contender.name].signatures[contender.signature]
        specs = signature.structured_input_signature[1]
        tensors = {name: tf.constant(arrays[name], spec.dtype) for name, spec in specs.items()}
        return lambda seconds: latency.timed(lambda: signature(**tensors), seconds)

    yield prepare


@contextlib.contextmanager
def in_session(contenders: list[Contender]) -> Iterator[Prepare]:
    """Runs them in sessions, as TF Serving does; arrays go in and come out."""
    from seqtasks.server.servable import Servable

    with contextlib.ExitStack() as stack:
        loaded = {}
        for contender in contenders:
            servable = Servable(contender.name, int(contender.folder.name), contender.folder)
            loaded[contender.name] = stack.enter_context(contextlib.closing(servable))

        def prepare(contender, arrays):
            servable = loaded[contender.name]
            given = {name: arrays[name] for name in servable.signature(contender.signature).inputs}
            return lambda seconds: latency.timed(lambda: servable.run(contender.signature, given), seconds)

        yield prepare


def through_server(clients: int):
    """Returns the way through the embedded server's REST API, asked by several clients at the same time."""

    @contextlib.contextmanager
    def way(contenders: list[Contender]) -> Iterator[Prepare]:
        from seqtasks.server.embedded import EmbeddedServer
        from seqtasks.server.models import ModelSpec

        names = {contender.name: contender.name.replace(" ", "_") for contender in contenders}
        specs = [ModelSpec(names[c.name], c.folder.parent, versions=(int(c.folder.name),)) for c in contenders]
        with EmbeddedServer(specs, rest_port=0, grpc_port=None) as server:

            def prepare(contender, arrays):
                inputs = {name: _json(array.tolist()) for name, array in arrays.items()}
                body = json.dumps({"signature_name": contender.signature, "inputs": inputs})
                path = f"/v1/models/{names[contender.name]}:predict"
                return lambda seconds: run_clients(server.port, path, body, clients, seconds)

            yield prepare

    return way


def _json(value):
    if isinstance(value, list):
        return [_json(item) for item in value]
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}
