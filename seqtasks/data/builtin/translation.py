"""Generated texts to translate: sentences in small languages, and dates.

See `seqtasks.data.builtin.small_languages` and `seqtasks.data.builtin.dates`.
"""

import random
import re

from seqtasks.data.builtin import dates, small_languages
from seqtasks.task import Example

SIZES = {"train": 5000, "validation": 500, "test": 500}
_DATES = 0.25


def generate(seed: int = 1) -> dict[str, list[Example]]:
    """Returns texts and translations by split, the same ones for the same seed, no source twice.

    Every word of validation and test stands in train too, on the same side.

    Args:
        seed: Seed of everything random.
    """
    rng = random.Random(seed)
    sources: set[str] = set()
    known: dict[str, set[str]] = {"source": set(), "target": set()}
    splits: dict[str, list[Example]] = {name: [] for name in SIZES}
    for name, examples in splits.items():
        while len(examples) < SIZES[name]:
            example = (dates if rng.random() < _DATES else small_languages).example(rng)
            words = {side: words_of(text) for side, text in example.items()}
            if example["source"] in sources:
                continue
            if name == "train":
                for side in known:
                    known[side] |= words[side]
            elif not all(words[side] <= known[side] for side in known):
                continue
            sources.add(example["source"])
            examples.append(example)
    return splits


def words_of(text: str) -> set[str]:
    """Returns the words, numbers and marks of a text."""
    return set(re.findall(r"\w+|[^\w\s]", text))
