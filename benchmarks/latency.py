"""How long calls take, when every variant has its turns."""

import random
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

PERCENTILES = (50, 95, 99)


class Turn(NamedTuple):
    """What a variant did in its turn.

    Args:
        seconds: How long each call took.
        elapsed: How long they took together, which is less than their sum where they ran side by side.
    """

    seconds: list[float]
    elapsed: float


def summary(turns: list[Turn], rows: int) -> dict:
    """Returns what is told of a variant's turns.

    Args:
        turns: The turns.
        rows: Rows of a call.

    Returns:
        `p50`, `p95` and `p99` in milliseconds, `rows_per_second`, and the number of `calls`.
    """
    seconds = [value for turn in turns for value in turn.seconds]
    values = np.percentile(np.asarray(seconds) * 1e3, PERCENTILES).tolist()
    percentiles = {f"p{percent}": value for percent, value in zip(PERCENTILES, values, strict=True)}
    rate = rows * len(seconds) / sum(turn.elapsed for turn in turns)
    return {**percentiles, "rows_per_second": rate, "calls": len(seconds)}


def timed(call: Callable[[], object], seconds: float, least: int = 3, clock=time.perf_counter) -> Turn:
    """Calls for a while. The first call, which finds cold caches, is not counted.

    Args:
        call: What to time.
        seconds: For how long.
        least: How many calls are counted at least.
        clock: Tells the time.
    """
    call()
    times, end = [], clock() + seconds
    while len(times) < least or clock() < end:
        started = clock()
        call()
        times.append(clock() - started)
    return Turn(times, sum(times))


def take_turns(variants: dict[str, Callable[[], Turn]], rounds: int, order: random.Random) -> dict[str, list[Turn]]:
    """Lets every variant have its turn in every round, so that a slow moment of the machine meets all of them.

    Args:
        variants: By name, what runs one turn.
        rounds: How many turns each has.
        order: Draws the order in a round.

    Returns:
        The turns by name.
    """
    turns = {name: [] for name in variants}
    for _ in range(rounds):
        for name in order.sample(list(variants), len(variants)):
            turns[name].append(variants[name]())
    return turns
