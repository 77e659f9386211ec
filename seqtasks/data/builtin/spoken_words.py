"""Generated speech: digits, yes and no, one to four of them in an utterance, by many voices."""

import random

from seqtasks.task import Example

SIZES = {"train": 600, "validation": 100, "test": 100}
MOST_WORDS = 4

_SPELLING = {
    "zero": "z ih r ow uw",
    "one": "w ah n",
    "two": "- t uw uw",
    "three": "th r iy iy",
    "four": "f ao r",
    "five": "f aa iy v",
    "six": "s ih - k s",
    "seven": "s eh v ah n",
    "eight": "eh iy - t",
    "nine": "n aa iy n",
    "yes": "y eh s",
    "no": "n ow uw",
}
WORDS = tuple(_SPELLING)


def generate(seed: int = 1) -> dict[str, list[Example]]:
    """Returns utterances of one to four words by split, the same ones for the same seed.

    Args:
        seed: Seed of everything random.

    Returns:
        For each split examples `{"audio": int16 [S], "text": "three seven yes"}`, of 8,000 samples a second.
    """
    return _generate(seed, "text", MOST_WORDS)


def generate_single(seed: int = 1) -> dict[str, list[Example]]:
    """Returns single words by split, as `{"audio": int16 [S], "label": "three"}`. See `generate`."""
    return _generate(seed, "label", 1)


def say(*utterances: str, seed: int = 1) -> list:
    """Returns each text spoken by a voice of its own, int16 `[S]`.

    Args:
        utterances: Texts of `WORDS`, as `"three seven yes"`.
        seed: Seed of the voices.
    """
    import numpy as np

    from seqtasks.data.builtin.utterances import utter

    rng = np.random.default_rng(seed)
    return [utter([_SPELLING[word].split() for word in text.split()], rng) for text in utterances]


def _generate(seed: int, target: str, most: int) -> dict[str, list[Example]]:
    import numpy as np

    from seqtasks.data.builtin.utterances import utter

    choose, rng = random.Random(seed), np.random.default_rng(seed)
    splits = {}
    for split, size in SIZES.items():
        splits[split] = []
        for _ in range(size):
            words = [choose.choice(WORDS) for _ in range(choose.randint(1, most))]
            audio = utter([_SPELLING[word].split() for word in words], rng)
            splits[split].append({"audio": audio, target: " ".join(words)})
    return splits
