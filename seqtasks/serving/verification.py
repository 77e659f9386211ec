"""Proves that an export answers as the model it was made from, in a process that has only TensorFlow."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from seqtasks.errors import SeqtasksError
from seqtasks.serving.rows import decoded, dense


def verify(path, requests, signatures) -> None:
    """Runs every signature here and in a bare process, and compares the answers.

    Args:
        path: Folder of the SavedModel.
        requests: Pairs of a signature's name and its arguments; see `trials`.
        signatures: The functions that were saved there, by name.

    Raises:
        SeqtasksError: If the bare process fails or answers otherwise.
    """
    expected = [_call(signatures[name], arguments) for name, arguments in requests]
    answers = run_bare(path, [(name, plain(arguments)) for name, arguments in requests])
    for (name, arguments), here, there in zip(requests, expected, answers, strict=True):
        for output, value in here.items():
            if not _equal(value, there.get(output)):
                raise SeqtasksError(
                    f"the export's signature {name!r} gives another {output!r} than the model it was made from, "
                    f"for {str(arguments)[:200]}"
                )


def arguments_of(module, name: str, raw, loaded: list) -> dict:
    """Returns a signature's arguments by name, each a list or an array, as `ServingModule.arguments` with rows of one
    length."""
    return {argument: dense(rows) for argument, rows in module.arguments(name, raw, loaded).items()}


def trials(module, raw, examples: list) -> list[tuple[str, dict]]:
    """Returns requests that an export must answer as its model does.

    Args:
        module: The `ServingModule`.
        raw: Reads raw inputs; see `seqtasks.serving.raw_inputs`.
        examples: The task's serving examples. Hard inputs, one alone and no row at all are tried besides.

    Returns:
        Pairs of a signature's name and its arguments, each a list or an array.
    """
    loaded = [raw.load(given) for given in examples]
    return [
        (name, arguments_of(module, name, raw, batch))
        for name in module.signatures
        for batch in ([*loaded, *raw.hard], loaded[:1], list(raw.hard[:1]), [])
    ]


def run_bare(path, requests) -> list[dict]:
    """Runs signatures of a SavedModel in a process that imports TensorFlow and nothing of ours.

    Args:
        path: Folder of the SavedModel.
        requests: Pairs of a signature's name and its arguments as nested lists.

    Returns:
        For each request, nested lists by output name.

    Raises:
        SeqtasksError: If the process fails.
    """
    script = Path(__file__).with_name("bare_process.py")
    # Without a GPU: an export must run where there is none. -P keeps this folder off the import path.
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    process = subprocess.run(
        [sys.executable, "-P", str(script), str(path)],
        input=json.dumps(list(requests)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )
    if process.returncode:
        last = (process.stderr.strip().splitlines() or [f"exit status {process.returncode}"])[-1]
        raise SeqtasksError(f"the export does not run in a process that has only TensorFlow: {last[:500]}")
    return json.loads(process.stdout)


def plain(value):
    """Returns arrays as nested lists and bytes as texts, which JSON can carry."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return decoded(value) if isinstance(value, bytes) else value


def _call(function, arguments: dict) -> dict:
    import tensorflow as tf

    tensors = []
    for spec in function.input_signature:
        tensor = tf.constant(arguments[spec.name], dtype=spec.dtype)
        # An empty list says nothing of its inner axes.
        shape = [*tensor.shape, *(size or 0 for size in spec.shape[tensor.shape.rank :])]
        tensors.append(tf.reshape(tensor, shape))
    return {name: value.numpy() for name, value in function(*tensors).items()}


def _equal(here: np.ndarray, there) -> bool:
    if there is None:
        return False
    if here.dtype.kind == "f":
        there = np.array(there, dtype=here.dtype).reshape(here.shape if not here.size else np.shape(there))
        return here.shape == there.shape and np.allclose(here, there, rtol=1e-5, atol=_tolerance())
    decode = np.vectorize(lambda item: item.decode(errors="surrogateescape"), otypes=[object])
    return (decode(here) if here.dtype.kind == "O" and here.size else here).tolist() == there


def _tolerance() -> float:
    """Returns how far scores may be apart: a GPU here rounds otherwise than the process's CPU."""
    import tensorflow as tf

    return 2e-2 if tf.config.list_physical_devices("GPU") else 1e-5
