import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.gene_labels import LABELS, Gene, apart, genes_of, labels_of

LENGTH = 60


@st.composite
def genes(draw):
    """Genes in the order of their starts, none of which overlaps or touches another of its strand."""
    found, end, before = [], 0, ""
    for strand in draw(st.lists(st.sampled_from("+-"), max_size=5)):
        exons, start = [], end + draw(st.integers(int(strand == before), 5))
        for _ in range(draw(st.integers(1, 3))):
            end = start + draw(st.integers(1, 4))
            exons.append((start, end))
            start = end + draw(st.integers(1, 4))
        found.append(Gene(strand, tuple(exons)))
        before = strand
    return found


def test_labels():
    found = [Gene("+", ((2, 5), (8, 9))), Gene("-", ((9, 12), (13, 14)))]
    assert labels_of(found, 16) == "NNEEEIIIEeeeieNN"
    assert genes_of("NNEEEIIIEeeeieNN") == genes_of(list("NNEEEIIIEeeeieNN")) == found
    assert (found[0].start, found[0].end) == (2, 9)
    assert labels_of([], 3) == "NNN"
    assert labels_of([], 0) == ""


@given(genes(), st.integers(0, 3))
def test_genes_come_back(found, behind):
    length = max((gene.end for gene in found), default=0) + behind
    labels = labels_of(found, length)
    assert len(labels) == length
    assert genes_of(labels) == found


@given(st.text("".join(LABELS), max_size=40))
def test_any_labels_have_genes_and_their_labels_are_stable(labels):
    found = genes_of(labels)
    again = labels_of(found, len(labels))
    assert genes_of(again) == found
    # Only introns that lead nowhere are lost.
    assert all(a == b or (a in "Ii" and b == "N") for a, b in zip(labels, again, strict=True))


def test_introns_at_the_ends_belong_to_no_gene():
    assert genes_of("IIEIIEIINNii") == [Gene("+", ((2, 3), (5, 6)))]
    assert genes_of("EIie") == [Gene("+", ((0, 1),)), Gene("-", ((3, 4),))]


def test_of_overlapping_genes_the_first_given_wins():
    long, within, behind = Gene("+", ((0, 4), (8, 12))), Gene("-", ((5, 7),)), Gene("+", ((11, 14),))
    assert apart([long, within, behind]) == [long]
    assert apart([within, long, behind]) == [within, behind]
    assert labels_of([within, behind, long], 15) == "NNNNNeeNNNNEEEN"


def test_genes_of_one_strand_need_a_base_between_them():
    first, second, other = Gene("+", ((0, 3),)), Gene("+", ((3, 6),)), Gene("-", ((3, 6),))
    assert apart([first, second]) == [first]
    assert apart([second, first]) == [second]
    assert apart([first, other]) == [first, other]


@given(st.lists(genes(), max_size=3))
def test_those_apart_are_those_that_labels_tell(several):
    mixed = [gene for found in several for gene in found]
    kept = apart(mixed)
    length = max((gene.end for gene in mixed), default=0)
    assert genes_of(labels_of(mixed, length)) == sorted(kept, key=lambda gene: gene.start)


@pytest.mark.parametrize(
    ("strand", "exons"),
    [
        ("+", ()),
        (".", ((0, 1),)),
        ("+", ((1, 1),)),
        ("+", ((0, 2), (2, 3))),
        ("+", ((3, 4), (0, 1))),
        ("-", ((-1, 2),)),
    ],
)
def test_what_is_no_gene_is_refused(strand, exons):
    with pytest.raises(ValueError, match="expected a strand and exons in order"):
        Gene(strand, exons)


def test_genes_end_within_the_sequence():
    with pytest.raises(ValueError, match="within 3 bases"):
        labels_of([Gene("+", ((0, 4),))], 3)
