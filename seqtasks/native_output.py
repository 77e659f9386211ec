"""What native libraries write to standard error, held back."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def native_stderr_held(show_on_failure: bool = True) -> Iterator[None]:
    """Keeps back what is written to file descriptor 2 while the block runs.

    Args:
        show_on_failure: Whether it is shown if the block fails.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        original = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            if show_on_failure:
                held.seek(0)
                os.write(original, held.read())
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)
