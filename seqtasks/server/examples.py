"""Requests to classify or regress `tf.Example`s, which no export of ours is made for."""

from seqtasks.server.servable import Servable
from seqtasks.server.status import ServingError, invalid

METHODS = {"tensorflow/serving/classify": "classification", "tensorflow/serving/regress": "regression"}
CLASSIFY, REGRESS = METHODS


def refuse(servable: Servable, signature: str, method: str) -> None:
    """Refuses a request as TF Serving does where a signature is for predicting.

    Args:
        servable: The version of a model.
        signature: The signature's name.
        method: What is asked of it, in the words of a `method_name`.

    Raises:
        ServingError: Always.
    """
    if signature not in servable.signature_defs:
        raise invalid(f"No signature was found with the name: {signature}")
    found = servable.signature_defs[signature].method_name
    if method not in METHODS:
        raise ServingError("UNIMPLEMENTED", f"Unsupported signature method_name: {method}")
    if found != method:
        raise invalid(f"Expected {METHODS[method]} signature method_name to be {method}. Was: {found}")
    raise ServingError("UNIMPLEMENTED", f'this server only predicts, and signature "{signature}" is for {method}')
