"""Refuses SavedModels that would not load wherever stock TensorFlow loads."""

from pathlib import Path

from seqtasks.errors import SeqtasksError

_PYTHON_OPS = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
_COMPILED = ("_XlaMustCompile", "_XlaCompile")


def check_portable(path) -> None:
    """Reads a SavedModel's graph and refuses what only some machines can run.

    Refused are ops that call back into Python, functions that must be compiled with XLA (they abort on strings), nodes
    pinned to an accelerator, and ops of cuDNN where a CPU would meet them, which has none. It does not meet what is
    in a function with `api_preferred_device` "GPU" and what that calls, if nothing else calls it: TensorFlow puts it,
    where there is a GPU, in the place of the function of the same `api_implements` for a CPU. Without that sibling,
    it is refused.

    Args:
        path: Folder of the SavedModel.

    Raises:
        SeqtasksError: Naming the op.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    saved_model = saved_model_pb2.SavedModel()
    saved_model.ParseFromString((Path(path) / "saved_model.pb").read_bytes())
    for graph in saved_model.meta_graphs:
        library = graph.graph_def.library.function
        for function in library:
            _refuse_compiled(function.attr, f"function {function.signature.name}", path)
        for node in [*graph.graph_def.node, *(node for function in library for node in function.node_def)]:
            _refuse_node(node, path)
        _refuse_cudnn(graph.graph_def, path)


def _refuse_node(node, path) -> None:
    where = _name(node)
    if node.op in _PYTHON_OPS:
        raise SeqtasksError(f"{path}: node {where} calls Python, which no server has. Use TensorFlow ops in its place.")
    if node.op.startswith("Xla"):
        raise SeqtasksError(f"{path}: node {where} runs under XLA only. Leave jit_compile out of what is exported.")
    if any(kind in node.device.upper() for kind in ("GPU", "TPU")):
        raise SeqtasksError(
            f"{path}: node {where} is pinned to {node.device}. Leave tf.device out of what is exported."
        )
    _refuse_compiled(node.attr, f"node {where}", path)


def _refuse_compiled(attributes, where: str, path) -> None:
    if any(attributes[name].b for name in _COMPILED if name in attributes):
        raise SeqtasksError(f"{path}: {where} must be compiled with XLA. Leave jit_compile out of what is exported.")


def _refuse_cudnn(graph_def, path) -> None:
    functions = {function.signature.name: function for function in graph_def.library.function}
    behind_gpu = _reached(_chosen_on_gpu(functions), functions)
    # What nothing calls is met, too: nothing says that it is for a GPU.
    met = _reached(_called(graph_def.node) | functions.keys() - behind_gpu, functions)
    for node in [*graph_def.node, *(node for name in met for node in functions[name].node_def)]:
        if node.op.startswith("Cudnn"):
            raise SeqtasksError(
                f"{path}: node {_name(node)} runs on GPUs only. Use a layer of seqtasks.layers in its place."
            )


def _chosen_on_gpu(functions: dict) -> set[str]:
    """Returns the functions that a GPU chooses, each in the place of a sibling that a CPU runs."""

    def of(device):
        return {name: f.attr["api_implements"].s for name, f in functions.items() if _preferred(f) == device}

    siblings = set(of(b"CPU").values()) - {b""}
    return {name for name, interface in of(b"GPU").items() if interface in siblings}


def _preferred(function) -> bytes:
    return function.attr["api_preferred_device"].s if "api_preferred_device" in function.attr else b""


def _reached(names: set[str], functions: dict) -> set[str]:
    """Returns the functions of these names and all that they call."""
    found, new = set(), set(names)
    while new := (new & functions.keys()) - found:
        found |= new
        new = _called(node for name in new for node in functions[name].node_def)
    return found


def _called(nodes) -> set[str]:
    """Returns the names of the functions that nodes call, and of ops."""
    names = set()
    for node in nodes:
        names.add(node.op)
        for attribute in node.attr.values():
            names |= {function.name for function in (attribute.func, *attribute.list.func)}
    return names


def _name(node) -> str:
    return f"{node.name} ({node.op})"
