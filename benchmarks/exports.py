"""Latency and throughput of an export, beside the same model made of keras.layers."""

import functools
import json
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from seqtasks.benchmarks import contenders, latency, ways
from seqtasks.benchmarks.contenders import OURS, Contender
from seqtasks.benchmarks.export_requests import LENGTHS, make_arguments
from seqtasks.benchmarks.keras_twin import make_twin

from seqtasks.config import Config
from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.serving.export import DESCRIPTION
from seqtasks.serving.loading import load_run
from seqtasks.training.run_folder import is_export

BATCHES = (1, 8, 32, 128)
SIGNATURE = "serving_default"

Requests = dict[tuple[int, str], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Pace:
    """How long everything is measured.

    Args:
        rounds: How many turns every contender has.
        seconds: How long a turn is.
        tell: Takes lines on how it goes.
    """

    rounds: int = 10
    seconds: float = 0.2
    tell: Callable[[str], None] = print


def measure(
    folder,
    *,
    output_dir="runs",
    signature: str = SIGNATURE,
    batches=BATCHES,
    lengths=tuple(LENGTHS),
    texts: list[str] | None = None,
    twin: bool = True,
    session: bool = False,
    clients: int = 0,
    pace: Pace = Pace(),
) -> dict:
    """Measures an export.

    Args:
        folder: Its version's folder.
        output_dir: Where its run is kept, of which the twin is made.
        signature: The signature to call.
        batches: Rows of a call.
        lengths: Lengths of the inputs, of `export_requests.LENGTHS`.
        texts: Texts to ask with; the task's examples by default.
        twin: Whether to compare with keras.layers.
        session: Whether to run it in a session too, as TF Serving does.
        clients: How many clients ask the embedded server at the same time; 0 for no server.
        pace: How long.

    Returns:
        `task`, `family`, `export` and `signature`; `twin`, a line on how close its answers are, or why there is none;
        and `rows`, each with `part` ("whole", or "core" for what is between ids and scores), `through`, `batch`,
        `length`, and `variants`, summaries by contender.

    Raises:
        UsageError: The export has no such signature.
        SeqtasksError: It cannot be read, or the twin answers otherwise.
    """
    folder = Path(folder)
    description, config = _read(folder)
    ours = Contender(OURS, folder, signature)
    texts, defaults = texts or description["serving_examples"], description.get("defaults", {})
    make = functools.partial(make_arguments, contenders.specs(ours), texts, defaults, inputs=config.inputs)
    requests = {(batch, length): make(batch=batch, length=length) for length in lengths for batch in batches}
    with tempfile.TemporaryDirectory() as temporary:
        whole, cores, features, told = [ours], [], {}, "not asked for"
        if twin:
            try:
                loaded = _load_run(description, output_dir, signature)
                model = make_twin(loaded)
            except UsageError as error:
                told = f"none: {error}"
            else:
                whole += contenders.write_twins(model, Path(temporary) / "whole")
                told = contenders.compare(whole, requests.values())
                cores = contenders.write_cores(loaded, model, Path(temporary) / "core")
                features = {key: contenders.features(loaded, arrays["text"]) for key, arrays in requests.items()}
        pace.tell(f"Twin of keras.layers: {told}")
        rows = _measure("whole", "in process", ways.in_process, whole, requests, pace)
        if cores:
            rows += _measure("core", "in process", ways.in_process, cores, features, pace)
        if session:
            rows += _measure("whole", "in a session", ways.in_session, whole, requests, pace)
        if clients:
            through = f"REST, {clients} client{'s' * (clients > 1)}"
            rows += _measure("whole", through, ways.through_server(clients), whole, requests, pace)
    told = {"task": description["task"], "family": description["family"], "twin": told}
    return {**told, "export": str(folder), "signature": signature, "rows": rows}


def _measure(part: str, through: str, way, contending: list[Contender], requests: Requests, pace: Pace) -> list[dict]:
    rows, order = [], random.Random(0)
    with way(contending) as prepare:
        for (batch, length), arrays in requests.items():
            calls = {c.name: functools.partial(prepare(c, arrays), pace.seconds) for c in contending}
            turns = latency.take_turns(calls, pace.rounds, order)
            variants = {name: latency.summary(found, batch) for name, found in turns.items()}
            rows.append({"part": part, "through": through, "batch": batch, "length": length, "variants": variants})
            medians = ", ".join(f"{name} {values['p50']:.3g} ms" for name, values in variants.items())
            pace.tell(f"{part}, {through}, batch {batch}, {length}: {medians}")
    return rows


def _read(folder: Path) -> tuple[dict, Config]:
    if not is_export(folder):
        raise UsageError(f"{folder} is not an export's folder: it has no saved_model.pb")
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        return description, Config.from_dict(description["config"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SeqtasksError(f"{folder / DESCRIPTION} cannot be read: {error!r}. Export the run again.") from error


def _load_run(description: dict, output_dir, signature: str):
    if signature != SIGNATURE:
        raise UsageError(f"only of {SIGNATURE}")
    run = Path(output_dir) / description["task"] / description["run"]
    if not (run / "config.json").is_file():
        raise UsageError(f"its run, {run}, is not there. Tell where with --output-dir")
    return load_run(run)
