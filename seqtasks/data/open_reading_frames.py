"""Finds genes without learning: the longest open reading frames."""

from collections.abc import Iterator

from seqtasks.data.bases import reverse_complement
from seqtasks.data.gene_labels import Gene, apart, labels_of

START = "ATG"
STOPS = frozenset(("TAA", "TAG", "TGA"))
SHORTEST = 180


def predict_genes(sequence: str, shortest: int = SHORTEST) -> list[Gene]:
    """Returns the longest open reading frames of both strands, none overlapping a longer one.

    A frame goes from the first ATG behind a stop codon to the next stop codon, which it includes; it
    becomes a gene of one exon. It does not know of introns.

    Args:
        sequence: Bases; codons with codes for bases that are not known are neither start nor stop.
        shortest: How many bases a frame must have.

    Returns:
        Genes in the order of their starts.

    Raises:
        ValueError: If a character is neither base nor code nor gap.
    """
    length, genes = len(sequence), []
    bases = sequence.upper().replace("U", "T")
    for start, end in _frames(bases, shortest):
        genes.append(Gene("+", ((start, end),)))
    for start, end in _frames(reverse_complement(bases), shortest):
        genes.append(Gene("-", ((length - end, length - start),)))
    genes.sort(key=lambda gene: (gene.start - gene.end, gene.start, gene.strand))
    return sorted(apart(genes), key=lambda gene: gene.start)


def predict_labels(sequence: str, shortest: int = SHORTEST) -> str:
    """Returns the label of each base by `predict_genes`, as `seqtasks.data.gene_labels` has them.

    Args:
        sequence: Bases.
        shortest: How many bases a frame must have.
    """
    return labels_of(predict_genes(sequence, shortest), len(sequence))


def _frames(bases: str, shortest: int) -> Iterator[tuple[int, int]]:
    """Yields where frames that are long enough start and end, on one strand."""
    for frame in range(3):
        start = None
        for place in range(frame, len(bases) - 2, 3):
            codon = bases[place : place + 3]
            if start is None and codon == START:
                start = place
            elif start is not None and codon in STOPS:
                if place + 3 - start >= shortest:
                    yield start, place + 3
                start = None
