"""Networks as files of other formats: LiteRT for phones and small devices, ONNX for ONNX Runtime.

Neither can hold a whole export. LiteRT needs TensorFlow's own operations for texts, the "Flex" delegate, which no
current Python package has, so that nobody could compare the answers; ONNX has no such operations. So the network alone
is converted, see `seqtasks.serving.network`, for tagging and classification. Beside it stands network.json: the inputs
and outputs, the labels, how far the answers are from the model's, and examples to test a program against.

One row at a time: for any number of them LiteRT would need the delegate too. For ONNX the layers' loops only count up
(`seqtasks.layers.forward_loop`).
"""

import json
import re
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqtasks.errors import SeqtasksError, UsageError, did_you_mean
from seqtasks.native_output import native_stderr_held
from seqtasks.serving import litert_format, onnx_format
from seqtasks.task import MANY_TO_MANY, MANY_TO_ONE

DESCRIPTION = "network.json"
TOLERANCE = 1e-4
_NUMBERS_SHOWN = 5000


@dataclass(frozen=True)
class Conversion:
    """A network in another format.

    Args:
        file: The file.
        takes: What goes in: `"raw"` sounds or clips, or `"features"`.
        difference: How far its answers are from the exported model's at most, by output.
        inputs: How many inputs they were compared on.
    """

    file: Path
    takes: str
    difference: dict[str, float]
    inputs: int


def convert(run, kind: str, out, *, output_dir="runs", force: bool = False) -> Conversion:
    """Writes a run's network in another format, and compares its answers with the model's.

    Args:
        run: A run's folder, or a task's name for its latest run.
        kind: `"litert"` or `"onnx"`.
        out: The folder to write.
        output_dir: Where runs are kept.
        force: Replace the folder if it exists.

    Returns:
        The file and how far its answers are from the model's.

    Raises:
        UsageError: If there is no such run or format, or the folder exists.
        SeqtasksError: If the model cannot be converted, a package is missing, or the answers differ.
    """
    from seqtasks.training.run_folder import family_of, is_export, resolve

    if kind not in FORMATS:
        raise UsageError(f"unknown format {kind!r}." + did_you_mean(kind, FORMATS))
    folder, out = resolve(run, output_dir), Path(out)
    if is_export(folder):
        raise UsageError(f"{folder} is an export, of which the network is a part. Give the run's folder or the task")
    _check_family(family_of(folder), kind)
    if out.exists() and not force:
        raise UsageError(f"{out} exists. Replace it with --force")
    FORMATS[kind].check()
    from seqtasks.serving.loading import load_run

    return write(load_run(folder), kind, out)


def write(loaded, kind: str, out) -> Conversion:
    """Converts a loaded run's network into a folder, which is replaced if it exists; see `convert`.

    Args:
        loaded: A `LoadedRun`.
        kind: `"litert"` or `"onnx"`.
        out: The folder.
    """
    from seqtasks.serving.network import networks_of

    _check_family(loaded.task.family, kind)
    failures = []
    for network in networks_of(loaded):
        try:
            return _write(loaded, network, kind, Path(out))
        except SeqtasksError as error:
            failures.append(error)
    raise failures[-1]  # of the form that asks least of the format


def _write(loaded, network, kind: str, out: Path) -> Conversion:
    from seqtasks.serving.raw_inputs import raw_inputs

    task, raw, form = loaded.task, raw_inputs(loaded.config), FORMATS[kind]
    try:
        with native_stderr_held(show_on_failure=False):
            content = form.convert(network.function)
            run = form.load(content)
    except Exception as error:
        raise SeqtasksError(_refusal(error, loaded, kind)) from error
    examples = [raw.load(given) for given in task.serving_inputs()]
    try:
        difference = _difference(network, run, [*examples, *raw.hard])
    except Exception as error:
        raise SeqtasksError(_refusal(error, loaded, kind)) from error
    apart = {name: value for name, value in difference.items() if not value <= TOLERANCE}
    if apart:
        name, value = next(iter(apart.items()))
        raise SeqtasksError(f"task {task.name!r}: as {form.title} its {name} are {value:.2g} off; nothing was written")
    description = _described(loaded, kind, network, difference, [(raw.show(given), given) for given in examples])
    _write_folder(out, f"network.{form.ending}", content, description, loaded.folder / "vocabulary")
    return Conversion(out / f"network.{form.ending}", network.takes, difference, len(examples) + len(raw.hard))


@dataclass(frozen=True)
class _Format:
    """How to write and run a format: `check` that packages are there, from a function to bytes, and to what answers."""

    title: str
    ending: str
    check: Callable[[], None]
    convert: Callable
    load: Callable


def _check_family(family: str, kind: str) -> None:
    if family not in (MANY_TO_MANY, MANY_TO_ONE):
        raise SeqtasksError(
            f"a {family} model cannot become {FORMATS[kind].title}: it writes step by step, in a loop over texts that "
            "the format cannot hold. Serve its SavedModel, from: seqtasks export"
        )


def _refusal(error: Exception, loaded, kind: str) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    # LiteRT's converter tells where before it tells what.
    told = [line.rpartition("error: ")[2] for line in lines if "' op " in line] or lines
    reason = re.sub(r"^loc\(.*\): ", "", told[0])[:300]
    hint = ""
    if kind == "onnx" and loaded.task.family == MANY_TO_MANY and loaded.config.model.head == "crf":
        hint = ". It cannot hold the search of a CRF: train with -s head=softmax, or take litert"
    return f"task {loaded.task.name!r}: the network cannot become {FORMATS[kind].title}: {reason}{hint}"


def _difference(network, run, given: list) -> dict[str, float]:
    largest: dict[str, float] = {}
    for one in given:
        answer, expected = run(network.inputs(one)), network.expected(one)
        for name, value in expected.items():
            # Beyond a row's length stands padding.
            found = answer[name][:, : value.shape[1]]
            if found.shape != value.shape:
                raise SeqtasksError(f"its {name} have the shape {found.shape}, not {value.shape}")
            apart = np.abs(found.astype(np.float64) - value).max(initial=0.0)
            largest[name] = float(np.maximum(largest.get(name, 0.0), apart))  # which keeps a NaN
    return largest


def _described(loaded, kind: str, network, difference: dict, examples: list) -> dict:
    function = network.function.get_concrete_function()
    rows = []
    for shown, given in examples:
        inputs = network.inputs(given)
        if sum(value.size for value in inputs.values()) <= _NUMBERS_SHOWN:
            answers = {name: value.tolist() for name, value in network.expected(given).items()}
            rows.append({"given": shown, "inputs": {k: v.tolist() for k, v in inputs.items()}, "outputs": answers})
    return {
        "task": loaded.task.name,
        "family": loaded.task.family,
        "description": loaded.task.description,
        "format": kind,
        "run": loaded.folder.resolve().name,
        "data": loaded.data,
        "labels": list(network.labels),
        "takes": network.takes,
        "inputs": [_tensor(spec.name, spec) for spec in network.function.input_signature],
        "outputs": [_tensor(name, function.structured_outputs[name]) for name in sorted(function.structured_outputs)],
        "difference": difference,
        "config": loaded.config.to_dict(),
        "examples": rows,
    }


def _tensor(name: str, spec) -> dict:
    return {"name": name, "dtype": spec.dtype.name, "shape": spec.shape.as_list()}


def _write_folder(out: Path, name: str, content: bytes, description: dict, vocabulary: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.mkdir()
        (temporary / name).write_bytes(content)
        text = json.dumps(description, indent=2, ensure_ascii=False)
        (temporary / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
        if vocabulary.is_dir():
            shutil.copytree(vocabulary, temporary / "vocabulary")
        if out.exists():
            shutil.rmtree(out)
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


FORMATS = {
    "litert": _Format("LiteRT", "tflite", lambda: None, litert_format.convert, litert_format.load),
    "onnx": _Format("ONNX", "onnx", onnx_format.check, onnx_format.convert, onnx_format.load),
}
