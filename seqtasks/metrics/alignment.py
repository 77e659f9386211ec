"""What metrics share that compare sequences step by step, or what is found in them."""


def check_lengths(references: list, predictions: list) -> None:
    """Refuses lists that cannot be compared step by step.

    Raises:
        ValueError: If they, or two of their sequences, disagree in length.
    """
    if len(references) != len(predictions):
        raise ValueError(
            f"as many predictions as references are needed. Received: {len(predictions)}, {len(references)}"
        )
    for row, (reference, prediction) in enumerate(zip(references, predictions, strict=True)):
        if len(reference) != len(prediction):
            raise ValueError(
                f"sequence {row} has {len(reference)} tags but {len(prediction)} were predicted. "
                f"Received: {reference[:40]!r}, {prediction[:40]!r}"
            )


def precision_recall_f1(right: int, found: int, true: int) -> tuple[float, float, float]:
    """Returns precision, recall and F1, each 0 where there is nothing to divide by.

    Args:
        right: How many were found that are true.
        found: How many were found.
        true: How many are true.
    """
    precision = right / found if found else 0.0
    recall = right / true if true else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0
