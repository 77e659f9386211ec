"""Scores of tagged sentences."""

from collections import Counter
from itertools import chain

from seqtasks.metrics.alignment import check_lengths, precision_recall_f1


class SpanF1:
    """Precision, recall and F1 of whole spans, over all types and by type.

    Spans are read from BIO tags by seqeval in its default mode, which agrees with the CoNLL shared
    tasks' `conlleval`: a span counts when type, start and end are all right, and an `I-` tag without
    its `B-` opens a span.

    Call args:
        references: The true tags, a list of tags for each sentence.
        predictions: The predicted tags, as long.

    Returns:
        Scores between 0 and 1: `span_f1`, `span_precision`, `span_recall`, and `span_f1/TYPE`,
        `span_precision/TYPE`, `span_recall/TYPE`. No spans at all score 0.

    Raises:
        ValueError: If the lists disagree in length.

    Reference:
        https://github.com/chakki-works/seqeval
    """

    def __call__(self, references: list[list[str]], predictions: list[list[str]]) -> dict[str, float]:
        scores = {}
        for kind, (precision, recall, f1, _) in self._rows(references, predictions).items():
            tail = "" if kind is None else f"/{kind}"
            scores |= {f"span_f1{tail}": f1, f"span_precision{tail}": precision, f"span_recall{tail}": recall}
        return scores

    def report(self, references: list[list[str]], predictions: list[list[str]]) -> str:
        """Returns a table: a line for each type, then all types together."""
        rows = self._rows(references, predictions)
        overall = rows.pop(None)
        width = max(9, *map(len, rows)) if rows else 9
        lines = [f"{'type':<{width}}  precision  recall      f1  support"]
        for name, (precision, recall, f1, support) in [*rows.items(), ("all spans", overall)]:
            lines.append(f"{name:<{width}}  {precision:9.4f}  {recall:6.4f}  {f1:6.4f}  {support:7d}")
        return "\n".join(lines)

    def _rows(self, references, predictions) -> dict[str | None, tuple[float, float, float, int]]:
        from seqeval.metrics.sequence_labeling import get_entities

        check_lengths(references, predictions)
        true, found, right = Counter(), Counter(), Counter()
        for reference, prediction in zip(references, predictions, strict=True):
            expected, received = set(get_entities(list(reference))), set(get_entities(list(prediction)))
            true.update(kind for kind, _, _ in expected)
            found.update(kind for kind, _, _ in received)
            right.update(kind for kind, _, _ in expected & received)
        rows = {None: (*precision_recall_f1(right.total(), found.total(), true.total()), true.total())}
        for kind in sorted(true | found):
            rows[kind] = (*precision_recall_f1(right[kind], found[kind], true[kind]), true[kind])
        return rows


class TokenAccuracy:
    """Share of tokens with the right tag.

    Call args:
        references: The true tags, a list of tags for each sentence.
        predictions: The predicted tags, as long.

    Returns:
        `token_accuracy`, between 0 and 1.

    Raises:
        ValueError: If the lists disagree in length.
    """

    def __call__(self, references: list[list[str]], predictions: list[list[str]]) -> dict[str, float]:
        check_lengths(references, predictions)
        tokens = sum(map(len, references))
        right = sum(
            a == b
            for reference, prediction in zip(references, predictions, strict=True)
            for a, b in zip(reference, prediction, strict=True)
        )
        return {"token_accuracy": right / tokens if tokens else 0.0}

    def report(self, references: list[list[str]], predictions: list[list[str]]) -> str:
        """Returns a table of precision, recall and F1 by tag."""
        from seqtasks.metrics.classification import class_report

        check_lengths(references, predictions)
        return class_report([*chain.from_iterable(references)], [*chain.from_iterable(predictions)])
