"""How much a model takes at once, wherever it serves."""

from dataclasses import dataclass

from seqtasks.ranges import Positive, Ranged


@dataclass(frozen=True)
class FewRows(Ranged):
    """Input of which a request may have so many rows.

    Args:
        most_rows: The most rows of a request.
    """

    most_rows: Positive = 2_048


@dataclass(frozen=True)
class Limited(FewRows):
    """Input of which anybody may send any amount: what is beyond these limits is refused, before it fills the memory.

    Training is not limited, and a text that is cut to `max_length` is never too long.

    Args:
        longest_text: The most symbols of a text, words or letters or whatever the input is made of.
        largest_batch: The most places of a request, which are its rows times the symbols of its longest text, since all
            others are padded to that length.
        most_rows: See `FewRows`.
    """

    longest_text: Positive = 20_000
    largest_batch: Positive = 65_536
