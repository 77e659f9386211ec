"""Genes as a label for each base, and back.

`N` stands between genes, `E` in an exon, `I` in an intron; `e` and `i` stand in genes of the reverse
strand. The labels of a sequence are one string, a character a base:

    NNNNNEEEEEIIIIIEEEENNNNNeeeeeeeNNN

A gene is a stretch of one strand's labels that begins and ends with an exon. So genes that overlap
have no labels, nor have genes of one strand with no base between them; genes of the two strands may
touch. All other genes can be read back exactly.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

BETWEEN = "N"
EXON = {"+": "E", "-": "e"}
INTRON = {"+": "I", "-": "i"}
LABELS = (BETWEEN, EXON["+"], INTRON["+"], EXON["-"], INTRON["-"])

_STRANDS = {"+": re.compile("E[EI]*"), "-": re.compile("e[ei]*")}


@dataclass(frozen=True)
class Gene:
    """The exons of a gene.

    Args:
        strand: `"+"` or `"-"`.
        exons: Start and end of each, counted from 0, the end not included, in the order of the
            forward strand whatever the gene's own; between two stands at least one base.
    """

    strand: str
    exons: tuple[tuple[int, int], ...]

    def __post_init__(self):
        ends = [end for exon in self.exons for end in exon]
        if self.strand not in EXON or not ends or ends[0] < 0 or any(a >= b for a, b in pairwise(ends)):
            raise ValueError(f"expected a strand and exons in order, apart from each other. Received: {self}")

    @property
    def start(self) -> int:
        """Where the first exon starts."""
        return self.exons[0][0]

    @property
    def end(self) -> int:
        """Where the last exon ends."""
        return self.exons[-1][1]


def labels_of(genes: Iterable[Gene], length: int) -> str:
    """Returns the label of each base.

    Of genes that overlap, or touch on one strand, the first given wins.

    Args:
        genes: What is found on the sequence.
        length: Of the sequence.

    Raises:
        ValueError: If a gene ends behind the sequence.
    """
    labels = bytearray(BETWEEN.encode() * length)
    for gene in apart(genes):
        if gene.end > length:
            raise ValueError(f"expected genes within {length} bases. Received: {gene}")
        labels[gene.start : gene.end] = INTRON[gene.strand].encode() * (gene.end - gene.start)
        for start, end in gene.exons:
            labels[start:end] = EXON[gene.strand].encode() * (end - start)
    return labels.decode()


def genes_of(labels: Sequence[str]) -> list[Gene]:
    """Returns the genes that labels tell, in the order of their starts.

    Any labels will do, as a network may give them: introns at the ends of a stretch belong to no gene.

    Args:
        labels: One of `LABELS` for each base, as a string or a list.
    """
    labels = "".join(labels)
    genes = []
    for strand, stretch in _STRANDS.items():
        for found in stretch.finditer(labels):
            exons = re.finditer(f"{EXON[strand]}+", found.group())
            spans = ((exon.start() + found.start(), exon.end() + found.start()) for exon in exons)
            genes.append(Gene(strand, tuple(spans)))
    return sorted(genes, key=lambda gene: gene.start)


def apart(genes: Iterable[Gene]) -> list[Gene]:
    """Returns the genes that labels can tell apart: of those that cannot be, the first given."""
    genes, kept = list(genes), []
    taken = bytearray(max((gene.end for gene in genes), default=0) + 1)
    for gene in genes:
        code = b"+-".index(gene.strand.encode()) + 1
        # Bytes of the same strand beside the gene; before the first base and behind the last there are none.
        beside = [taken[gene.start - 1] if gene.start else 0, taken[gene.end]]
        if code not in beside and not any(taken[gene.start : gene.end]):
            taken[gene.start : gene.end] = bytes([code]) * (gene.end - gene.start)
            kept.append(gene)
    return kept
