"""The precision a network computes in."""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def computing_in(mixed: bool) -> Iterator[None]:
    """Makes layers built in the block compute in 16 bits, with 32-bit weights, if `mixed`.

    It is bfloat16, whose range is float32's, so that losses need no scaling.

    Args:
        mixed: Whether to.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if mixed else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
