"""What generated DNA is drawn from: bases between genes, codons, and the signals of start and splice sites."""

import random
from collections.abc import Mapping, Sequence
from itertools import product

from seqtasks.data.bases import BASES

STOPS = ("TAA", "TAG", "TGA")

# How often people's genes have a codon, of a thousand. https://www.kazusa.or.jp/codon/
CODON_USAGE = {
    first + second + third: usage
    for (first, second, third), usage in zip(
        product("TCAG", repeat=3),
        (
            *(17.6, 20.3, 7.7, 12.9, 15.2, 17.7, 12.2, 4.4, 12.2, 15.3, 1.0, 0.8, 10.6, 12.6, 1.6, 13.2),
            *(13.2, 19.6, 7.2, 39.6, 17.5, 19.8, 16.9, 6.9, 10.9, 15.1, 12.3, 34.2, 4.5, 10.4, 6.2, 11.4),
            *(16.0, 20.8, 7.5, 22.0, 13.1, 18.9, 15.1, 6.1, 17.0, 19.1, 24.4, 31.9, 12.1, 19.5, 12.2, 12.0),
            *(11.0, 14.5, 7.1, 28.1, 18.4, 27.7, 15.8, 7.4, 21.8, 25.1, 29.0, 39.6, 10.8, 22.2, 16.5, 16.5),
        ),
        strict=True,
    )
}
_CODING = {codon: usage for codon, usage in CODON_USAGE.items() if codon not in STOPS}
_STOPS = {codon: CODON_USAGE[codon] for codon in STOPS}

# In each column, of a hundred: A, C, G, T.
Columns = Sequence[tuple[int, int, int, int]]
BEFORE_START: Columns = (
    (18, 27, 40, 15),
    (20, 40, 25, 15),
    (20, 45, 22, 13),
    (50, 5, 40, 5),
    (28, 42, 18, 12),
    (18, 50, 22, 10),
)
PROMOTER: Columns = (
    (5, 8, 4, 83),
    (92, 2, 2, 4),
    (4, 3, 3, 90),
    (90, 2, 3, 5),
    (62, 3, 5, 30),
    (90, 2, 5, 3),
    (45, 6, 14, 35),
)
AFTER_STOP: Columns = ((95, 2, 2, 1), (93, 2, 2, 3), (2, 2, 2, 94), (96, 1, 2, 1), (96, 1, 2, 1), (95, 2, 2, 1))
# About as Shapiro and Senapathy counted in primates: Nucleic Acids Research 15, 7155 (1987).
EXON_END: Columns = ((33, 37, 18, 12), (60, 13, 12, 15), (9, 4, 79, 8))
INTRON_START: Columns = (
    (0, 0, 100, 0),
    (0, 0, 0, 100),
    (57, 3, 37, 3),
    (71, 8, 12, 9),
    (6, 6, 82, 6),
    (16, 17, 21, 46),
)
BRANCH: Columns = ((10, 42, 10, 38), (4, 14, 4, 78), (40, 10, 38, 12), (94, 2, 2, 2), (12, 48, 8, 32))
PYRIMIDINE = (9, 33, 10, 48)
INTRON_END: Columns = ((24, 28, 22, 26), (5, 66, 1, 28), (100, 0, 0, 0), (0, 0, 100, 0))
EXON_START: Columns = ((24, 14, 51, 11),)

# A, C, G, T between genes, and in introns.
BETWEEN = (30, 20, 20, 30)
INTRON = (26, 18, 18, 38)


def drawn(rng: random.Random, columns: Columns) -> str:
    """Returns a base from each column."""
    return "".join(rng.choices(BASES, weights)[0] for weights in columns)


def background(rng: random.Random, length: int, composition: tuple[int, int, int, int] = BETWEEN) -> str:
    """Returns bases that each depend on the two before them.

    Args:
        rng: Draws them.
        length: How many.
        composition: How often each base is drawn, but for what stands before.
    """
    table, before = _TABLES[composition], rng.choice(list(_TABLES[composition]))
    bases = []
    for number in rng.choices(range(_STEPS), k=length):
        base = table[before][number]
        before = before[1] + base
        bases.append(base)
    return "".join(bases)


def coding(rng: random.Random, codons: int) -> str:
    """Returns codons without a stop."""
    return "".join(rng.choices(list(_CODING), list(_CODING.values()), k=codons))


def stop(rng: random.Random) -> str:
    """Returns a stop codon."""
    return rng.choices(list(_STOPS), list(_STOPS.values()))[0]


def intron(rng: random.Random, length: int) -> str:
    """Returns an intron from GT to AG, with a branch point and a stretch of pyrimidines before its end.

    Args:
        rng: Draws it.
        length: How many bases, at least 50.
    """
    tract = drawn(rng, [PYRIMIDINE] * rng.randint(9, 15))
    end = drawn(rng, BRANCH) + background(rng, rng.randint(4, 12), INTRON) + tract + drawn(rng, INTRON_END)
    start = drawn(rng, INTRON_START)
    return start + background(rng, length - len(start) - len(end), INTRON) + end


_STEPS = 200


def _table(composition: tuple[int, int, int, int]) -> Mapping[str, str]:
    """Returns by the two bases before it how often each base follows, as a string to pick from."""
    table = {}
    for first, second in product(BASES, repeat=2):
        weights = dict(zip(BASES, composition, strict=True))
        # Genomes have few CG and TA, and runs of one base.
        weights["G"] *= 0.25 if second == "C" else 1
        weights["A"] *= 0.8 if second == "T" else 1
        weights[second] *= 1.5 if first == second else 1.2
        total, text = sum(weights.values()), ""
        reached = 0.0
        for base, weight in weights.items():
            reached += weight / total * _STEPS
            text += base * (round(reached) - len(text))
        table[first + second] = text
    return table


_TABLES = {composition: _table(composition) for composition in (BETWEEN, INTRON)}
