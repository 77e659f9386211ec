"""Layers' speed: every library's variants in turns, so that a slow moment of the machine meets all of them."""

import dataclasses
import itertools
import random
from collections.abc import Callable

import numpy as np
from seqtasks.benchmarks.cases import Case
from seqtasks.benchmarks.workers import PEERS, Worker, missing

from seqtasks.errors import SeqtasksError, UsageError

OURS = "seqtasks"


def measure(
    cases: list[Case],
    peers=tuple(PEERS),
    threads: int = 2,
    rounds: int = 15,
    seconds: float = 0.2,
    processes: int = 1,
    device: str = "cpu",
    tell: Callable[[str], None] = print,
    show: bool = False,
) -> dict:
    """Measures cases.

    Args:
        cases: What to measure.
        peers: With whom; names of `PEERS`.
        threads: Threads of every library.
        rounds: How often every variant has its turn.
        seconds: How long a turn is.
        processes: How often to begin anew with new processes.
        device: "cpu" or "gpu".
        tell: Takes lines on how it goes.
        show: Whether to show what the libraries print.

    Returns:
        `versions`; `peak`, the matrix product's operations a second; `rows`, one a case, each with `case` and
        `variants`, the times' statistics in milliseconds and the memory by variant.

    Raises:
        UsageError: A peer is unknown.
    """
    for peer in peers:
        if peer not in PEERS:
            raise UsageError(f"there is no peer {peer!r}; use {', '.join(PEERS)}.")
        if missing(peer):
            tell(
                f"{peer} is not compared: {' and '.join(missing(peer))} not installed (pip install 'seqtasks[bench]')."
            )
    libraries = {"tensorflow": ("tensorflow", {})}
    libraries |= {p: (PEERS[p].library, PEERS[p].environment) for p in peers if p != "keras" and not missing(p)}
    times, memory, versions, peaks = {}, {}, {}, []
    for process, case in itertools.product(range(processes), cases):
        workers = {}
        try:
            for name, (library, environment) in libraries.items():
                try:
                    workers[name] = Worker(library, environment, threads, device, show)
                except SeqtasksError as error:
                    tell(f"{name}: {error}")
            versions |= {key: value for worker in workers.values() for key, value in worker.versions.items()}
            turns = _turns(workers, case, "keras" in peers, tell)
            peaks.append(workers["tensorflow"].ask("peak"))
            found = _take_turns(turns, rounds, seconds, random.Random(process))
            for variant, values in found.items():
                times.setdefault((case, variant), []).extend(values)
            for variant, (worker, name) in turns.items():
                memory[case, variant] = worker.ask("memory", variant=name)
        finally:
            for worker in workers.values():
                worker.close()
        tell(_line(case, {variant: statistics(values)["median"] for variant, values in found.items()}))
    rows = [
        {
            "case": dataclasses.asdict(case),
            "operations": case.operations,
            "variants": {
                variant: {**statistics(values), "memory_mib": memory[case, variant]}
                for (measured, variant), values in times.items()
                if measured == case
            },
        }
        for case in cases
    ]
    return {"versions": versions, "peak": max(peaks), "rows": rows}


def statistics(seconds: list[float]) -> dict:
    """Returns the median and the 20th and 80th percentile in milliseconds, and the number of calls."""
    low, median, high = np.percentile(np.asarray(seconds) * 1e3, [20, 50, 80]).tolist()
    return {"median": median, "p20": low, "p80": high, "calls": len(seconds)}


def best(variants: dict, library: str) -> float | None:
    """Returns the least median of a library's variants, or None where it has none."""
    times = [values["median"] for name, values in variants.items() if name.split()[0].split("-")[0] == library]
    return min(times, default=None)


def _turns(workers, case, with_keras, tell):
    turns = {}
    for name, worker in list(workers.items()):
        try:
            answer = worker.ask("prepare", case=dataclasses.asdict(case))
        except SeqtasksError as error:
            if name == "tensorflow":
                raise
            tell(f"{name}: {error}")
            continue
        for variant, why in answer["failed"].items():
            if "differ by" in why:
                raise SeqtasksError(why)
            tell(f"{variant} cannot run {case}: {why}")
        for variant in answer["ready"]:
            if with_keras or not variant.startswith("keras"):
                turns[name if name == "torch-tuned" else variant] = (worker, variant)
    return turns


def _take_turns(turns, rounds, seconds, order):
    times = {variant: [] for variant in turns}
    for _ in range(rounds):
        for variant in order.sample(list(turns), len(turns)):
            worker, name = turns[variant]
            times[variant] += worker.ask("run", variant=name, seconds=seconds)
    return times


def _line(case, medians):
    values = ", ".join(f"{variant} {value:.3g} ms" for variant, value in medians.items())
    return f"{case.layer} {case.shape} {case.mode}: {values}"
