"""Reads the generators' word lists, which are written as plain text."""


def words(text: str) -> list[str]:
    """Returns the words of a text."""
    return text.split()


def phrases(text: str) -> list[str]:
    """Returns the lines of a text that hold something."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
