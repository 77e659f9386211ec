"""Refuses SavedModels that would not load wherever stock TensorFlow loads."""

from pathlib import Path

from seqtasks.errors import SeqtasksError

_PYTHON_OPS = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
_COMPILED = ("_XlaMustCompile", "_XlaCompile")


def check_portable(path) -> None:
    """Reads a SavedModel's graph and refuses what only some machines can run.

    Refused are ops that call back into Python, ops of cuDNN (no CPU loads them), functions that
    must be compiled with XLA (they abort on strings), and nodes pinned to an accelerator.

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


def _refuse_node(node, path) -> None:
    where = f"{node.name} ({node.op})"
    if node.op in _PYTHON_OPS:
        raise SeqtasksError(f"{path}: node {where} calls Python, which no server has. Use TensorFlow ops in its place.")
    if node.op.startswith("Cudnn"):
        raise SeqtasksError(f"{path}: node {where} runs on GPUs only. Use a layer of seqtasks.layers in its place.")
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
