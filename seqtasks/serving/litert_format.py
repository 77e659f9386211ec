"""LiteRT files, for phones and small devices: how to write and to run one."""

import tempfile
import warnings

from seqtasks.errors import SeqtasksError


def convert(function) -> bytes:
    """Returns the file of a `tf.function` with an input signature."""
    import tensorflow as tf

    concrete = function.get_concrete_function()
    module = tf.Module()
    module.variables_kept = list(concrete.variables)
    with tempfile.TemporaryDirectory() as folder:  # only from a SavedModel do the inputs keep their names
        tf.saved_model.save(module, folder, signatures=concrete)
        return tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serving_default"]).convert()


def load(content: bytes):
    """Returns what answers as the file does: a function from inputs to outputs, by name."""
    signature = _interpreter()(model_content=content).get_signature_runner("serving_default")
    return lambda inputs: signature(**inputs)


def _interpreter():
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        import tensorflow as tf

        if not hasattr(tf, "lite"):
            raise SeqtasksError('LiteRT needs ai-edge-litert: pip install "seqtasks[litert]"') from None

        def old_interpreter(**options):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it announces its end in favour of the package above
                return tf.lite.Interpreter(**options)

        return old_interpreter
    return Interpreter
