"""What exports are asked when they are measured."""

import itertools

import numpy as np

from seqtasks.errors import SeqtasksError
from seqtasks.serving.language_signatures import DEFAULTS as LANGUAGE_DEFAULTS
from seqtasks.serving.rows import dense, encoded
from seqtasks.serving.translation_signatures import DEFAULTS as TRANSLATION_DEFAULTS

# Words, or frames, or symbols to write; bases, which are no words, are more, and sounds last seconds.
LENGTHS = {"short": 12, "medium": 40, "long": 160}
LETTERS_A_WORD = 6
WORDS_A_SECOND = 10

_DEFAULTS = {**LANGUAGE_DEFAULTS, **TRANSLATION_DEFAULTS}


def make_arguments(specs: dict, examples: list[str], batch: int, length: str, inputs=None) -> dict[str, np.ndarray]:
    """Returns a signature's arguments by name.

    Texts are made of the words of the task's examples, from another word on in every row; sounds and clips are noise.
    A language model is given its examples and told how much to write.

    Args:
        specs: The arguments' `tf.TensorSpec`s by name.
        examples: The task's serving examples, where they are texts.
        batch: Rows.
        length: One of `LENGTHS`.
        inputs: The configuration's section of inputs: what sounds and clips are like.

    Raises:
        SeqtasksError: For an argument of which nothing is known.
    """
    count = LENGTHS[length]
    writes = "max_length" in specs
    noise = np.random.default_rng(0)
    found = {}
    for name, spec in specs.items():
        kind, rank = spec.dtype.as_numpy_dtype, spec.shape.rank
        if name == "max_length":
            found[name] = np.full(batch, count, kind)
        elif name in _DEFAULTS and name != "target":
            found[name] = np.full(batch, _DEFAULTS[name], kind)
        elif name in ("text", "prompt", "source", "target", "tokens"):
            rows = (
                list(itertools.islice(itertools.cycle(examples), batch)) if writes else _texts(examples, batch, count)
            )
            found[name] = _bytes(rows) if rank == 1 else _bytes(dense([row.split() for row in rows]))
        elif name == "audio":
            samples = inputs.sample_rate * count // WORDS_A_SECOND
            found[name] = noise.normal(0, 0.1, [batch, samples]).astype(kind)
        elif name == "frames":
            size = (inputs.frame_size, inputs.frame_size, inputs.channels)
            found[name] = noise.integers(0, 256, [batch, count, *size]).astype(kind)
        elif name != "length":
            raise SeqtasksError(
                f"argument {name!r} cannot be made up: only texts, sounds as samples and clips as frames can. "
                "Name another --signature"
            )
    if "length" in specs:
        whole = next(iter(found.values())).shape[1]
        found["length"] = np.full(batch, whole, specs["length"].dtype.as_numpy_dtype)
    return found


def _texts(examples: list[str], batch: int, count: int) -> list[str]:
    examples = [example for example in examples if example.strip()]
    if not examples:
        raise SeqtasksError("the export's seqtasks.json names no text to ask it with")
    joined = " ".join(examples).split()
    if any(" " in example for example in examples):
        return [" ".join(_cut(joined, start, count)) for start in range(batch)]
    letters = "".join(joined)
    return ["".join(_cut(letters, start, count * LETTERS_A_WORD)) for start in range(batch)]


def _cut(units, start: int, count: int) -> list[str]:
    start %= len(units)
    return list(itertools.islice(itertools.cycle(units), start, start + count))


def _bytes(rows) -> np.ndarray:
    """Returns texts as bytes, in an array that NumPy takes for one of objects whatever their lengths."""
    flat = rows if not rows or not isinstance(rows[0], list) else list(itertools.chain.from_iterable(rows))
    array = np.empty(len(flat), object)
    array[:] = [encoded(item) if isinstance(item, str) else item for item in flat]
    return array.reshape((len(rows), -1)) if flat is not rows else array
