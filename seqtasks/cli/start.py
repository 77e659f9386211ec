"""Starting TensorFlow without its chatter."""

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator

import click

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
        with _native_stderr_held():
            import tensorflow

            tensorflow.config.list_logical_devices()


@contextlib.contextmanager
def _native_stderr_held() -> Iterator[None]:
    """Keeps what is written to file descriptor 2 back, and shows it if the block fails."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        original = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(original, held.read())
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)
