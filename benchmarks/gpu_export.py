"""One export on a machine's CPU and on its GPU: whether both answer the same, and how fast each is.

    python benchmarks/gpu_export.py                       our layers, beside keras.layers with cuDNN
    python benchmarks/gpu_export.py saved_models/ner/1    an export, asked its serving examples

It needs a GPU that TensorFlow sees. One process loads the export as it is and another with the GPU hidden. Numbers may
differ by 1e-4 of the largest, compared without TensorFloat-32, which has three digits; speed is measured with it, as
TensorFlow has it. Our layers' masks end rows early, as cuDNN wants them. That cuDNN ran, a trace of the session says.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from seqtasks.benchmarks.cases import Case

from seqtasks.errors import SeqtasksError, UsageError

TOLERANCE = 1e-4
SIGNATURE, TWIN = "serving_default", "twin.keras"
HIDDEN = {"CUDA_VISIBLE_DEVICES": "-1"}
CASES = [
    Case(layer, shape, "portable", bidirectional, mask=True)
    for layer in ("LSTM", "GRUResetAfter")
    for shape in ("S0", "S1", "S3")
    for bidirectional in (False, True)
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("export", type=Path, nargs="?", help="the folder of an export's version")
    parser.add_argument("--rows", type=int, default=32, help="rows of a batch, for an export")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each is measured")
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    try:
        if arguments.answer:
            answer(arguments.answer, arguments.into, arguments.seconds)
        else:
            compare(arguments.export, arguments.rows, arguments.seconds)
    except SeqtasksError as error:
        print(f"gpu_export: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def compare(export: Path | None, rows: int, seconds: float) -> None:
    """Measures an export, or our layers, and prints a table.

    Raises:
        SeqtasksError: There is no GPU; or CPU and GPU do not answer the same.
    """
    need_gpu()
    print(f"{'':34}{'CPU rows/s':>12}{'GPU rows/s':>12}{'Keras rows/s':>14}{'share':>7}{'differ by':>11}  cuDNN")
    apart = []
    for case in [None] if export else CASES:
        with tempfile.TemporaryDirectory() as folder:
            if case:
                write_case(case, Path(folder))
            else:
                write_request(export, rows, Path(folder))
            found = measure(Path(folder), seconds)
        name = name_of(case) if case else str(export)
        print(line(name, found), flush=True)
        apart += [name] if found["difference"] > TOLERANCE else []
    if apart:
        raise SeqtasksError(f"CPU and GPU differ by more than {TOLERANCE}: {', '.join(apart)}")


def need_gpu() -> None:
    """Refuses to go on without a GPU.

    Raises:
        SeqtasksError: TensorFlow sees none.
    """
    program = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    if int(process.stdout.split()[-1]) == 0:
        raise SeqtasksError(
            "TensorFlow sees no GPU here, so nothing was measured. Run this on a machine with an NVIDIA GPU, with "
            "`pip install 'seqtasks[gpu]'`."
        )


def write_case(case: Case, folder: Path) -> None:
    """Writes what `answer` reads: an export of one of our layers, Keras's layer with its weights, and a request."""
    import keras
    import tensorflow as tf

    from seqtasks.layers import GRU, LSTM, Bidirectional, to_keras

    _, length, features, units = case.sizes
    more = {"reset_after": True} if case.layer == "GRUResetAfter" else {}
    layer = {"LSTM": LSTM, "GRUResetAfter": GRU}[case.layer](units, return_sequences=True, **more)
    layer = Bidirectional(layer) if case.bidirectional else layer
    layer.build((None, None, features))
    specs = [tf.TensorSpec([None, None, features], name="inputs"), tf.TensorSpec([None, None], tf.bool, name="mask")]
    module = tf.Module()
    module.weights = [variable.value for variable in layer.weights]
    serve = tf.function(
        lambda inputs, mask: {"outputs": layer(inputs, mask=mask)}, autograph=False, input_signature=specs
    )
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(module, str(folder / "model"), signatures={SIGNATURE: serve}, options=options)
    inputs, mask = keras.Input((None, features), name="inputs"), keras.Input((None,), dtype="bool", name="mask")
    keras.Model([inputs, mask], to_keras(layer)(inputs, mask=mask)).save(folder / TWIN)
    inputs, _, lengths = case.numbers()
    _write_request(folder, folder / "model", inputs=inputs, mask=np.arange(length) < lengths[:, None])


def write_request(export: Path, rows: int, folder: Path) -> None:
    """Writes what `answer` reads, for an export that takes texts and no more.

    Raises:
        UsageError: It is none.
    """
    from seqtasks.serving.export import DESCRIPTION

    try:
        description = json.loads((export / DESCRIPTION).read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{export} is no export: {error.strerror}: {error.filename}.") from error
    names = description["signatures"].get(SIGNATURE, {}).get("inputs")
    if names != ["text"]:
        raise UsageError(f"{export} takes {names}; this asks only exports that take texts.")
    examples = [text.encode() for text in description["serving_examples"]]
    _write_request(folder, export, text=np.resize(np.array(examples, object), rows).astype(bytes))


def _write_request(folder, model, **arguments):
    np.savez(folder / "request.npz", **arguments)
    (folder / "model.txt").write_text(str(model.resolve()), "utf-8")


def measure(folder: Path, seconds: float, environments=(HIDDEN, {})) -> dict:
    """Lets two processes answer a request, and compares.

    Args:
        folder: What `write_case` or `write_request` wrote.
        seconds: How long speed is measured.
        environments: What is different in the processes' environments; the second is the GPU's.

    Returns:
        `difference`, see `largest_difference`; `cpu` and `gpu`, rows a second; of Keras's layer on the GPU, `keras`,
        rows a second, or None where there is no such layer; `cudnn`, whether the export ran cuDNN's kernel there.

    Raises:
        SeqtasksError: A process failed.
    """
    sides = []
    for number, environment in enumerate(environments):
        out = folder / str(number)
        out.mkdir()
        process = subprocess.run(
            [sys.executable, __file__, "--answer", str(folder), "--into", str(out), "--seconds", str(seconds)],
            env={**os.environ, **environment, "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            last = (process.stderr.strip().splitlines() or ["it says nothing"])[-1]
            raise SeqtasksError(f"the process {'with the GPU' if number else 'on the CPU'} failed: {last[:500]}")
        with np.load(out / "outputs.npz") as outputs:
            sides.append((json.loads((out / "speed.json").read_text("utf-8")), dict(outputs)))
    (cpu, on_cpu), (gpu, on_gpu) = sides
    return {
        "difference": largest_difference(on_cpu, on_gpu),
        "cpu": cpu["rows"],
        "gpu": gpu["rows"],
        "keras": gpu["keras"],
        "cudnn": gpu["cudnn"],
    }


def largest_difference(one: dict, other: dict) -> float:
    """Returns by how much outputs differ, as a share of their largest number, or of 1 if that is more.

    Where anything but numbers with a fraction differs, as a text does, that is infinite.
    """
    differences = [0.0]
    for name, mine in one.items():
        theirs = other[name]
        if mine.shape != theirs.shape or mine.dtype.kind != theirs.dtype.kind:
            differences.append(np.inf)
        elif mine.dtype.kind != "f":
            differences.append(0.0 if np.array_equal(mine, theirs) else np.inf)
        elif mine.size:
            difference = np.abs(mine.astype("float64") - theirs).max()
            # Not a number differs from everything.
            differences.append(np.inf if np.isnan(difference) else difference / max(1.0, np.abs(mine).max()))
    return float(max(differences))


def line(name: str, found: dict) -> str:
    """Returns a row of the table."""
    keras = "-" if found["keras"] is None else f"{found['keras']:.0f}"
    share = "-" if found["keras"] is None else f"{found['gpu'] / found['keras']:.0%}"
    numbers = f"{found['cpu']:>12.0f}{found['gpu']:>12.0f}{keras:>14}{share:>7}{found['difference']:>11.1e}"
    return f"{name:34}{numbers}  {'ran' if found['cudnn'] else 'did not run'}"


def answer(folder: Path, out: Path, seconds: float) -> None:
    """Answers a request in this process, on its GPU if it sees one, and writes the answer and the speed.

    Args:
        folder: What `write_case` or `write_request` wrote.
        out: Where to write to.
        seconds: How long speed is measured.
    """
    import tensorflow as tf

    model = (folder / "model.txt").read_text("utf-8")
    with np.load(folder / "request.npz") as request:
        request = dict(request)
    rows = len(next(iter(request.values())))
    loaded = tf.saved_model.load(model)
    function, arguments = loaded.signatures[SIGNATURE], {name: tf.constant(value) for name, value in request.items()}
    tf.config.experimental.enable_tensor_float_32_execution(False)
    outputs = {name: value.numpy() for name, value in function(**arguments).items()}
    np.savez(out / "outputs.npz", **{name: _plain(value) for name, value in outputs.items()})
    ran = ops_run(model, request)
    tf.config.experimental.enable_tensor_float_32_execution(True)
    speed = {"rows": rows / _seconds_a_call(lambda: function(**arguments), seconds), "keras": None}
    if (folder / TWIN).exists():
        import keras

        twin = keras.models.load_model(folder / TWIN)
        call = tf.function(lambda **given: twin(given, training=False), autograph=False)
        speed["keras"] = rows / _seconds_a_call(lambda: call(**arguments), seconds)
    (out / "speed.json").write_text(json.dumps({**speed, "cudnn": "CudnnRNNV3" in ran}), "utf-8")


def ops_run(model: str, request: dict) -> set[str]:
    """Returns the kinds of operations that a session ran on any device to answer a request."""
    import tensorflow.compat.v1 as tf

    with tf.Session(graph=tf.Graph()) as session:
        signature = tf.saved_model.load(session, ["serve"], model).signature_def[SIGNATURE]
        trace = tf.RunMetadata()
        session.run(
            [output.name for output in signature.outputs.values()],
            {signature.inputs[name].name: value for name, value in request.items()},
            options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE),
            run_metadata=trace,
        )
    labels = [node.timeline_label for device in trace.step_stats.dev_stats for node in device.node_stats]
    # A label is "name = Op(inputs)", perhaps with the memory it took before.
    return {label.partition(" = ")[2].partition("(")[0] for label in labels}


def _seconds_a_call(call, seconds: float) -> float:
    """Returns the median; a call's results are read back, as a device works on after it has returned."""

    def timed():
        started = time.perf_counter()
        for value in _flat(call()):
            value.numpy()
        return time.perf_counter() - started

    for _ in range(3):
        timed()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        times.append(timed())
    return float(np.median(times))


def _flat(results):
    return results.values() if isinstance(results, dict) else [results]


def _plain(array):
    return array.astype(bytes) if array.dtype.kind == "O" else array


def name_of(case: Case) -> str:
    """Returns a case's name in the table."""
    batch, length, features, units = case.sizes
    layer = f"{'bidirectional ' if case.bidirectional else ''}{case.layer.removesuffix('ResetAfter')}"
    return f"{layer} [{batch},{length},{features}] {units}"


if __name__ == "__main__":
    main()
