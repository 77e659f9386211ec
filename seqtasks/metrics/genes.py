"""Scores of the genes found on sequences."""

from collections import Counter
from collections.abc import Sequence

from seqtasks.data.gene_labels import LABELS, genes_of
from seqtasks.metrics.alignment import check_lengths, precision_recall_f1


class BaseAccuracy:
    """Share of bases with the right label.

    Call args:
        references: The true labels, a string or a list for each sequence.
        predictions: The predicted labels, as long.

    Returns:
        `base_accuracy`, between 0 and 1, all bases of all sequences alike.

    Raises:
        ValueError: If the lists disagree in length.
    """

    def __call__(self, references: list[Sequence[str]], predictions: list[Sequence[str]]) -> dict[str, float]:
        pairs = _pairs(references, predictions)
        right = sum(count for (a, b), count in pairs.items() if a == b)
        return {"base_accuracy": right / pairs.total() if pairs else 0.0}

    def report(self, references: list[Sequence[str]], predictions: list[Sequence[str]]) -> str:
        """Returns a table of precision, recall and F1 by label."""
        pairs = _pairs(references, predictions)
        true, found, right = Counter(), Counter(), Counter()
        for (a, b), count in pairs.items():
            true[a] += count
            found[b] += count
            right[a] += count if a == b else 0
        order = {label: place for place, label in enumerate(LABELS)}
        labels = sorted(true | found, key=lambda label: (order.get(label, len(order)), label))
        accuracy = self(references, predictions)["base_accuracy"]
        rows = [(label, right[label], found[label], true[label]) for label in labels]
        return f"{_table('label', rows)}\nbase accuracy {accuracy:.4f}"


class GeneF1:
    """Precision, recall and F1 of whole genes and of whole exons.

    A gene counts when its strand and all its exons are right, an exon when strand, start and end are.
    Which labels make a gene says `seqtasks.data.gene_labels`.

    Call args:
        references: The true labels, a string or a list for each sequence.
        predictions: The predicted labels, as long.

    Returns:
        Scores between 0 and 1: `gene_f1`, `gene_precision`, `gene_recall`, `exon_f1`, `exon_precision`,
        `exon_recall`. No genes at all score 0.

    Raises:
        ValueError: If the lists disagree in length.

    Reference:
        Burset and Guigó, Evaluation of gene structure prediction programs, Genomics 34, 1996.
    """

    def __call__(self, references: list[Sequence[str]], predictions: list[Sequence[str]]) -> dict[str, float]:
        scores = {}
        for kind, *counts in self._rows(references, predictions):
            precision, recall, f1 = precision_recall_f1(*counts)
            scores |= {f"{kind}_f1": f1, f"{kind}_precision": precision, f"{kind}_recall": recall}
        return scores

    def report(self, references: list[Sequence[str]], predictions: list[Sequence[str]]) -> str:
        """Returns a table with a line for genes and one for exons."""
        return _table("exact", self._rows(references, predictions))

    def _rows(self, references, predictions) -> list[tuple[str, int, int, int]]:
        check_lengths(references, predictions)
        counts = {"gene": Counter(), "exon": Counter()}
        for reference, prediction in zip(references, predictions, strict=True):
            expected, received = genes_of(reference), genes_of(prediction)
            _count(counts["gene"], set(expected), set(received))
            _count(counts["exon"], _exons(expected), _exons(received))
        return [(kind, count["right"], count["found"], count["true"]) for kind, count in counts.items()]


def _exons(genes) -> set[tuple]:
    return {(gene.strand, *exon) for gene in genes for exon in gene.exons}


def _count(counts: Counter, expected: set, received: set) -> None:
    counts.update(right=len(expected & received), found=len(received), true=len(expected))


def _pairs(references, predictions) -> Counter:
    """Returns how often each true label was given each label."""
    check_lengths(references, predictions)
    pairs = Counter()
    for reference, prediction in zip(references, predictions, strict=True):
        pairs.update(zip(reference, prediction, strict=True))
    return pairs


def _table(title: str, rows: list[tuple[str, int, int, int]]) -> str:
    lines = [f"{title:<6}  precision  recall      f1    support"]
    for name, right, found, true in rows:
        precision, recall, f1 = precision_recall_f1(right, found, true)
        lines.append(f"{name:<6}  {precision:9.4f}  {recall:6.4f}  {f1:6.4f}  {true:9d}")
    return "\n".join(lines)
