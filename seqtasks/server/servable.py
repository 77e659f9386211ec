"""One version of a model, loaded and ready to run."""

import contextlib
import copy
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, saved_model_pb2

from seqtasks.server.status import ServingError, as_serving_error, invalid

DEFAULT_SIGNATURE = "serving_default"
_INIT_SIGNATURE = "__saved_model_init_op"
_TAG = "serve"


@dataclass(frozen=True)
class TensorInfo:
    """What a signature says about one of its tensors.

    Args:
        dtype: Its type.
        shape: Its shape, -1 where an axis may have any length; `None` if its rank is unknown.
        tensor_name: Its name in the graph.
    """

    dtype: tf.DType
    shape: tuple[int, ...] | None
    tensor_name: str

    def describes(self, shape: tuple[int, ...]) -> bool:
        """Returns whether a tensor may have a shape."""
        if self.shape is None:
            return True
        pairs = zip(self.shape, shape, strict=False)
        return len(shape) == len(self.shape) and all(mine in (-1, theirs) for mine, theirs in pairs)


@dataclass(frozen=True)
class Signature:
    """A signature of a SavedModel.

    Args:
        inputs: Its inputs by name, names sorted.
        outputs: Its outputs by name, names sorted.
        method_name: Its method, such as `"tensorflow/serving/predict"`.
        defaults: Values of inputs that may be left out.
    """

    inputs: dict[str, TensorInfo]
    outputs: dict[str, TensorInfo]
    method_name: str
    defaults: dict[str, np.ndarray] = field(default_factory=dict)


class Servable:
    """A version of a model, loaded from its SavedModel.

    The graph runs in a session, as in TF Serving: a call costs a seventh of one through `tf.saved_model.load`, it
    can be stopped when its time is over, and closing the session gives its memory back.

    Args:
        name: The model's name.
        version: The version's number.
        path: The version's folder.
        timeout_seconds: How long a run may take; `None` for any time.

    Raises:
        Exception: Whatever TensorFlow raises for a folder that holds no model it can load.
    """

    def __init__(self, name: str, version: int, path, timeout_seconds: float | None = None):
        self.name, self.version, self.path = name, version, Path(path)
        self.signature_defs = _read_signature_defs(self.path)
        protos = {key: proto for key, proto in self.signature_defs.items() if key != _INIT_SIGNATURE}
        self.signatures = {key: _signature(proto) for key, proto in protos.items()}
        self.unbatchable: set[str] = set()  # signatures found out not to answer row by row
        self._timeout = timeout_seconds
        self._callables, self._lock = {}, threading.Lock()
        options = config_pb2.ConfigProto(allow_soft_placement=True)
        options.gpu_options.allow_growth = True
        self._session = tf.compat.v1.Session(graph=tf.Graph(), config=options)
        try:
            with self._session.graph.as_default():
                tf.compat.v1.saved_model.load(self._session, [_TAG], str(self.path))
            self._session.graph.finalize()
        except BaseException:
            self._session.close()
            raise

    def signature(self, name: str | None) -> Signature:
        """Returns a signature; the default one for an empty name.

        Raises:
            ServingError: If there is none of that name.
        """
        name = name or DEFAULT_SIGNATURE
        if name not in self.signatures:
            raise ServingError("FAILED_PRECONDITION", f'Serving signature key "{name}" not found.')
        return self.signatures[name]

    def prepare(self, signature: str | None, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Checks arguments against a signature and fills in what it has defaults for.

        Args:
            signature: The signature's name; `serving_default` if it is empty.
            arrays: Arguments by input name; strings are object arrays of `bytes`.

        Returns:
            Every input's array, in the signature's order.

        Raises:
            ServingError: If an input is missing, unknown, of another type or of another shape.
        """
        wanted = self.signature(signature)
        missing = wanted.inputs.keys() - arrays.keys() - wanted.defaults.keys()
        extra = arrays.keys() - wanted.inputs.keys()
        if missing or extra:
            raise invalid(
                f"input size does not match signature: {len(arrays)}!={len(wanted.inputs)} len({_set(arrays)}) != "
                f"len({_set(wanted.inputs)}). Sent extra: {_set(extra)}. Missing but required: {_set(missing)}."
            )
        full = {name: arrays[name] if name in arrays else wanted.defaults[name] for name in wanted.inputs}
        for index, (name, info) in enumerate(wanted.inputs.items()):
            _check(index, name, info, full[name])
        return full

    def run(self, signature: str | None, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a signature.

        Args:
            signature: The signature's name; `serving_default` if it is empty.
            arrays: Arguments by input name; strings are object arrays of `bytes`.

        Returns:
            Arrays by output name, names sorted.

        Raises:
            ServingError: If the arguments do not fit, or the model fails.
        """
        return self.run_prepared(signature, self.prepare(signature, arrays))

    def run_prepared(self, signature: str | None, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a signature on what `prepare` returned."""
        name = signature or DEFAULT_SIGNATURE
        try:
            call, order = self._callable(name)
            values = call(*arrays.values())
        except Exception as error:
            raise as_serving_error(error) from error
        return {output: _array(values[place]) for output, place in order.items()}

    def warm_up(self, signatures=None) -> None:
        """Makes signatures ready, which takes seconds that a first request would wait for.

        Args:
            signatures: Their names; all of them by default.
        """
        for name in self.signatures if signatures is None else signatures:
            arguments = {key: _blank(info) for key, info in self.signatures[name].inputs.items()}
            with contextlib.suppress(ServingError):  # a blank row may be refused: the graph is ready all the same
                self.run_prepared(name, arguments)

    def close(self) -> None:
        """Gives the model's memory back."""
        with self._lock:
            self._callables.clear()
            self._session.close()

    def _callable(self, name: str):
        """Returns what runs a signature, and the place of each output in what it returns."""
        made = self._callables.get(name)
        if made is None:
            with self._lock:
                made = self._callables.get(name) or self._make_callable(self.signatures[name])
                self._callables[name] = made
        return made

    def _make_callable(self, signature: Signature):
        fetches = sorted({info.tensor_name for info in signature.outputs.values()})
        options = config_pb2.CallableOptions(
            feed=[info.tensor_name for info in signature.inputs.values()], fetch=fetches
        )
        if self._timeout:
            options.run_options.timeout_in_ms = max(round(self._timeout * 1000), 1)
        # What the public `make_callable` returns takes five times as long a call.
        call = self._session._make_callable_from_options(options)
        return call, {name: fetches.index(info.tensor_name) for name, info in signature.outputs.items()}


def dtype_name(dtype: tf.DType) -> str:
    """Returns a type's name as TF Serving writes it: `float`, not `float32`."""
    return {"float32": "float", "float64": "double", "float16": "half"}.get(dtype.name, dtype.name)


def _set(names) -> str:
    return "{" + ",".join(sorted(names)) + "}"


def _check(index: int, name: str, info: TensorInfo, array: np.ndarray) -> None:
    received = tf.string if array.dtype.kind == "O" else tf.as_dtype(array.dtype)
    if received != info.dtype:
        types = f"{dtype_name(info.dtype)} but {dtype_name(received)}"
        raise invalid(f"Expects arg[{index}] to be {types} is provided: input {name!r}")
    if not info.describes(array.shape):
        wanted = ["?" if size == -1 else size for size in info.shape]
        raise invalid(f"input {name!r} has shape {_shape(array.shape)}, and the signature wants {_shape(wanted)}")


def _shape(sizes) -> str:
    return "[" + ",".join(map(str, sizes)) + "]"


def _array(value) -> np.ndarray:
    """Returns an output as an array; scalars come out of a session as plain values."""
    return np.array(value, dtype=object) if isinstance(value, bytes) else np.asarray(value)


def _blank(info: TensorInfo) -> np.ndarray:
    shape = tuple(1 if size == -1 else size for size in info.shape or ())
    return np.full(shape, b"", object) if info.dtype == tf.string else np.zeros(shape, info.dtype.as_numpy_dtype)


def _read_signature_defs(path: Path) -> dict:
    saved_model = saved_model_pb2.SavedModel()
    saved_model.ParseFromString((path / "saved_model.pb").read_bytes())
    for graph in saved_model.meta_graphs:
        if _TAG in graph.meta_info_def.tags:
            # Copies: a part of a message keeps the whole of it in memory.
            return {name: copy.deepcopy(graph.signature_def[name]) for name in sorted(graph.signature_def)}
    raise ServingError("NOT_FOUND", f"{path}: the SavedModel holds no graph with the tag {_TAG!r}")


def _signature(proto) -> Signature:
    defaults = {name: tf.make_ndarray(value) for name, value in proto.defaults.items()}
    return Signature(_infos(proto.inputs), _infos(proto.outputs), proto.method_name, defaults)


def _infos(protos) -> dict[str, TensorInfo]:
    return {name: _info(protos[name]) for name in sorted(protos)}


def _info(proto) -> TensorInfo:
    shape = None if proto.tensor_shape.unknown_rank else tuple(dim.size for dim in proto.tensor_shape.dim)
    return TensorInfo(tf.as_dtype(proto.dtype), shape, proto.name)
