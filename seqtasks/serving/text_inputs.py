"""Texts as the rows of a signature's arguments."""

from seqtasks.errors import UsageError
from seqtasks.serving.rows import encoded


class TextInputs:
    """Reads texts; see `seqtasks.serving.raw_inputs.RawInputs`.

    Args:
        inputs: The configuration's section of inputs.
    """

    what = "texts, each a str"
    key = "text"
    hard = ("", " \t ", "Zoë naïvely paid 3.50 € in 東京 😀.", "(e.g. ...)!?", "word " * 300)

    def __init__(self, inputs=None):
        self.inputs = inputs

    def load(self, given) -> str:
        """Returns the text.

        Raises:
            UsageError: For anything else.
        """
        if not isinstance(given, str):
            raise UsageError(f"expected a list of {self.what}. Received: {given!r}")
        return given

    def show(self, loaded: str) -> str:
        """Returns the text."""
        return loaded

    def size(self, loaded: str) -> int:
        """Returns its bytes."""
        return len(encoded(loaded))

    def arguments(self, signature: str, loaded: list[str]) -> dict[str, list]:
        """Returns `text`, or for the signature `tokens` what stands between blanks."""
        if signature != "tokens":
            return {"text": [encoded(text) for text in loaded]}
        return {"tokens": [[encoded(token) for token in text.split()] for text in loaded]}
