"""Runs a SavedModel's signatures with nothing but TensorFlow; `verification` starts it as a process.

    python bare_process.py MODEL_DIR < requests.json > answers.json

Requests are a list of `[signature, {argument: nested list}]`; answers are a list of
`{output: nested list}`. Bytes that are no UTF-8 travel as surrogate escapes.
"""

import json
import sys


def main(path: str) -> None:
    """Answers the requests on standard input."""
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    answers = []
    for name, arguments in json.load(sys.stdin):
        signature = loaded.signatures[name]
        specs = signature.structured_input_signature[1]
        tensors = {key: _to_tensor(tf, value, specs[key]) for key, value in arguments.items()}
        answers.append({key: _to_plain(tensor.numpy().tolist()) for key, tensor in signature(**tensors).items()})
    if any(name.partition(".")[0] == "seqtasks" for name in sys.modules):
        raise SystemExit("seqtasks was imported; this process must do without")
    print(json.dumps(answers))


def _to_tensor(tf, value, spec):
    tensor = tf.constant(_to_bytes(value), dtype=spec.dtype)
    # An empty nested list says nothing of its inner axes.
    return tf.reshape(tensor, [*tensor.shape, *(size or 0 for size in spec.shape[tensor.shape.rank :])])


def _to_bytes(value):
    if isinstance(value, list):
        return [_to_bytes(item) for item in value]
    return value.encode(errors="surrogateescape") if isinstance(value, str) else value


def _to_plain(value):
    if isinstance(value, list):
        return [_to_plain(item) for item in value]
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else value


if __name__ == "__main__":
    main(sys.argv[1])
