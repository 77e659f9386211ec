"""Starting TensorFlow without its chatter."""

import logging
import os

import click

from seqtasks.native_output import native_stderr_held
from seqtasks.training.compilation_cache import enable_compilation_cache


def start_tensorflow() -> None:
    """Imports TensorFlow and finds its devices, in silence unless `--verbose` was given.

    A verb calls it after everything that can go wrong without TensorFlow.
    """
    enable_compilation_cache()  # heeded only before the devices are found
    if click.get_current_context().find_root().obj.get("verbose"):
        import tensorflow
    else:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
        logging.getLogger("absl").setLevel(logging.ERROR)
        # What libraries say before their logging is set up heeds no level.
        with native_stderr_held():
            import tensorflow

            tensorflow.config.list_logical_devices()
