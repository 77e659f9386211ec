"""Pieces of music as text and back: `key:C_major 48 60 64 | 48 60 65 |`.

Every frame is written as its pitches, MIDI's numbers, and a sign that ends it; a key may stand before the first.
"""

import re

from seqtasks.errors import UsageError

FRAME_END = "|"
KEY = "key:"
PITCHES = 128

_MODES = {
    "major": ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    "minor": ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"),
}
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "b": -1}
_KEY_NAME = re.compile(r"([A-G])([#b]?) (major|minor)")
_NUMBER = re.compile("0|[1-9][0-9]{0,2}")
_SHOWN = 5


def write_piece(frames, key: str = "", order: str = "ascending") -> str:
    """Returns a piece's text.

    Args:
        frames: For each frame its pitches.
        key: The key's name, or `""` for none.
        order: `"ascending"` or `"descending"`, the order of a frame's pitches.
    """
    words = [key_symbol(key)] if key else []
    for frame in frames:
        words += [*map(str, sorted(set(frame), reverse=order == "descending")), FRAME_END]
    return " ".join(words)


def read_piece(text: str) -> tuple[list[list[int]], str]:
    """Returns the frames and the key of a piece's text, the reverse of `write_piece`.

    A frame's pitches may stand in any order. A last frame without its end is left out.

    Raises:
        UsageError: If a word is neither a pitch nor the end of a frame, or a key that is not the first.
    """
    words, frames, frame = text.split(), [], []
    key = key_name(words.pop(0)) if words and words[0].startswith(KEY) else ""
    wrong = [word for word in words if word != FRAME_END and not is_pitch(word)]
    if wrong:
        shown = ", ".join(map(repr, wrong[:_SHOWN])) + ", ..." * (len(wrong) > _SHOWN)
        raise UsageError(
            f"a piece is written as pitches from 0 to {PITCHES - 1} with {FRAME_END} behind each frame, and may begin "
            f"with its key, as {KEY}C_major. Received: {shown}"
        )
    for word in words:
        if word == FRAME_END:
            frames.append(sorted(set(frame)))
            frame = []
        else:
            frame.append(int(word))
    return frames, key


def is_pitch(word: str) -> bool:
    """Returns whether a word is a pitch as a piece's text has it."""
    return _NUMBER.fullmatch(word) is not None and int(word) < PITCHES


def key_symbol(name: str) -> str:
    """Returns the symbol of a key: `"key:C_major"` for `"C major"`."""
    return KEY + "_".join(name.split())


def key_name(symbol: str) -> str:
    """Returns the name of a key's symbol."""
    return symbol.removeprefix(KEY).replace("_", " ")


def transposed_key(name: str, semitones: int) -> str:
    """Returns the name of the key so many semitones above; a name that is none of a key stays as it is."""
    found = _KEY_NAME.fullmatch(name)
    if not found or semitones % 12 == 0:
        return name
    letter, accidental, mode = found.groups()
    return f"{_MODES[mode][(_LETTERS[letter] + _ACCIDENTALS[accidental] + semitones) % 12]} {mode}"
