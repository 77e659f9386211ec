import re

from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.bases import reverse_complement
from seqtasks.data.gene_labels import Gene, apart, genes_of
from seqtasks.data.open_reading_frames import predict_genes, predict_labels

FRAME = "ATGAAACCCTAG"


def test_a_frame_goes_from_the_first_start_to_the_stop():
    assert predict_genes("CC" + FRAME + "C", shortest=12) == [Gene("+", ((2, 14),))]
    assert predict_genes("CC" + FRAME + "C", shortest=13) == []
    assert predict_genes("ATGATGCCCTGA", shortest=6) == [Gene("+", ((0, 12),))]
    assert predict_genes("ATGCCC", shortest=3) == []
    assert predict_genes("", shortest=3) == []


def test_both_strands():
    sequence = "C" + reverse_complement(FRAME) + "CC" + FRAME
    assert predict_genes(sequence, 12) == [Gene("-", ((1, 13),)), Gene("+", ((15, 27),))]
    assert predict_labels(sequence, 12) == "N" + "e" * 12 + "NN" + "E" * 12


def test_letters_of_other_kinds():
    assert predict_genes(FRAME.lower().replace("t", "u"), 12) == [Gene("+", ((0, 12),))]
    assert predict_genes("ATGNNNTARTAA", 12) == [Gene("+", ((0, 12),))]


def test_a_longer_frame_wins():
    # The reverse strand of the shorter one's frame lies within the longer one.
    inner = reverse_complement("ATGCCCTAA")
    sequence = "ATG" + "C" + inner + "CC" + "TGA"
    assert predict_genes(sequence, 9) == [Gene("+", ((0, 18),))]
    assert predict_genes(sequence[3:], 9) == [Gene("-", ((1, 10),))]


def by_regular_expression(sequence, shortest):
    found = []
    for strand, bases in (("+", sequence), ("-", reverse_complement(sequence))):
        for match in re.finditer("(?=(ATG(?:(?!TAA|TAG|TGA)...)*(?:TAA|TAG|TGA)))", bases):
            start, end = match.start(1), match.end(1)
            before = [bases[place : place + 3] for place in range(start - 3, -1, -3)]
            stop = next((place for place, codon in enumerate(before) if codon in ("TAA", "TAG", "TGA")), len(before))
            if end - start >= shortest and "ATG" not in before[:stop]:
                span = (start, end) if strand == "+" else (len(bases) - end, len(bases) - start)
                found.append(Gene(strand, (span,)))
    found.sort(key=lambda gene: (gene.start - gene.end, gene.start, gene.strand))
    return sorted(apart(found), key=lambda gene: gene.start)


@given(st.lists(st.sampled_from(["ATG", "TAA", "CAT", "TTA", "A", "C", "G", "T"]), max_size=30).map("".join))
def test_agrees_with_a_search_by_regular_expression(sequence):
    assert predict_genes(sequence, 9) == by_regular_expression(sequence, 9)
    assert genes_of(predict_labels(sequence, 9)) == predict_genes(sequence, 9)
