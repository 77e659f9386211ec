"""Parts of a data set that take turns as the test split, for cross-validation."""

import random
import re

from seqtasks.data.dataset import SPLITS, TEST, TRAIN, Dataset, counted
from seqtasks.errors import DataError, UsageError


def take_fold(dataset: Dataset, fold: str, seed: int) -> Dataset:
    """Returns the data set with one of its folds as test and all others as train.

    All splits are put together, shuffled and dealt out, so that every fold has as many examples as another, give or
    take a few, and, where examples have a label, as many of each. Examples of the same text go together.

    Args:
        dataset: What was read; it stays as it is.
        fold: Which of how many, as `"3/10"`.
        seed: Seed of the shuffle.

    Raises:
        UsageError: For anything else.
        DataError: If there are fewer examples than folds.
    """
    number, count = parse_fold(fold)
    groups: dict = {}
    for split in SPLITS:
        for i, example in enumerate(dataset.splits.get(split, ())):
            text = example.get("text")
            groups.setdefault(text if isinstance(text, str) else (split, i), []).append((split, i))
    order = list(groups.values())
    if len(order) < count:
        raise DataError(
            f"{dataset.source}: {counted(len(order), 'different example')} cannot be cut into {count} folds"
        )
    random.Random(seed).shuffle(order)
    order.sort(key=lambda group: str(dataset.splits[group[0][0]][group[0][1]].get("label", "")))
    done = Dataset({}, dataset.source, list(dataset.notes), dataset.skipped)
    for name, chosen in ((TRAIN, False), (TEST, True)):
        places = [at for place, group in enumerate(order) for at in group if (place % count == number - 1) is chosen]
        done.splits[name] = [dataset.splits[split][i] for split, i in places]
        if all(dataset.places.get(split) for split, _ in places):
            done.places[name] = [dataset.places[split][i] for split, i in places]
    done.notes.append(f"all examples in {count} folds (seed {seed}): the test split is fold {number}")
    return done


def parse_fold(fold: str) -> tuple[int, int]:
    """Returns which fold of how many, of `"3/10"`.

    Raises:
        UsageError: For anything else.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", str(fold))
    number, count = map(int, found.groups()) if found else (0, 0)
    if not 1 <= number <= count or count < 2:
        raise UsageError(f"a fold is written NUMBER/FOLDS, as 3/10. Received: {fold!r}")
    return number, count
