"""Scores of labelled texts."""


class Accuracy:
    """Share of texts with the right label.

    Call args:
        references: The true labels.
        predictions: The predicted labels.

    Returns:
        `accuracy`, between 0 and 1.

    Raises:
        ValueError: If the lists disagree in length.
    """

    def __call__(self, references: list[str], predictions: list[str]) -> dict[str, float]:
        right = sum(a == b for a, b in zip(references, predictions, strict=True))
        return {"accuracy": right / len(references) if references else 0.0}

    def report(self, references: list[str], predictions: list[str]) -> str:
        """Returns one line with the counts."""
        right = sum(a == b for a, b in zip(references, predictions, strict=True))
        return f"accuracy {self(references, predictions)['accuracy']:.4f} ({right} of {len(references)})"


class MacroF1:
    """Unweighted mean of the labels' F1.

    Call args:
        references: The true labels.
        predictions: The predicted labels.

    Returns:
        `macro_f1`, between 0 and 1, over all labels that are true or predicted somewhere.

    Raises:
        ValueError: If the lists disagree in length.

    Reference:
        https://scikit-learn.org/stable/modules/generated/sklearn.metrics.f1_score.html
    """

    def __call__(self, references: list[str], predictions: list[str]) -> dict[str, float]:
        from sklearn.metrics import f1_score

        if not references:
            return {"macro_f1": 0.0}
        return {"macro_f1": float(f1_score(references, predictions, average="macro", zero_division=0))}

    def report(self, references: list[str], predictions: list[str]) -> str:
        """Returns a table of precision, recall and F1 by label."""
        return class_report(references, predictions)


def class_report(references: list[str], predictions: list[str]) -> str:
    """Returns scikit-learn's table of precision, recall and F1 by class."""
    from sklearn.metrics import classification_report

    if not references:
        return "nothing to score"
    return classification_report(references, predictions, digits=4, zero_division=0).rstrip()
