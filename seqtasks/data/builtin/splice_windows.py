"""Generated windows of DNA, some with a splice site in their middle.

`EI`: an exon ends there and an intron begins, with GT. `IE`: an intron ends, with AG, and an exon
begins. `N`: neither; these windows lie within an exon, an intron or between genes, and some have GT or
AG in their middle nevertheless.
"""

import random

from seqtasks.data.builtin import dna_signals as signals
from seqtasks.task import Example

SIZES = {"train": 2000, "validation": 300, "test": 500}
WIDTH = 60
_HALF = WIDTH // 2
_DECOYS = 0.3


def generate(seed: int = 1) -> dict[str, list[Example]]:
    """Returns windows by split, the same ones for the same seed, none of them twice.

    Half of them are `N`. An example is `{"text": bases, "label": str}`.

    Args:
        seed: Seed of everything random.
    """
    rng, seen = random.Random(f"splice windows {seed}"), set()
    splits: dict[str, list[Example]] = {name: [] for name in SIZES}
    for name, examples in splits.items():
        while len(examples) < SIZES[name]:
            label = ("N", "EI", "N", "IE")[len(examples) % 4]
            text = {"N": _neither, "EI": _exon_intron, "IE": _intron_exon}[label](rng)
            if text not in seen:
                seen.add(text)
                examples.append({"text": text, "label": label})
        rng.shuffle(examples)
    return splits


def _exon(rng: random.Random, length: int) -> str:
    start = rng.randrange(3)
    return signals.coding(rng, length // 3 + 2)[start : start + length]


def _exon_intron(rng: random.Random) -> str:
    exon = _exon(rng, _HALF - len(signals.EXON_END)) + signals.drawn(rng, signals.EXON_END)
    return exon + signals.intron(rng, 100)[:_HALF]


def _intron_exon(rng: random.Random) -> str:
    start = signals.drawn(rng, signals.EXON_START)
    return signals.intron(rng, 100)[-_HALF:] + start + _exon(rng, _HALF - len(start))


def _neither(rng: random.Random) -> str:
    kind = rng.randrange(3)
    if kind == 0:
        text = _exon(rng, WIDTH)
    else:
        text = signals.background(rng, WIDTH, signals.INTRON if kind == 1 else signals.BETWEEN)
    if rng.random() < _DECOYS:
        pair, place = rng.choice((("GT", _HALF), ("AG", _HALF - 2)))
        text = text[:place] + pair + text[place + 2 :]
    return text
