"""TensorFlow's graph optimizer as it works on a machine of our choice, GPU or not, without running anything."""

from tensorflow.core.protobuf import config_pb2, device_properties_pb2
from tensorflow.python.grappler import cluster, tf_optimizer

PLACE = "/job:localhost/replica:0/task:0/device:"
GPU = {"architecture": "8.0", "cuda": "12050", "cudnn": "90300"}


def optimized(meta_graph, outputs, device):
    """Returns a SavedModel's graph as a session would run it.

    Its functions are inlined, their nodes placed by TensorFlow's placer, and the calls that are left led to the
    sibling for the device. A session would place the outermost calls, too: here they are on the device that is given.

    Args:
        meta_graph: The SavedModel's MetaGraphDef.
        outputs: Names of the nodes that are fetched.
        device: "CPU", or "GPU" for a machine that has one besides.

    Returns:
        The GraphDef.
    """
    graph = type(meta_graph)()
    graph.CopyFrom(meta_graph)
    graph.ClearField("collection_def")
    graph.collection_def["train_op"].node_list.value.extend(outputs)
    for node in graph.graph_def.node:
        node.device = f"{PLACE}{device if 'Call' in node.op else 'CPU'}:0"
    machine = cluster.Cluster(devices=[_device("CPU", {}), *([_device("GPU", GPU)] if device == "GPU" else [])])
    config = config_pb2.ConfigProto()
    config.graph_options.rewrite_options.min_graph_nodes = -1
    return tf_optimizer.OptimizeGraph(config, graph, cluster=machine)


def called(node):
    """Returns the name of the function that a call calls, or had called before it was specialized."""
    return node.attr["f"].func.name.partition("_specialized_for_")[0]


def _device(kind, environment):
    properties = device_properties_pb2.DeviceProperties(
        type=kind, frequency=1000, num_cores=8, memory_size=1 << 33, environment=environment
    )
    return device_properties_pb2.NamedDevice(name=f"{PLACE}{kind}:0", properties=properties)
