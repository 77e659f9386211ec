"""Tiny SavedModels, and a server of them."""

import http.client
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest


def save_tiny(folder) -> None:
    """Saves a model with a signature for everything that a server may meet."""
    import tensorflow as tf

    def signature(**specs):
        return tf.function(
            input_signature=[tf.TensorSpec(shape, dtype, name) for name, (shape, dtype) in specs.items()]
        )

    class Tiny(tf.Module):
        @signature(text=([None], tf.string))
        def echo(self, text):
            return {"echoed": tf.identity(text)}

        @signature(a=([None], tf.float32), b=([None], tf.int32))
        def two(self, a, b):
            return {"sum": a + tf.cast(b, tf.float32), "product": a * tf.cast(b, tf.float32)}

        @signature(x=([None, 2], tf.float32))
        def matrix(self, x):
            return {"doubled": 2.0 * x}

        @signature(x=([None], tf.float32))
        def scalar(self, x):
            return {"total": tf.reduce_sum(x)}

        @signature(x=([None], tf.float32))
        def uneven(self, x):
            return {"same": tf.identity(x), "twice": tf.concat([x, x], 0)}

        @signature(byte=([None], tf.uint8), short=([None], tf.int32), long=([None], tf.int64))
        def integers(self, byte, short, long):
            return {"byte": tf.identity(byte), "short": tf.identity(short), "long": tf.identity(long)}

        @signature(flag=([None], tf.bool), wide=([None], tf.float64))
        def others(self, flag, wide):
            return {"flag": tf.logical_not(flag), "wide": tf.identity(wide)}

        @signature(x=([None], tf.float32))
        def small(self, x):
            with tf.control_dependencies([tf.debugging.assert_less(x, 5.0, message="x is not small")]):
                return {"y": x + 1.0}

        @signature(data=([None], tf.string))
        def binary(self, data):
            return {"data_bytes": tf.identity(data), "size": tf.strings.length(data)}

        @signature(rounds=([None], tf.int32))
        def slow(self, rounds):
            done = tf.zeros([], tf.int32)
            while done < tf.reduce_max(rounds):
                done += 1
            return {"done": tf.fill(tf.shape(rounds), done)}

        @signature(x=([None], tf.float32))
        def half(self, x):
            return {"y": tf.cast(x, tf.float16)}

        @signature(text=([None], tf.string))
        def words(self, text):
            return {"words": tf.strings.split(text).to_tensor()}

        @signature(x=([None], tf.float32))
        def not_rows(self, x):
            return {"y": x[1:]}

        @signature()
        def constant(self):
            return {"y": tf.constant([1.0])}

    model = Tiny()
    names = ("two", "matrix", "scalar", "uneven", "integers", "others", "small", "binary", "slow", "half", "words")
    signatures = {name: getattr(model, name) for name in (*names, "not_rows", "constant")}
    tf.saved_model.save(model, str(folder), {"serving_default": model.echo, **signatures})


def save_factor(folder, factor: float) -> None:
    """Saves a model that multiplies."""
    import tensorflow as tf

    model = tf.Module()
    model.factor = tf.Variable(factor)
    model.multiply = tf.function(lambda x: {"y": x * model.factor}, [tf.TensorSpec([None], tf.float32, "x")])
    tf.saved_model.save(model, str(folder), {"serving_default": model.multiply})


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    """The folder of the versions of `tiny`, of which there is one."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_tiny(folder / "1")
    return folder


@pytest.fixture(scope="session")
def factors(tmp_path_factory) -> Path:
    """A folder of SavedModels that multiply by 1, 2 and 3, by their names."""
    folder = tmp_path_factory.mktemp("factors")
    for factor in (1, 2, 3):
        save_factor(folder / str(factor), float(factor))
    return folder


@pytest.fixture
def publish(factors, tmp_path):
    """Makes a version of the model `factor`, whole from the first moment on; its folder is `publish.base`."""
    base = tmp_path / "factor"
    base.mkdir()

    def copy(version: int | str, factor: int = 1) -> Path:
        temporary = base / ".copying"
        shutil.copytree(factors / str(factor), temporary)
        return temporary.rename(base / str(version))

    copy.base = base
    return copy


@pytest.fixture(scope="session")
def tiny(tiny_folder):
    """`tiny`'s version 1, loaded."""
    from seqtasks.server.servable import Servable

    servable = Servable("tiny", 1, tiny_folder / "1")
    yield servable
    servable.close()


@pytest.fixture(scope="package")
def server(tiny_folder, factors):
    """A server of `tiny`, and of `factor` with versions 1 and 2, on a free port."""
    from seqtasks.server.embedded import EmbeddedServer
    from seqtasks.server.models import ModelSpec

    labels = {"stable": 1, "canary": 2, "gone": 9}
    specs = [ModelSpec("tiny", tiny_folder), ModelSpec("factor", factors, versions=(1, 2), labels=labels)]
    with EmbeddedServer(specs, rest_port=0, grpc_port=None, request_bytes=100_000, timeout_seconds=2.0) as running:
        yield running


def call(port: int, method: str, path: str, body=None, headers=None) -> SimpleNamespace:
    """Sends a request over a connection of its own; `json` of the answer is None where it is no JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        if not isinstance(body, (bytes, str, type(None))):
            body = json.dumps(body)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    is_json = response.getheader("content-type") == "application/json" and content
    return SimpleNamespace(
        status=response.status,
        headers=dict(response.getheaders()),
        content=content,
        json=json.loads(content) if is_json else None,
    )
