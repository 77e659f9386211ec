"""Checkpoints: one `.npz` file each, written in one piece."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqtasks.errors import SeqtasksError
from seqtasks.files import replacing


@dataclass
class Checkpoint:
    """What a checkpoint holds.

    Args:
        groups: Arrays by group: `model` (all variables, seed-generator states among them),
            `optimizer`, `averages`.
        state: Plain values: epoch, best score, and so on.
    """

    groups: dict[str, list[np.ndarray]]
    state: dict[str, Any]


def save(path, groups: dict[str, list], state: dict[str, Any]) -> None:
    """Writes a checkpoint.

    Args:
        path: The file.
        groups: Variables or arrays by group, in a fixed order.
        state: Plain values to keep beside them.
    """
    arrays = {
        f"{group}/{index:04d}": np.asarray(variable)
        for group, variables in groups.items()
        for index, variable in enumerate(variables)
    }
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, state=np.array(json.dumps(state)), **arrays)


def load(path) -> Checkpoint:
    """Reads a checkpoint.

    Raises:
        SeqtasksError: If there is none or it is damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise SeqtasksError(f"{path}: no such checkpoint; the run stopped before its first epoch ended")
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            state = json.loads(str(arrays["state"]))
            groups: dict[str, list[np.ndarray]] = {}
            for key in sorted(arrays.files):
                if key != "state":
                    groups.setdefault(key.partition("/")[0], []).append(arrays[key])
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise SeqtasksError(f"{path} is damaged: {error}. Train the run again") from None
    return Checkpoint(groups, state)


def assign(variables, arrays: list[np.ndarray], path) -> None:
    """Gives variables the values of a checkpoint's group.

    Args:
        variables: The variables, in the order in which they were saved.
        arrays: Their values.
        path: The checkpoint, for the error.

    Raises:
        SeqtasksError: If number or shapes differ.
    """
    expected = [tuple(variable.shape) for variable in variables]
    received = [array.shape for array in arrays]
    if expected != received:
        raise SeqtasksError(
            f"{path} does not fit the model: the configuration or the vocabulary has changed since. "
            f"Received {len(received)} arrays for {len(expected)} variables"
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def load_weights(path, model) -> dict[str, Any]:
    """Gives a model the weights of a checkpoint, and returns the checkpoint's state.

    Args:
        path: `best.npz` of a run.
        model: The model, built.
    """
    checkpoint = load(path)
    assign(model.variables, checkpoint.groups.get("model", []), path)
    return checkpoint.state
