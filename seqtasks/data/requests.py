"""How a signature is asked: its arguments, and the features made of them."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class Request:
    """The arguments of a signature.

    Args:
        specs: Their kinds, each with a name that clients write.
        features: Turns the arguments, its parameters by the same names, into a batch of features as the network reads
            it.
    """

    specs: tuple[tf.TensorSpec, ...]
    features: Callable[..., dict[str, tf.Tensor]]


def text_requests(features: Callable[[tf.Tensor], dict[str, tf.Tensor]]) -> dict[str, Request]:
    """Returns the requests of a model that reads texts: `text` string `[B]`."""
    return {"serving_default": Request((tf.TensorSpec([None], tf.string, name="text"),), features)}
