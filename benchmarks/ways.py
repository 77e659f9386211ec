"""The ways to call an export that are measured.

Each is a context manager that loads contenders and gives a function of a contender and a request's arguments by name
(arrays; those that its signature does not take are left out). It returns what runs one turn for some seconds.
"""

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
        server = EmbeddedServer(specs, rest_port=0, grpc_port=None)
        server.start()

        def prepare(contender, arrays):
            inputs = {name: _plain(array.tolist()) for name, array in arrays.items()}
            body = json.dumps({"signature_name": contender.signature, "inputs": inputs})
            path = f"/v1/models/{names[contender.name]}:predict"
            return lambda seconds: run_clients(server.port, path, body, clients, seconds)

        try:
            yield prepare
        finally:
            server.stop()

    return way


def _plain(value):
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.decode() if isinstance(value, bytes) else value
