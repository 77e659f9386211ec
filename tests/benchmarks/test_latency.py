"""Percentiles, throughput and turns, by a clock made up for the purpose."""

import random

import pytest
from seqtasks.benchmarks.latency import Turn, summary, take_turns, timed


def test_percentiles_are_in_milliseconds_and_throughput_in_rows():
    seconds = [value / 1000 for value in range(1, 101)]
    found = summary([Turn(seconds[:50], sum(seconds[:50])), Turn(seconds[50:], sum(seconds[50:]))], rows=8)
    assert found["p50"] == pytest.approx(50.5)
    assert found["p95"] == pytest.approx(95.05)
    assert found["p99"] == pytest.approx(99.01)
    assert found["rows_per_second"] == pytest.approx(8 * 100 / 5.05)
    assert found["calls"] == 100


def test_calls_side_by_side_are_counted_by_the_time_they_took_together():
    # Four clients, each of whom waited half a second five times.
    found = summary([Turn([0.5] * 20, 2.5)], rows=2)
    assert (found["p50"], found["rows_per_second"]) == (500, 16)


class Clock:
    """Tells a time that passes in calls alone."""

    def __init__(self, steps):
        self.now, self.steps, self.calls = 0.0, steps, 0

    def __call__(self):
        return self.now

    def call(self):
        self.now += self.steps[min(self.calls, len(self.steps) - 1)]
        self.calls += 1


def test_the_first_call_is_not_counted():
    clock = Clock([100.0, 2.0, 3.0, 4.0])
    assert timed(clock.call, seconds=7, least=1, clock=clock) == Turn([2.0, 3.0, 4.0], 9.0)


def test_some_calls_are_counted_however_long_they_take():
    clock = Clock([1.0])
    assert len(timed(clock.call, seconds=0, least=3, clock=clock).seconds) == 3


def test_everyone_has_a_turn_in_every_round_in_changing_order():
    seen = []

    def turn(name):
        seen.append(name)
        return Turn([len(seen)], len(seen))

    names = ["a", "b", "c"]
    turns = take_turns({name: lambda name=name: turn(name) for name in names}, rounds=20, order=random.Random(0))
    rounds = [tuple(seen[start : start + 3]) for start in range(0, 60, 3)]
    assert all(sorted(one) == names for one in rounds)
    assert len(set(rounds)) > 3
    assert [len(turns[name]) for name in names] == [20, 20, 20]
