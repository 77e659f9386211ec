"""ONNX files, for ONNX Runtime: how to write and to run one."""

import logging

from seqtasks.errors import SeqtasksError

_OPSET = 18


def check() -> None:
    """Raises a `SeqtasksError` where a package that it needs is missing."""
    try:
        import onnxruntime  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        more = 'Install them with pip install "seqtasks[onnx]"'
        raise SeqtasksError(f"ONNX needs more packages: {error}. {more}") from error


def convert(function) -> bytes:
    """Returns the file of a `tf.function` with an input signature."""
    import tf2onnx

    # It goes on after what it cannot convert, and tells of it in its log alone.
    log, failures = logging.getLogger("tf2onnx"), _Failures()
    before, log.propagate = log.propagate, False
    log.addHandler(failures)
    try:
        model, _ = tf2onnx.convert.from_function(function, function.input_signature, opset=_OPSET)
    finally:
        log.removeHandler(failures)
        log.propagate = before
    if failures.messages:
        raise SeqtasksError(failures.messages[0])
    return model.SerializeToString()


class _Failures(logging.Handler):
    """Keeps the messages of errors."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        reason = record.exc_info[1] if record.exc_info else record.getMessage()
        self.messages.append(str(reason))


def load(content: bytes):
    """Returns what answers as the file does: a function from inputs to outputs, by name."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    wanted = {tensor.name for tensor in session.get_inputs()}
    names = [tensor.name for tensor in session.get_outputs()]

    def run(inputs):
        given = {name: value for name, value in inputs.items() if name in wanted}
        return dict(zip(names, session.run(None, given), strict=True))

    return run
