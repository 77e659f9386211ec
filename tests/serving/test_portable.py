import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.serving.portable import check_portable


def save(folder, function):
    import tensorflow as tf

    spec = tf.TensorSpec([None], tf.float32)
    tf.saved_model.save(tf.Module(), str(folder), signatures=function.get_concrete_function(spec))


def rewrite(folder, op):
    """Gives the first node of the saved graph's first function another op."""
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    model.meta_graphs[0].graph_def.library.function[0].node_def[0].op = op
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())


def test_exports_are_portable(exported):
    check_portable(exported)


def test_python_is_refused(tmp_path):
    import tensorflow as tf

    save(tmp_path, tf.function(lambda x: {"y": tf.numpy_function(lambda v: v, [x], tf.float32)}))
    with pytest.raises(SeqtasksError, match="calls Python"):
        check_portable(tmp_path)


def test_forced_compilation_is_refused(tmp_path):
    import tensorflow as tf

    compiled = tf.function(lambda x: x + 1, jit_compile=True)
    save(tmp_path, tf.function(lambda x: {"y": compiled(x)}))
    with pytest.raises(SeqtasksError, match="must be compiled with XLA"):
        check_portable(tmp_path)


def test_pinned_nodes_are_refused(tmp_path):
    import tensorflow as tf

    @tf.function
    def pinned(x):
        with tf.device("/GPU:0"):
            return {"y": tf.sin(x)}

    save(tmp_path, pinned)
    with pytest.raises(SeqtasksError, match="pinned"):
        check_portable(tmp_path)


@pytest.mark.parametrize(("op", "message"), [("CudnnRNNV3", "GPUs only"), ("XlaLaunch", "XLA only")])
def test_ops_of_one_machine_are_refused(tmp_path, op, message):
    import tensorflow as tf

    save(tmp_path, tf.function(lambda x: {"y": tf.sin(x)}))
    rewrite(tmp_path, op)
    with pytest.raises(SeqtasksError, match=message):
        check_portable(tmp_path)
