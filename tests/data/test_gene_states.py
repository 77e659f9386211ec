import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data import gene_states
from seqtasks.data.bases import reverse_complement
from seqtasks.data.builtin import genomes
from seqtasks.data.gene_labels import LABELS, Gene, labels_of
from seqtasks.data.gene_states import STATES, states_of
from seqtasks.data.open_reading_frames import START, STOPS

LABEL_OF = [LABELS[place] for place in gene_states.labels_of_states()]
TRANSITIONS = np.array(gene_states.transitions())
SHORT = {"N": "N", "start": "S", "stop": "T", "exon1": "1", "exon2": "2", "exon3": "3"}


def shown(labels):
    """Returns a letter a state: S and T at a gene's ends, a digit for an exon's base, a letter for an intron's."""
    names = [STATES[state].rstrip("+-") for state in states_of(labels)]
    return "".join(SHORT.get(name, "abc"[int(name[-1])] if name.startswith("intron") else "?") for name in names)


def test_frames_go_on_over_introns_on_both_strands():
    assert shown("NEEEEIIEEIIEEIIIEN") == "NS231bb23aa12cccTN"
    assert shown("NeiiieeiieeiieeeeN") == "NTccc21aa32bb132SN"
    assert {STATES[state][-1] for state in states_of("eeie")} == {"-"}


def test_genes_that_the_sequence_cuts():
    assert shown("EEIEEEN") == "23a12TN"
    assert shown("IIEEEEN") == "cc312TN"
    assert shown("NEEEIIII") == "NS23aaaa"
    assert shown("EEII") == "12cc"
    assert [shown(labels) for labels in ("", "N", "I")] == ["", "N", "a"]


@pytest.mark.parametrize("labels", ["NEN", "NeN", "NEEN", "NEEEEN", "EiEeI", "IeiEN"])
def test_labels_that_are_no_whole_codons_have_states_too(labels):
    assert "".join(LABEL_OF[state] for state in states_of(labels)) == labels


@st.composite
def whole_genes(draw):
    """Genes of whole codons, and the length of their sequence."""
    found, end = [], draw(st.integers(1, 4))
    for strand in draw(st.lists(st.sampled_from("+-"), max_size=4)):
        sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
        sizes[-1] += -sum(sizes) % 3
        exons = []
        for size in sizes:
            exons.append((end, end + size))
            end += size + draw(st.integers(1, 4))
        found.append(Gene(strand, tuple(exons)))
    return found, end


@given(whole_genes(), st.data())
def test_whole_codons_obey_the_transitions_and_labels_come_back(genes, data):
    labels = labels_of(*genes)
    states = states_of(labels)
    assert "".join(LABEL_OF[state] for state in states) == labels
    assert TRANSITIONS[states[:-1], states[1:]].all()
    # A piece does too, where one end of each gene is left to count from.
    start = data.draw(st.integers(0, len(labels)))
    piece = states_of(labels[start:])
    assert TRANSITIONS[piece[:-1], piece[1:]].all()
    cut = next((place for place, label in enumerate(labels[start:]) if label == "N"), len(piece))
    np.testing.assert_array_equal(piece[cut:], states[start + cut :])


@given(whole_genes())
def test_the_other_strand(genes):
    labels = labels_of(*genes)
    turned = labels[::-1].translate(str.maketrans("EIei", "eiEI"))
    np.testing.assert_array_equal(states_of(turned), np.array(gene_states.other_strand())[states_of(labels)][::-1])


def test_transitions_say_what_a_gene_is():
    allowed = {(STATES[i], STATES[j]) for i, j in zip(*np.nonzero(TRANSITIONS), strict=True)}
    assert {other for one, other in allowed if one == "N"} == {"N", "start+", "stop-"}
    assert {other for one, other in allowed if one == "stop+"} == {"N", "stop-"}
    assert {other for one, other in allowed if one == "start-"} == {"N", "start+"}
    assert {other for one, other in allowed if one == "exon3+"} == {"exon1+", "intron0+"}
    assert {one for one, other in allowed if other == "exon3-"} == {"exon1-", "intron0-"}


def test_states_of_built_in_genes_are_at_their_codons():
    rng = random.Random(5)
    for example in (genomes._piece(rng, "x") for _ in range(10)):
        states = [STATES[state] for state in states_of(example["tags"])]
        for text, strand in ((example["text"], "+"), (reverse_complement(example["text"]), "-")):
            names = states if strand == "+" else states[::-1]
            for place, name in enumerate(names):
                if name == f"start{strand}":
                    assert text[place : place + 3] == START
                if name == f"stop{strand}":
                    assert text[place - 2 : place + 1] in STOPS


def test_pairs_are_counted():
    counts = gene_states.pairs(["NNN", "", "NEEEN"])
    assert (counts.sum(), counts[0, 0], gene_states.ends(counts)) == (6, 2, 1)
    assert counts[STATES.index("start+"), STATES.index("exon2+")] == 1
