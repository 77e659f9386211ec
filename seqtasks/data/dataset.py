"""Examples by split, with what is known about where they come from."""

import random
from dataclasses import dataclass, field

from seqtasks.errors import DataError
from seqtasks.task import Example

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")


@dataclass
class Dataset:
    """Examples by split.

    Args:
        splits: Examples under `train`, `validation` and `test`.
        source: Where they come from, in words.
        notes: What a reader of the scores should know: what was dropped, repaired or held out.
        skipped: Bad rows left out on request.
    """

    splits: dict[str, list[Example]]
    source: str
    notes: list[str] = field(default_factory=list)
    skipped: int = 0


def complete_splits(dataset: Dataset, validation_fraction: float = 0.1, seed: int = 1) -> Dataset:
    """Returns the data set with all three splits, holding out parts of train where one is missing.

    Without a test split, the validation split becomes the test split. Without a validation split,
    the last part of a shuffle of train becomes it.

    Args:
        dataset: What was read; it stays as it is.
        validation_fraction: Part of train that is held out.
        seed: Seed of the shuffle.

    Raises:
        DataError: If train is missing or too small to hold a part out.
    """
    splits, notes = dict(dataset.splits), list(dataset.notes)
    if not splits.get(TRAIN):
        found = ", ".join(splits) or "none"
        raise DataError(f"{dataset.source}: the train split is missing or empty. Received splits: {found}")
    for name in (VALIDATION, TEST):
        if name in splits and not splits[name]:
            raise DataError(f"{dataset.source}: the {name} split is empty")
    if TEST not in splits and VALIDATION in splits:
        splits[TEST] = splits.pop(VALIDATION)
        notes.append("no test split: the validation split is the test split")
    for name in (TEST, VALIDATION):
        if name not in splits:
            splits[TRAIN], splits[name] = _hold_out(splits[TRAIN], validation_fraction, seed, dataset.source)
            notes.append(f"no {name} split: {len(splits[name])} examples of train are held out (seed {seed})")
    return Dataset({name: splits[name] for name in SPLITS}, dataset.source, notes, dataset.skipped)


def _hold_out(examples: list[Example], fraction: float, seed: int, source: str) -> tuple[list[Example], list[Example]]:
    count = max(1, round(len(examples) * fraction))
    if not 0 < fraction < 1 or count >= len(examples):
        raise DataError(f"{source}: cannot hold {fraction:g} out of {len(examples)} training examples")
    order = list(range(len(examples)))
    random.Random(seed).shuffle(order)
    held_out = set(order[-count:])
    kept = [example for i, example in enumerate(examples) if i not in held_out]
    return kept, [examples[i] for i in sorted(held_out)]
