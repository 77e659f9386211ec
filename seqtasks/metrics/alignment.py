"""What metrics share that compare sequences step by step."""


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
