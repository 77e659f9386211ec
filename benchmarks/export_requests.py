"""What exports are asked when they are measured."""

import itertools

import numpy as np

from seqtasks.errors import SeqtasksError
from seqtasks.serving.rows import dense, encoded

# Words, or frames, or symbols to write; bases, which are no words, are more, and sounds last seconds.
LENGTHS = {"short": 12, "medium": 40, "long": 160}
LETTERS_A_WORD = 6
WORDS_A_SECOND = 10


def make_arguments(
    specs: dict, texts: list[str], defaults: dict, batch: int, length: str, inputs=None
) -> dict[str, np.ndarray]:
    """Returns a signature's arguments by name.

    Texts are cut from those given, one after the other; sounds and clips are noise. A language model is given the texts
    as they are, and told how much to write.

    Args:
        specs: The arguments' `tf.TensorSpec`s by name.
        texts: Texts.
        defaults: What a row gives for arguments that the model does not read.
        batch: Rows.
        length: One of `LENGTHS`.
        inputs: The configuration's section of inputs: what sounds and clips are like.

    Raises:
        SeqtasksError: For an argument of which nothing is known.
    """
    count, writes, noise, found = LENGTHS[length], "max_length" in specs, np.random.default_rng(0), {}
    for name, spec in specs.items():
        kind = spec.dtype.as_numpy_dtype
        if name == "max_length":
            found[name] = np.full(batch, count, kind)
        elif name in ("text", "prompt", "source", "target", "tokens"):
            rows = list(itertools.islice(itertools.cycle(texts), batch)) if writes else _cut(texts, batch, count)
            found[name] = _bytes(rows if spec.shape.rank == 1 else dense([row.split() for row in rows]))
        elif name == "audio":
            samples = inputs.sample_rate * count // WORDS_A_SECOND
            found[name] = noise.normal(0, 0.1, [batch, samples]).astype(kind)
        elif name == "frames":
            size = (inputs.frame_size, inputs.frame_size, inputs.channels)
            found[name] = noise.integers(0, 256, [batch, count, *size]).astype(kind)
        elif name in defaults:
            found[name] = np.full(batch, defaults[name], kind)
        elif name != "length":
            raise SeqtasksError(
                f"argument {name!r} cannot be made up: only texts, samples of sounds and frames of clips can. "
                "Name another --signature"
            )
    if "length" in specs:
        whole = next(iter(found.values())).shape[1]
        found["length"] = np.full(batch, whole, specs["length"].dtype.as_numpy_dtype)
    return found


def _cut(texts: list[str], batch: int, count: int) -> list[str]:
    if not any(text.strip() for text in texts):
        raise SeqtasksError("there is no text to ask the export with. Give some with --file FILE")
    joined = " ".join(texts).split()
    if any(" " in text.strip() for text in texts):
        return [" ".join(_piece(joined, row, count)) for row in range(batch)]
    letters = "".join(joined)
    return ["".join(_piece(letters, row, count * LETTERS_A_WORD)) for row in range(batch)]


def _piece(units, row: int, count: int) -> list[str]:
    """Returns a row's piece; one unit is left out between rows, so that few examples too give rows that differ."""
    start = row * (count + 1) % len(units)
    return list(itertools.islice(itertools.cycle(units), start, start + count))


def _bytes(rows) -> np.ndarray:
    """Returns texts as bytes, in an array that NumPy takes for one of objects whatever their lengths."""
    flat = rows if not rows or not isinstance(rows[0], list) else list(itertools.chain.from_iterable(rows))
    array = np.empty(len(flat), object)
    array[:] = [encoded(item) if isinstance(item, str) else item for item in flat]
    return array.reshape((len(rows), -1)) if flat is not rows else array
