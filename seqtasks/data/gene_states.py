"""The states that a gene finder tells bases apart by, finer than their labels.

A label says that a base is in an exon; a state says too which base of its codon it is, and in an intron how much of a
codon stands before it. So what may follow what keeps the reading frame, over introns too: a gene has as many bases in
its exons as whole codons have. The first and the last base have states of their own, by which starts and stops can be
known. Those of the reverse strand are the same, read from the other end.

Reference:
    Burge and Karlin, Prediction of complete gene structures in human genomic DNA, Journal of Molecular Biology 268,
    1997.
"""

import re
from collections.abc import Sequence

import numpy as np

from seqtasks.data.gene_labels import BETWEEN, EXON, INTRON, LABELS

_START, _STOP = "start", "stop"
# What may follow on the strand that a gene is on: `exon1` is the first base of a codon, `intron1` stands behind one.
_FOLLOWING = {
    _START: ("exon2", "intron1"),
    "exon1": ("exon2", "intron1"),
    "exon2": ("exon3", "intron2", _STOP),
    "exon3": ("exon1", "intron0"),
    "intron0": ("intron0", "exon1"),
    "intron1": ("intron1", "exon2"),
    "intron2": ("intron2", "exon3", _STOP),
    _STOP: (),
}
_STRETCHES = {"+": re.compile("[EI]+"), "-": re.compile("[ei]+")}

STATES = (BETWEEN, *(f"{name}{strand}" for strand in "+-" for name in _FOLLOWING))
_ID = {state: number for number, state in enumerate(STATES)}


def label_of(state: str) -> str:
    """Returns the label of the bases in a state."""
    if state == BETWEEN:
        return BETWEEN
    return (INTRON if state.startswith("intron") else EXON)[state[-1]]


def labels_of_states() -> list[int]:
    """Returns for each of `STATES` the place of its label in `LABELS`."""
    return [LABELS.index(label_of(state)) for state in STATES]


def transitions() -> list[list[bool]]:
    """Returns which states may follow which: `[i][j]` is whether the j-th of `STATES` may follow the i-th."""
    pairs = {(BETWEEN, BETWEEN)}
    for name, others in _FOLLOWING.items():
        pairs |= {(f"{name}+", f"{other}+") for other in others} | {(f"{other}-", f"{name}-") for other in others}
    # Genes of the two strands may touch, those of one may not.
    before, behind = (BETWEEN, f"{_STOP}+", f"{_START}-"), (BETWEEN, f"{_START}+", f"{_STOP}-")
    pairs |= {(one, other) for one in before for other in behind if one[-1] != other[-1]}
    return [[(one, other) in pairs for other in STATES] for one in STATES]


def other_strand() -> list[int]:
    """Returns for each of `STATES` the place of the same one on the other strand."""
    return [_ID[state[:-1] + "+-"["-+".index(state[-1])] if state != BETWEEN else state] for state in STATES]


def states_of(labels: Sequence[str]) -> np.ndarray:
    """Returns the state of each base, as places in `STATES`, int32 `[T]`.

    The frame of a gene is counted from its start, or where the sequence begins within it, from its stop.

    Args:
        labels: One of `LABELS` for each base, as a string or a list.
    """
    labels = "".join(labels)
    states = np.full(len(labels), _ID[BETWEEN], np.int32)
    for strand, stretch in _STRETCHES.items():
        for found in stretch.finditer(labels):
            start, end = found.span()
            step = 1 if strand == "+" else -1
            coding = np.frombuffer(found.group()[::step].encode(), np.uint8) == ord(EXON[strand])
            edges = [start > 0, end < len(labels)][::step]
            states[start:end] = _of_gene(coding, strand, edges[0] and coding[0], edges[1] and coding[-1])[::step]
    return states


def pairs(sequences) -> np.ndarray:
    """Returns how often each state follows each in the sequences' labels, `[K, K]`."""
    counts = np.zeros((len(STATES), len(STATES)), np.int64)
    for labels in sequences:
        states = states_of(labels)
        np.add.at(counts, (states[:-1], states[1:]), 1)
    return counts


def ends(pairs: np.ndarray) -> int:
    """Returns how many genes end within the sequences, of what `pairs` returned."""
    return int(pairs[_ID[f"{_STOP}+"]].sum() + pairs[:, _ID[f"{_STOP}-"]].sum())


def _of_gene(coding: np.ndarray, strand: str, has_start: bool, has_stop: bool) -> np.ndarray:
    """Returns the states of a gene's bases, read from its start.

    Args:
        coding: Which of them are in exons.
        strand: Its strand.
        has_start: Whether its first base is a start codon's.
        has_stop: Whether its last base is a stop codon's.
    """
    exons, introns = (
        np.array([_ID[f"{name}{strand}"] for name in names])
        for names in (("exon1", "exon2", "exon3"), ("intron0", "intron1", "intron2"))
    )
    read = np.cumsum(coding)
    if has_stop and not has_start:
        read -= read[-1]
    states = np.where(coding, exons[(read - 1) % 3], introns[read % 3])
    if has_stop:
        states[-1] = _ID[f"{_STOP}{strand}"]
    if has_start:
        states[0] = _ID[f"{_START}{strand}"]
    return states.astype(np.int32)
