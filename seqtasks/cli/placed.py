"""Texts that know where they are from, so that messages can say so."""


class Placed(str):
    """A text out of a file.

    Args:
        text: What it says.
        place: The file, and the number of the line where it begins.
    """

    def __new__(cls, text: str, place: tuple):
        placed = super().__new__(cls, text)
        placed.place = place
        return placed
