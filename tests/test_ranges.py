from dataclasses import dataclass

import pytest

from seqtasks.errors import UsageError
from seqtasks.ranges import Part, Positive, Range, Ranged, Share


@dataclass(frozen=True)
class Settings(Ranged):
    units: Positive = 1
    dropout: Share = 0.0
    part: Part = 0.5
    name: str = "any"


def test_numbers_inside_their_ranges():
    assert Settings(7, 0.99, 0.01).units == 7


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"units": 0}, "units must be at least 1. Received: 0"),
        ({"dropout": 1}, "dropout must be at least 0 and below 1. Received: 1"),
        ({"dropout": -0.1}, "dropout must be at least 0 and below 1"),
        ({"part": 0.0}, "part must be above 0 and below 1"),
        ({"units": float("inf")}, "units must be at least 1. Received: inf"),
        ({"part": float("nan")}, "part must be above 0 and below 1. Received: nan"),
    ],
)
def test_numbers_outside(values, message):
    with pytest.raises(UsageError) as caught:
        Settings(**values)
    assert str(caught.value).startswith(message)


def test_a_range_in_words():
    assert str(Range(least=0, most=2**32 - 1)) == "at least 0 and at most 4294967295"
