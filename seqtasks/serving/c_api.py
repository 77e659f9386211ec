"""Runs a SavedModel through TensorFlow's C API, with no TensorFlow in Python.

    python c_api.py MODEL_DIR SIGNATURE < lines

Every line is one row of the signature's only input, a string; where that input has a time axis, the
line is split at white space. Written is one JSON object a row. With `--json`, standard input is
one JSON object of nested lists by input name, and so is standard output. Bytes that are no UTF-8
go in and come out as surrogate escapes.

This is how a C, Go or Rust program meets an export: the same loader as TF Serving's, and nothing of
Python's `tensorflow` package but its shared library. The file imports ctypes and numpy only, so it
can be run from anywhere by its path.
"""

import ctypes
import importlib.util
import json
import os
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

import numpy as np

_STRING = 7
_TSTRING_BYTES = 24
_NUMPY_TYPES = {1: np.float32, 2: np.float64, 3: np.int32, 4: np.uint8, 6: np.int8, 9: np.int64, 10: np.bool_}


class _Buffer(ctypes.Structure):
    _fields_ = (("data", c_void_p), ("length", c_size_t), ("deallocator", c_void_p))


class _Output(ctypes.Structure):
    _fields_ = (("operation", c_void_p), ("index", c_int))


_PROTOTYPES = {
    "TF_NewStatus": (c_void_p,),
    "TF_DeleteStatus": (None, c_void_p),
    "TF_GetCode": (c_int, c_void_p),
    "TF_Message": (c_char_p, c_void_p),
    "TF_NewGraph": (c_void_p,),
    "TF_NewSessionOptions": (c_void_p,),
    "TF_LoadSessionFromSavedModel": (
        c_void_p, c_void_p, c_void_p, c_char_p, POINTER(c_char_p), c_int, c_void_p, POINTER(_Buffer), c_void_p,
    ),
    "TF_GraphOperationByName": (c_void_p, c_void_p, c_char_p),
    "TF_SessionRun": (
        None, c_void_p, c_void_p, POINTER(_Output), POINTER(c_void_p), c_int, POINTER(_Output), POINTER(c_void_p),
        c_int, c_void_p, c_int, c_void_p, c_void_p,
    ),
    "TF_AllocateTensor": (c_void_p, c_int, POINTER(c_int64), c_int, c_size_t),
    "TF_DeleteTensor": (None, c_void_p),
    "TF_TensorData": (c_void_p, c_void_p),
    "TF_TensorType": (c_int, c_void_p),
    "TF_TensorByteSize": (c_size_t, c_void_p),
    "TF_NumDims": (c_int, c_void_p),
    "TF_Dim": (c_int64, c_void_p, c_int),
    "TF_StringInit": (None, c_void_p),
    "TF_StringCopy": (None, c_void_p, c_char_p, c_size_t),
    "TF_StringGetDataPointer": (c_void_p, c_void_p),
    "TF_StringGetSize": (c_size_t, c_void_p),
    "TF_StringDealloc": (None, c_void_p),
}  # fmt: skip


class SavedModel:
    """A SavedModel loaded through the C API.

    Args:
        path: Folder of the SavedModel.
        library_folder: Folder of `libtensorflow_cc`; by default the installed wheel's.

    Raises:
        RuntimeError: If the library is missing or the model does not load.
    """

    def __init__(self, path, library_folder=None):
        self._c = _functions(_library_folder() if library_folder is None else Path(library_folder))
        self._graph = self._c.TF_NewGraph()
        meta_graph, tags = _Buffer(), (c_char_p * 1)(b"serve")
        options = self._c.TF_NewSessionOptions()
        self._session = self._checked(
            self._c.TF_LoadSessionFromSavedModel,
            *(options, None, os.fsencode(path), tags, 1, self._graph, byref(meta_graph)),
        )
        self._signatures = _read_signatures(ctypes.string_at(meta_graph.data, meta_graph.length))

    def run(self, signature: str, **inputs) -> dict[str, np.ndarray]:
        """Runs one signature.

        Args:
            signature: Its name.
            **inputs: Arrays or nested lists by argument name; strings are `bytes` or `str`.

        Returns:
            Arrays by output name; strings are object arrays of `bytes`.

        Raises:
            RuntimeError: For an unknown signature or argument, or if TensorFlow fails.
        """
        arguments, results = self._arguments(signature)
        if set(inputs) != set(arguments):
            raise RuntimeError(f"signature {signature!r} takes {sorted(arguments)}. Received: {sorted(inputs)}")
        names, outputs = sorted(arguments), sorted(results)
        feeds = (_Output * len(names))(*[self._output(arguments[name]["tensor"]) for name in names])
        fetches = (_Output * len(outputs))(*[self._output(results[name]["tensor"]) for name in outputs])
        fed = (c_void_p * len(names))(*[self._to_tensor(inputs[name], **arguments[name]) for name in names])
        fetched = (c_void_p * len(outputs))()
        try:
            self._checked(
                self._c.TF_SessionRun,
                *(self._session, None, feeds, fed, len(names), fetches, fetched, len(outputs), None, 0, None),
            )
            return {name: self._to_array(tensor) for name, tensor in zip(outputs, fetched, strict=True)}
        finally:  # outputs may share the inputs' memory: everything is freed at the end
            for tensor in filter(None, fetched):
                self._c.TF_DeleteTensor(tensor)
            for tensor in fed:
                self._delete_input(tensor)

    def input_ranks(self, signature: str) -> dict[str, int]:
        """Returns the number of axes of each argument of a signature."""
        return {name: len(argument["shape"]) for name, argument in self._arguments(signature)[0].items()}

    def _arguments(self, signature: str) -> tuple[dict, dict]:
        if signature not in self._signatures:
            raise RuntimeError(f"no signature {signature!r}. Known: {', '.join(self._signatures)}.")
        return self._signatures[signature]

    def _checked(self, function, *arguments):
        status = self._c.TF_NewStatus()
        try:
            result = function(*arguments, status)
            if self._c.TF_GetCode(status):
                raise RuntimeError(self._c.TF_Message(status).decode(errors="replace"))
            return result
        finally:
            self._c.TF_DeleteStatus(status)

    def _output(self, tensor: str) -> _Output:
        operation, _, index = tensor.partition(":")
        return _Output(self._c.TF_GraphOperationByName(self._graph, operation.encode()), int(index))

    def _to_tensor(self, value, tensor: str, type: int, shape: list[int]):
        dtype = object if type == _STRING else _NUMPY_TYPES[type]
        array = np.ascontiguousarray(np.array(value, dtype=dtype))
        if array.ndim < len(shape) and not array.size:  # an empty nested list says nothing of its inner axes
            array = array.reshape([*array.shape, *(max(size, 0) for size in shape[array.ndim :])])
        shape = (c_int64 * max(array.ndim, 1))(*array.shape)
        size = array.size * _TSTRING_BYTES if type == _STRING else array.nbytes
        handle = self._c.TF_AllocateTensor(type, shape, array.ndim, size)
        data = self._c.TF_TensorData(handle)
        if type != _STRING:
            ctypes.memmove(data, array.ctypes.data, array.nbytes)
            return handle
        for i, text in enumerate(array.ravel()):
            text = text.encode(errors="surrogateescape") if isinstance(text, str) else text
            self._c.TF_StringInit(data + i * _TSTRING_BYTES)
            self._c.TF_StringCopy(data + i * _TSTRING_BYTES, text, len(text))
        return handle

    def _to_array(self, tensor) -> np.ndarray:
        shape = [self._c.TF_Dim(tensor, axis) for axis in range(self._c.TF_NumDims(tensor))]
        type, data = self._c.TF_TensorType(tensor), self._c.TF_TensorData(tensor)
        if type != _STRING:
            raw = ctypes.string_at(data, self._c.TF_TensorByteSize(tensor)) if 0 not in shape else b""
            return np.frombuffer(raw, _NUMPY_TYPES[type]).reshape(shape).copy()
        array = np.empty(int(np.prod(shape)), dtype=object)
        for i in range(array.size):
            string = data + i * _TSTRING_BYTES
            array[i] = ctypes.string_at(self._c.TF_StringGetDataPointer(string), self._c.TF_StringGetSize(string))
        return array.reshape(shape)

    def _delete_input(self, tensor) -> None:
        if self._c.TF_TensorType(tensor) == _STRING:
            data = self._c.TF_TensorData(tensor)
            for i in range(self._c.TF_TensorByteSize(tensor) // _TSTRING_BYTES):
                self._c.TF_StringDealloc(data + i * _TSTRING_BYTES)
        self._c.TF_DeleteTensor(tensor)


def _library_folder() -> Path:
    spec = importlib.util.find_spec("tensorflow")  # finds the wheel's folder without importing it
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("no tensorflow wheel is installed; pass the folder of libtensorflow_cc")
    return Path(spec.submodule_search_locations[0])


def _functions(folder: Path):
    library = None
    for name in ("libtensorflow_framework", "libtensorflow_cc"):  # the second needs the first's symbols
        found = sorted(file for file in folder.glob(f"{name}.*") if ".so" in file.name or ".dylib" in file.name)
        if not found:
            raise RuntimeError(f"{folder}: no {name} shared library")
        library = ctypes.CDLL(str(found[0]), mode=ctypes.RTLD_GLOBAL)
    for name, (result, *arguments) in _PROTOTYPES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _read_signatures(meta_graph: bytes) -> dict:
    """Returns `(inputs, outputs)` by signature, read from a serialized MetaGraphDef."""
    signatures = {}
    for entry in _message(meta_graph).get(5, []):  # signature_def
        entry = _message(entry)
        definition = _message(entry[2][0])
        name = entry[1][0].decode()
        if not name.startswith("__"):
            signatures[name] = tuple(dict(map(_read_argument, definition.get(part, []))) for part in (1, 2))
    return signatures


def _read_argument(entry: bytes) -> tuple[str, dict]:
    entry = _message(entry)
    info = _message(entry[2][0])
    sizes = [_message(axis).get(1, [0])[0] for axis in _message(info[3][0]).get(2, [])] if 3 in info else []
    # An axis of any size has the size -1, which is written as 64 bits without a sign.
    shape = [size if size < 2**63 else -1 for size in sizes]
    return entry[1][0].decode(), {"tensor": info[1][0].decode(), "type": info[2][0], "shape": shape}


def _message(data: bytes) -> dict[int, list]:
    """Splits a protocol buffer message into its fields by number."""
    fields, position = {}, 0
    while position < len(data):
        key, position = _varint(data, position)
        kind = key & 7
        if kind == 0:
            value, position = _varint(data, position)
        else:
            size = {1: 8, 5: 4}.get(kind)
            if size is None:
                size, position = _varint(data, position)
            value, position = data[position : position + size], position + size
        fields.setdefault(key >> 3, []).append(value)
    return fields


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position


def _plain(value):
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else value


def main(arguments: list[str]) -> None:
    """Runs the command line that the module's docstring describes."""
    as_json = "--json" in arguments
    path, signature = [argument for argument in arguments if argument != "--json"]
    model = SavedModel(path)
    if as_json:
        result = model.run(signature, **json.load(sys.stdin))
        print(json.dumps({name: _plain(array.tolist()) for name, array in result.items()}))
        return
    rows = [line.rstrip(b"\r\n") for line in sys.stdin.buffer]
    ((name, rank),) = model.input_ranks(signature).items()
    if rank == 2:
        rows = [row.split() for row in rows]
        width = max(map(len, rows), default=0)
        rows = [row + [b""] * (width - len(row)) for row in rows]
    result = {name: _plain(array.tolist()) for name, array in model.run(signature, **{name: rows}).items()}
    for values in zip(*result.values(), strict=True):
        print(json.dumps(dict(zip(result, values, strict=True))))


if __name__ == "__main__":
    main(sys.argv[1:])
