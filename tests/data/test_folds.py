from pathlib import Path

import pytest

from seqtasks.data.dataset import Dataset
from seqtasks.data.folds import parse_fold, take_fold
from seqtasks.errors import DataError, UsageError

ROWS = [{"text": str(i), "label": "many" if i % 3 else "few"} for i in range(31)]


def dataset(**places):
    return Dataset({"train": ROWS[:20], "validation": ROWS[20:25], "test": ROWS[25:]}, "rows", places=places)


def folds(count, seed=1):
    return [take_fold(dataset(), f"{number}/{count}", seed) for number in range(1, count + 1)]


@pytest.mark.parametrize("count", [2, 4, 31])
def test_every_example_is_tested_once(count):
    found = folds(count)
    tested = [row["text"] for fold in found for row in fold.splits["test"]]
    assert sorted(tested, key=int) == [row["text"] for row in ROWS]
    for fold in found:
        assert set(fold.splits) == {"train", "test"}
        both = fold.splits["train"] + fold.splits["test"]
        assert sorted((row["text"] for row in both), key=int) == [row["text"] for row in ROWS]


def test_folds_are_alike():
    found = folds(4)
    assert {len(fold.splits["test"]) for fold in found} == {7, 8}
    assert {sum(row["label"] == "few" for row in fold.splits["test"]) for fold in found} == {2, 3}


def test_examples_of_one_text_go_together():
    rows = [{"text": str(i % 10), "label": str(i % 2)} for i in range(30)]
    for number in range(1, 6):
        fold = take_fold(Dataset({"train": rows}, "rows"), f"{number}/5", 1).splits
        assert not {row["text"] for row in fold["train"]} & {row["text"] for row in fold["test"]}
        assert len(fold["test"]) == 6


def test_the_seed_shuffles():
    again, other = take_fold(dataset(), "1/4", 1), take_fold(dataset(), "1/4", 2)
    assert again.splits == folds(4)[0].splits
    assert again.splits != other.splits
    assert "fold 1" in again.notes[-1]


def test_places_go_with_their_examples():
    places = [(Path("rows.csv"), i) for i in range(31)]
    whole = dataset(train=places[:20], validation=places[20:25], test=places[25:])
    fold = take_fold(whole, "2/4", 1)
    for split, examples in fold.splits.items():
        assert [line for _, line in fold.places[split]] == [int(row["text"]) for row in examples]


def test_examples_without_labels():
    texts = Dataset({"train": [{"text": str(i)} for i in range(5)]}, "texts")
    assert len(take_fold(texts, "5/5", 1).splits["test"]) == 1


def test_more_folds_than_examples():
    with pytest.raises(DataError, match="31 different examples cannot be cut into 32 folds"):
        take_fold(dataset(), "1/32", 1)


@pytest.mark.parametrize("fold", ["0/3", "4/3", "1/1", "3", "a/b", "-1/3", ""])
def test_what_is_no_fold(fold):
    with pytest.raises(UsageError, match=r"as 3/10\. Received"):
        parse_fold(fold)
