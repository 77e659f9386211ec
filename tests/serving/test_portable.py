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


def save_pair(folder, attributes, sibling=True, called="CPU"):
    """Saves a function that calls one of a pair; the GPU's has an op of cuDNN in a branch."""
    import tensorflow as tf

    spec = tf.TensorSpec([None], tf.float32)

    def cudnn(x):
        states = tf.zeros([1, 1, 1])
        found = tf.raw_ops.CudnnRNN(
            input=tf.reshape(x, [-1, 1, 1]), input_h=states, input_c=states, params=tf.zeros([8]), is_training=False
        )
        return tf.reshape(found.output, [-1])

    functions = {
        "GPU": lambda x: tf.cond(tf.size(x) > 3, lambda: cudnn(x), lambda: x),
        "CPU": lambda x: tf.cond(tf.size(x) > 3, lambda: tf.sin(x), lambda: x),
    }
    traced = {
        device: tf.function(function, experimental_attributes=attributes.get(device, {})).get_concrete_function(spec)
        for device, function in functions.items()
    }

    @tf.function
    def serve(x):
        if sibling:
            traced["GPU"].add_to_graph()
        return {"y": traced[called](x) + 1}

    save(folder, serve)


def pair(device="GPU", interface="seqtasks_test"):
    return {
        "CPU": {"api_implements": "seqtasks_test", "api_preferred_device": "CPU"},
        "GPU": {"api_implements": interface, "api_preferred_device": device},
    }


def test_cudnn_is_taken_where_only_a_gpu_chooses_it(tmp_path):
    save_pair(tmp_path, pair())
    assert "CudnnRNN" in {op for function in library(tmp_path) for op in (node.op for node in function.node_def)}
    check_portable(tmp_path)


def library(folder):
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    return model.meta_graphs[0].graph_def.library.function


@pytest.mark.parametrize(
    ("attributes", "called"),
    [
        (pair(), "GPU"),  # called by name, so without Grappler a CPU would meet it
        ({**pair(), "GPU": {}}, "CPU"),  # nothing says what it is for
        ({**pair(), "CPU": {}}, "CPU"),  # no sibling for a CPU
        (pair(interface="another"), "CPU"),
        (pair(device="CPU"), "CPU"),
        (pair(device="TPU"), "CPU"),
    ],
)
def test_cudnn_is_refused_everywhere_else(tmp_path, attributes, called):
    save_pair(tmp_path, attributes, called=called)
    with pytest.raises(SeqtasksError, match="GPUs only"):
        check_portable(tmp_path)


def test_what_a_gpu_chooses_is_held_to_all_else(tmp_path):
    save_pair(tmp_path, pair())
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel.FromString((tmp_path / "saved_model.pb").read_bytes())
    for function in model.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            if node.op == "CudnnRNN":
                node.op = "PyFunc"
    (tmp_path / "saved_model.pb").write_bytes(model.SerializeToString())
    with pytest.raises(SeqtasksError, match="calls Python"):
        check_portable(tmp_path)
