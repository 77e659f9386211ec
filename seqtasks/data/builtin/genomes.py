"""Generated pieces of a genome, with the genes on both of its strands.

A gene begins with ATG and ends with a stop codon; between them codons are as frequent as in people's
genes. Up to three introns, each from GT to AG, cut it wherever it pleases, but the reading frame goes
on behind them. Before and behind a gene there may be a promoter and the signal that ends the message.
Some pieces have the ruin of a gene too: its codons, with stops among them and no start.

So the bases around it do not tell whether one belongs to a gene: where the frame is open does, from
the start to the stop, with what the introns leave out.
"""

import random
from itertools import pairwise

from seqtasks.data.bases import reverse_complement
from seqtasks.data.builtin import dna_signals as signals
from seqtasks.data.gene_labels import BETWEEN, EXON, INTRON
from seqtasks.task import Example

SIZES = {"train": 300, "validation": 100, "test": 100}
SHORTEST, LONGEST = 1000, 3000
_GENES = {0: 10, 1: 30, 2: 35, 3: 25}
_INTRONS = {0: 35, 1: 30, 2: 20, 3: 15}
_RUINS = 0.25
_SHORTEST_EXON = 24
_OTHER_STRAND = str.maketrans(EXON["+"] + INTRON["+"], EXON["-"] + INTRON["-"])


def generate(seed: int = 1) -> dict[str, list[Example]]:
    """Returns pieces by split, the same ones for the same seed.

    An example is `{"text": bases, "tags": a letter a base, "name": str}`; see
    `seqtasks.data.gene_labels`.

    Args:
        seed: Seed of everything random.
    """
    rng = random.Random(f"genomes {seed}")
    return {split: [_piece(rng, f"{split}{number}") for number in range(1, size + 1)] for split, size in SIZES.items()}


def _piece(rng: random.Random, name: str) -> Example:
    length = rng.randint(SHORTEST, LONGEST)
    (count,) = rng.choices(list(_GENES), _GENES.values())
    parts = [_with_surroundings(rng, *_gene(rng)) for _ in range(count)]
    parts += [_ruin(rng)] if rng.random() < _RUINS else []
    while sum(len(sequence) for sequence, _ in parts) > length:
        parts.pop(0)
    rng.shuffle(parts)
    left = length - sum(len(sequence) for sequence, _ in parts)
    places = sorted(rng.randint(0, left) for _ in parts)
    sequence, labels = "", ""
    for (bases, letters), start, end in zip(parts, [0, *places], places, strict=False):
        sequence += signals.background(rng, end - start) + bases
        labels += BETWEEN * (end - start) + letters
    sequence += signals.background(rng, length - len(sequence))
    return {"text": sequence, "tags": labels.ljust(length, BETWEEN), "name": name}


def _gene(rng: random.Random) -> tuple[str, str]:
    """Returns a gene's bases and labels on the forward strand."""
    codons = min(240, 60 + int(rng.expovariate(1 / 50)))
    bases = "ATG" + signals.coding(rng, codons - 2) + signals.stop(rng)
    (count,) = rng.choices(list(_INTRONS), _INTRONS.values())
    cuts = [0, *_cuts(rng, bases, count), len(bases)]
    sequence, labels = "", ""
    for start, end in pairwise(cuts):
        if start:
            between = signals.intron(rng, min(220, 60 + int(rng.expovariate(1 / 45))))
            sequence += between
            labels += INTRON["+"] * len(between)
        sequence += bases[start:end]
        labels += EXON["+"] * (end - start)
    return sequence, labels


def _cuts(rng: random.Random, bases: str, count: int) -> list[int]:
    """Returns where introns cut a gene, rather behind AG and before G, as splice sites have it."""
    cuts: list[int] = []
    free = set(range(_SHORTEST_EXON, len(bases) - _SHORTEST_EXON + 1))
    while len(cuts) < count and free:
        places = rng.sample(sorted(free), min(12, len(free)))
        cut = max(
            places, key=lambda place: 2 * (bases[place - 1] == "G") + (bases[place - 2] == "A") + (bases[place] == "G")
        )
        free -= set(range(cut - _SHORTEST_EXON + 1, cut + _SHORTEST_EXON))
        cuts.append(cut)
    return sorted(cuts)


def _with_surroundings(rng: random.Random, bases: str, labels: str) -> tuple[str, str]:
    """Adds what stands before and behind a gene, and turns half of them to the other strand."""
    before = signals.background(rng, rng.randint(15, 30))
    if rng.random() < 0.6:
        before += signals.drawn(rng, signals.PROMOTER)
    before += signals.background(rng, rng.randint(25, 45)) + signals.drawn(rng, signals.BEFORE_START)
    behind = signals.background(rng, rng.randint(10, 40))
    if rng.random() < 0.7:
        behind += signals.drawn(rng, signals.AFTER_STOP)
    behind += signals.background(rng, 10)
    bases, labels = before + bases + behind, BETWEEN * len(before) + labels + BETWEEN * len(behind)
    if rng.random() < 0.5:
        return reverse_complement(bases), labels[::-1].translate(_OTHER_STRAND)
    return bases, labels


def _ruin(rng: random.Random) -> tuple[str, str]:
    """Returns codons that are no gene: every few of them there is a stop."""
    bases = ""
    for _ in range(rng.randint(4, 12)):
        bases += signals.coding(rng, rng.randint(5, 18)) + signals.stop(rng)
    if rng.random() < 0.5:
        bases = reverse_complement(bases)
    return bases, BETWEEN * len(bases)
