"""The range of a configuration field, written in its type."""

import functools
import math
import typing
from dataclasses import dataclass
from typing import Annotated

from seqtasks.errors import UsageError


@dataclass(frozen=True)
class Range:
    """Numbers that a field may hold; never infinite ones.

    Args:
        least: The least of them.
        above: They are larger than this.
        most: The largest of them.
        below: They are smaller than this.
    """

    least: float = -math.inf
    above: float = -math.inf
    most: float = math.inf
    below: float = math.inf

    def __contains__(self, value: float) -> bool:
        return math.isfinite(value) and self.least <= value <= self.most and self.above < value < self.below

    def __str__(self) -> str:
        limits = (("at least", self.least), ("above", self.above), ("at most", self.most), ("below", self.below))
        return " and ".join(f"{word} {limit:.10g}" for word, limit in limits if math.isfinite(limit))


Positive = Annotated[int, Range(least=1)]
Count = Annotated[int, Range(least=0)]
Share = Annotated[float, Range(least=0, below=1)]
Part = Annotated[float, Range(above=0, below=1)]
Rate = Annotated[float, Range(above=0)]
Weight = Annotated[float, Range(least=0)]
Seed = Annotated[int, Range(least=0, most=2**32 - 1)]


class Ranged:
    """A frozen dataclass whose annotated numbers are checked when it is made.

    Raises:
        UsageError: For a number outside its field's range.
    """

    def __post_init__(self) -> None:
        for name, allowed in ranges(type(self)).items():
            value = getattr(self, name)
            if value not in allowed:
                raise UsageError(f"{name} must be {allowed}. Received: {value!r}")


@functools.cache
def ranges(kind: type) -> dict[str, Range]:
    """Returns the range of every field of a class that has one."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {
        name: extra
        for name, hint in hints.items()
        for extra in getattr(hint, "__metadata__", ())
        if type(extra) is Range
    }
