import numpy as np
import pytest

from seqtasks.errors import SeqtasksError

from .standin import TEXTS

BATCH_SIZES = (1, 4, 16, 32)


@pytest.fixture(scope="module")
def requests(module):
    """Requests of every signature of the stand-in models: short and long texts, one alone, and none."""
    batches = (list(TEXTS), ["one alone"], [])
    made = []
    for name, function in module.signatures.items():
        (spec,) = function.input_signature
        made += [(name, {spec.name: batch if spec.shape.rank == 1 else split(batch)}) for batch in batches]
    return made


def split(texts):
    rows = [text.split() for text in texts]
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def fields(data):
    """Yields the fields of a protocol buffer message: number, value, both as the wire format has them."""
    position = 0

    def varint():
        nonlocal position
        value = shift = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(data):
        key = varint()
        assert key & 7 == 2, "every field of these messages has a length"
        size = varint()
        yield key >> 3, data[position : position + size]
        position += size
    assert position == len(data)


def parsed(record):
    """Returns model, signature and arrays of a record, read by hand."""
    import tensorflow as tf
    from tensorflow.core.framework import tensor_pb2

    ((number, predict_log),) = fields(record)
    assert number == 6
    ((number, request),) = fields(predict_log)
    assert number == 1
    (number, spec), *inputs = fields(request)
    assert number == 1
    assert {number for number, _ in inputs} == {2}
    (one, model), (three, signature) = fields(spec)
    assert (one, three) == (1, 3)
    arrays = {}
    for _, entry in inputs:
        (one, name), (two, tensor) = fields(entry)
        assert (one, two) == (1, 2)
        arrays[name.decode()] = tf.make_ndarray(tensor_pb2.TensorProto.FromString(tensor))
    return model.decode(), signature.decode(), arrays


def records(folder):
    import tensorflow as tf

    path = folder / "assets.extra" / "tf_serving_warmup_requests"
    return [record.numpy() for record in tf.data.TFRecordDataset(str(path))]


def test_records_are_predict_requests_at_every_batch_size(tmp_path, requests, module):
    from seqtasks.serving.warmup import write_warmup

    count = write_warmup(tmp_path, "ner", requests, module.signatures)
    found = [parsed(record) for record in records(tmp_path)]
    assert count == len(found) == 2 * len(BATCH_SIZES) * len(module.signatures)
    assert {model for model, _, _ in found} == {"ner"}
    for name, function in module.signatures.items():
        (spec,) = function.input_signature
        mine = [arrays for _, signature, arrays in found if signature == name]
        assert {tuple(arrays) for arrays in mine} == {(spec.name,)}
        assert [len(arrays[spec.name]) for arrays in mine] == [*BATCH_SIZES, *BATCH_SIZES]


def test_rows_are_repeated_in_turn_and_bytes_stay_bytes(tmp_path):
    import tensorflow as tf

    from seqtasks.serving.warmup import write_warmup

    function = tf.function(
        lambda a, n: {"y": n},
        input_signature=[tf.TensorSpec([None, None], tf.string, name="a"), tf.TensorSpec([None], tf.int32, name="n")],
    )
    rows = [["Zoë", b"\xff\x00"], ["", "\udcfe"], ["x", "y"]]
    write_warmup(tmp_path, "m", [("s", {"n": [7, -1, 0], "a": rows})], {"s": function})
    _, _, arrays = parsed(records(tmp_path)[1])
    expected = [["Zoë".encode(), b"\xff\x00"], [b"", b"\xfe"], [b"x", b"y"]]
    assert arrays["a"].tolist() == [*expected, expected[0]]
    assert arrays["n"].tolist() == [7, -1, 0, 7]
    assert arrays["n"].dtype == np.int32


def test_every_record_runs_in_the_saved_model(tmp_path, requests, module, loaded):
    import tensorflow as tf

    from seqtasks.serving.export import save
    from seqtasks.serving.warmup import write_warmup

    save(loaded, tmp_path, verified=False)
    write_warmup(tmp_path, "ner", requests, module.signatures)
    signatures = tf.saved_model.load(str(tmp_path)).signatures
    for _, signature, arrays in map(parsed, records(tmp_path)):
        outputs = signatures[signature](**{name: tf.constant(array, tf.string) for name, array in arrays.items()})
        sizes = {len(value) for value in outputs.values()}
        assert sizes == {len(next(iter(arrays.values())))}


def test_published_messages_read_the_same(tmp_path, requests, module):
    pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is not installed")
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    from seqtasks.serving.warmup import write_warmup

    write_warmup(tmp_path, "ner", requests, module.signatures)
    for record in records(tmp_path):
        message = prediction_log_pb2.PredictionLog.FromString(record)
        assert message.WhichOneof("log_type") == "predict_log"
        request = message.predict_log.request
        model, signature, arrays = parsed(record)
        assert (request.model_spec.name, request.model_spec.signature_name) == (model, signature)
        assert {name: tf.make_ndarray(tensor).tolist() for name, tensor in request.inputs.items()} == {
            name: array.tolist() for name, array in arrays.items()
        }
        assert message.SerializeToString(deterministic=True) == record


def test_batching_servers_take_every_batch():
    from seqtasks.serving.batching_parameters import MAX_BATCH_SIZE

    assert max(BATCH_SIZES) <= MAX_BATCH_SIZE


@pytest.mark.parametrize(
    ("dtype", "row"), [("float32", np.linspace(-1, 1, 500_000)), ("uint8", np.zeros((9, 300, 300, 1), np.uint8))]
)
def test_large_batches_of_sounds_and_clips_are_left_out(tmp_path, dtype, row):
    import tensorflow as tf

    from seqtasks.serving.warmup import MAX_RECORD_BYTES, write_warmup

    spec = tf.TensorSpec([None] * (row.ndim + 1), tf.as_dtype(dtype), name="x")
    function = tf.function(lambda x: {"y": x}, input_signature=[spec])
    write_warmup(tmp_path, "m", [("s", {"x": row[None]})], {"s": function})
    found = records(tmp_path)
    assert all(len(record) <= MAX_RECORD_BYTES for record in found)
    ((_, _, arrays),) = map(parsed, found[:1])
    assert arrays["x"].dtype == dtype
    np.testing.assert_allclose(arrays["x"], row[None], rtol=1e-6)
    assert len(found) == (1 if dtype == "float32" else 2)


def test_more_than_tf_serving_reads_is_refused(tmp_path):
    import tensorflow as tf

    from seqtasks.serving.warmup import write_warmup

    function = tf.function(lambda x: {"y": x}, input_signature=[tf.TensorSpec([None], tf.string, name="x")])
    fitting = [("s", {"x": [str(n)]}) for n in range(250)]
    assert write_warmup(tmp_path, "m", fitting, {"s": function}) == 1000
    with pytest.raises(SeqtasksError, match="1004 warm-up records: TF Serving reads 1000 at most"):
        write_warmup(tmp_path, "m", [*fitting, ("s", {"x": ["one more"]})], {"s": function})
    assert len(records(tmp_path)) == 1000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"z": ["a"]}, "takes x. Received: z"), ({"x": [["a"]]}, r"has the shape \(None,\). Received: \(1, 1\)")],
)
def test_arguments_that_do_not_fit_are_refused(tmp_path, arguments, message):
    import tensorflow as tf

    from seqtasks.serving.warmup import write_warmup

    function = tf.function(lambda x: {"y": x}, input_signature=[tf.TensorSpec([None], tf.string, name="x")])
    with pytest.raises(SeqtasksError, match=message):
        write_warmup(tmp_path, "m", [("s", arguments)], {"s": function})
    assert not list(tmp_path.iterdir())
