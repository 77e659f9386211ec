from collections import Counter
from itertools import pairwise

import pytest

from seqtasks.data.bases import reverse_complement
from seqtasks.data.builtin import dna_signals, genomes
from seqtasks.data.gene_labels import BETWEEN, genes_of, labels_of
from seqtasks.data.open_reading_frames import predict_labels
from seqtasks.metrics import BaseAccuracy, GeneF1

# The standard genetic code, in the order TCAG: https://www.ncbi.nlm.nih.gov/Taxonomy/Utils/wprintgc.cgi
AMINO_ACIDS = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE = dict(zip((a + b + c for a in "TCAG" for b in "TCAG" for c in "TCAG"), AMINO_ACIDS, strict=True))


@pytest.fixture(scope="module")
def splits():
    return genomes.generate(1)


def found(examples):
    """Yields the coding bases and the introns of each gene, as its own strand reads them."""
    for example in examples:
        for gene in genes_of(example["tags"]):
            exons = [example["text"][start:end] for start, end in gene.exons]
            introns = [example["text"][a[1] : b[0]] for a, b in pairwise(gene.exons)]
            if gene.strand == "-":
                exons, introns = ([reverse_complement(part) for part in reversed(parts)] for parts in (exons, introns))
            yield gene, "".join(exons), introns


def test_deterministic_in_the_seed(splits):
    assert splits == genomes.generate(1) != genomes.generate(2)
    assert {split: len(examples) for split, examples in splits.items()} == genomes.SIZES
    names = [example["name"] for examples in splits.values() for example in examples]
    assert names[0] == "train1"
    assert len(set(names)) == len(names)


def test_pieces(splits):
    for examples in splits.values():
        for example in examples:
            assert genomes.SHORTEST <= len(example["text"]) == len(example["tags"]) <= genomes.LONGEST
            assert set(example["text"]) == set("ACGT")
            assert labels_of(genes_of(example["tags"]), len(example["tags"])) == example["tags"]
    counts = Counter(len(genes_of(example["tags"])) for example in splits["train"])
    assert sorted(counts) == [0, 1, 2, 3]
    assert all(15 < count < 180 for count in counts.values())


def test_genes_are_read_from_start_to_stop_across_introns(splits):
    strands, introns = Counter(), Counter()
    for examples in splits.values():
        for gene, coding, between in found(examples):
            protein = "".join(CODE[coding[place : place + 3]] for place in range(0, len(coding) - len(coding) % 3, 3))
            assert len(coding) % 3 == 0
            assert protein[0] == "M"
            assert protein.index("*") == len(protein) - 1
            assert all(intron[:2] == "GT" and intron[-2:] == "AG" and len(intron) >= 60 for intron in between)
            assert all(end - start >= 24 for start, end in gene.exons)
            strands[gene.strand] += 1
            introns[len(between)] += 1
    assert 0.4 < strands["+"] / strands.total() < 0.6
    assert all(introns[count] / introns.total() > 0.1 for count in range(4))


def test_introns_cut_codons_at_every_place(splits):
    phases = Counter(gene.exons[0][1] - gene.exons[0][0] for gene, _, _ in found(splits["train"]) if gene.strand == "+")
    phases = Counter({phase: sum(n for length, n in phases.items() if length % 3 == phase) for phase in range(3)})
    assert min(phases.values()) > 20


def test_codons_are_those_of_the_genetic_code():
    assert set(dna_signals.CODON_USAGE) == set(CODE)
    assert {codon for codon, amino_acid in CODE.items() if amino_acid == "*"} == set(dna_signals.STOPS)
    assert sum(dna_signals.CODON_USAGE.values()) == pytest.approx(1000, abs=1)


def test_bases_between_genes_have_a_composition_of_their_own(splits):
    coding = Counter("".join(coding for _, coding, _ in found(splits["train"])))
    between = Counter(
        base
        for example in splits["train"]
        for base, label in zip(example["text"], example["tags"], strict=True)
        if label == BETWEEN
    )
    strong = [(counts["C"] + counts["G"]) / counts.total() for counts in (coding, between)]
    assert 0.5 < strong[0] < 0.56
    assert 0.36 < strong[1] < 0.44


def test_open_reading_frames_do_better_than_nothing_and_worse_than_could_be(splits):
    references = [example["tags"] for example in splits["test"]]
    nothing = BaseAccuracy()(references, [BETWEEN * len(labels) for labels in references])["base_accuracy"]
    predictions = [predict_labels(example["text"]) for example in splits["test"]]
    scores = BaseAccuracy()(references, predictions) | GeneF1()(references, predictions)
    assert nothing + 0.02 < scores["base_accuracy"] < 0.85
    assert 0.05 < scores["gene_f1"] < 0.4
    assert 0.03 < scores["exon_f1"] < 0.3
