"""The requests that TF Serving runs before it calls a version of a model available.

Without them the first clients wait while TensorFlow optimizes each signature's graph. The file is a TFRecord of
`PredictionLog` messages. They are written field by field, so that an export needs no package of TF Serving's:

    PredictionLog { predict_log = 6: PredictLog { request = 1: PredictRequest {
        model_spec = 1: ModelSpec { name = 1, signature_name = 3 }
        inputs = 2: map<string, TensorProto> } } }
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

from seqtasks.errors import SeqtasksError
from seqtasks.serving.rows import encoded

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
BATCH_SIZES = (1, 4, 16, 32)
MAX_RECORDS = 1000  # TF Serving does not load a model that has more
MAX_RECORD_BYTES = 4 * 2**20  # sounds and clips: a large batch of them would make the file larger than the model


def write_warmup(folder, task_name: str, requests, signatures) -> int:
    """Writes `assets.extra/tf_serving_warmup_requests`.

    Each request becomes one record for each of `BATCH_SIZES`, its rows repeated in turn. Batches beyond
    `MAX_RECORD_BYTES` are left out, except those of one row.

    Args:
        folder: Folder of the SavedModel.
        task_name: The name under which it is served.
        requests: Pairs of a signature's name and its arguments by name, each a nested list or an array whose first
            axis is the rows. Their lengths are the lengths that are warmed up. Requests without rows are left out.
        signatures: `tf.function`s with an input signature, by signature name.

    Returns:
        The number of records.

    Raises:
        SeqtasksError: If they are too many for TF Serving.
    """
    records = []
    for name, arguments in requests:
        specs = signatures[name].input_signature
        if set(arguments) != {spec.name for spec in specs}:
            known = ", ".join(spec.name for spec in specs)
            raise SeqtasksError(f"signature {name!r} takes {known}. Received: {', '.join(arguments)}")
        rows = {spec.name: _array(arguments[spec.name], spec) for spec in specs}
        if all(map(len, rows.values())):
            records += _batches(task_name, name, rows)
    records = list(dict.fromkeys(records))
    if len(records) > MAX_RECORDS:
        raise SeqtasksError(
            f"{len(records)} warm-up records: TF Serving reads {MAX_RECORDS} at most. Give fewer requests."
        )
    path = Path(folder) / WARMUP_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return len(records)


def _batches(model: str, signature: str, rows: dict[str, np.ndarray]) -> list[bytes]:
    repeated = (
        {name: array[np.arange(size) % len(array)] for name, array in rows.items()} for size in sorted(BATCH_SIZES)
    )
    first, *larger = (_prediction_log(model, signature, arrays) for arrays in repeated)
    return [first, *(record for record in larger if len(record) <= MAX_RECORD_BYTES)]


def _array(value, spec: tf.TensorSpec) -> np.ndarray:
    if spec.dtype == tf.string:
        array = np.array(value, dtype=object)
        flat = [encoded(item) if isinstance(item, str) else item for item in array.ravel()]
        array = np.array([*flat, None], dtype=object)[:-1].reshape(array.shape)
    else:
        array = np.array(value, dtype=spec.dtype.as_numpy_dtype)
    if len(array) and not spec.shape.is_compatible_with(array.shape):
        raise SeqtasksError(f"argument {spec.name!r} has the shape {spec.shape}. Received: {array.shape}")
    return array


def _prediction_log(model: str, signature: str, inputs: dict[str, np.ndarray]) -> bytes:
    request = _field(1, _field(1, model.encode()) + _field(3, signature.encode()))
    for name in sorted(inputs):
        tensor = tf.make_tensor_proto(inputs[name]).SerializeToString(deterministic=True)
        request += _field(2, _field(1, name.encode()) + _field(2, tensor))
    return _field(6, _field(1, request))


def _field(number: int, payload: bytes) -> bytes:
    """Returns a length-delimited field of a protocol buffer message."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    data = b""
    while value > 0x7F:
        data += bytes([value & 0x7F | 0x80])
        value >>= 7
    return data + bytes([value])
