"""Examples by split, with what is known about where they come from."""

import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

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
        places: For splits read from files, the file and line where each example starts.
    """

    splits: dict[str, list[Example]]
    source: str
    notes: list[str] = field(default_factory=list)
    skipped: int = 0
    places: dict[str, list[tuple[Path, int]]] = field(default_factory=dict)

    def take(self, split: str, indices: list[int]) -> tuple[list[Example], list[tuple[Path, int]]]:
        """Returns some examples of a split, and their places if they are known."""
        examples, places = self.splits[split], self.places.get(split, [])
        return [examples[i] for i in indices], [places[i] for i in indices] if places else []


def complete_splits(
    dataset: Dataset,
    validation_fraction: float = 0.1,
    seed: int = 1,
    together: str | None = None,
    needed: str = TRAIN,
) -> Dataset:
    """Returns the data set with all three splits, holding out parts of train where one is missing.

    Without a test split, the validation split becomes the test split. Without a validation split,
    the last part of a shuffle of train becomes it. Data without a train split stays as it is where
    the split that is needed is there.

    Args:
        dataset: What was read; it stays as it is.
        validation_fraction: Part of train that is held out.
        seed: Seed of the shuffle.
        together: Key of the examples by which they are held out: those with the same value all stay
            in train, or none does.
        needed: The split without which there is nothing to do.

    Raises:
        DataError: If train is missing, and the split that is needed too, or train is too small to
            hold a part out.
    """
    done = Dataset(dict(dataset.splits), dataset.source, list(dataset.notes), dataset.skipped, dict(dataset.places))
    splits, places = done.splits, done.places
    if not splits.get(TRAIN) and not splits.get(needed):
        found = ", ".join(splits) or "none"
        raise DataError(f"{dataset.source}: the {needed} split is missing or empty. Received splits: {found}")
    for name in (VALIDATION, TEST):
        if name in splits and not splits[name]:
            raise DataError(f"{dataset.source}: the {name} split is empty")
    if not splits.get(TRAIN):
        return done
    if TEST not in splits and VALIDATION in splits:
        splits[TEST] = splits.pop(VALIDATION)
        places[TEST] = places.pop(VALIDATION, [])
        done.notes.append("no test split: the validation split is the test split")
    for name in (TEST, VALIDATION):
        if name not in splits:
            keys = [example[together] for example in splits[TRAIN]] if together else range(len(splits[TRAIN]))
            kept, held_out = _hold_out(keys, validation_fraction, seed, dataset.source)
            splits[name], places[name] = done.take(TRAIN, held_out)
            splits[TRAIN], places[TRAIN] = done.take(TRAIN, kept)
            whole = f", never a part of those with the same {together}" if together else ""
            examples = counted(len(held_out), "example")
            done.notes.append(f"no {name} split: {examples} of train held out{whole} (seed {seed})")
    done.splits = {name: splits[name] for name in SPLITS}
    return done


def counted(count: int, noun: str) -> str:
    """Returns `1 example`, `2 examples`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _hold_out(keys: Sequence[Hashable], fraction: float, seed: int, source: str) -> tuple[list[int], list[int]]:
    """Returns the indices that stay and those held out; indices with the same key keep together."""
    groups: dict[Hashable, list[int]] = {}
    for i, key in enumerate(keys):
        groups.setdefault(key, []).append(i)
    order = list(groups.values())
    random.Random(seed).shuffle(order)
    count, held_out = max(1, round(len(keys) * fraction)), []
    while order and len(held_out) < count:
        held_out += order.pop()
    if not 0 < fraction < 1 or not order:
        raise DataError(
            f"{source}: too few training examples, {len(keys)}, to hold {fraction:g} of them out for a split that "
            "is missing. Give more of them, or files for validation and test"
        )
    return sorted(chain.from_iterable(order)), sorted(held_out)
