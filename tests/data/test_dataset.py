import pytest

from seqtasks.data.dataset import Dataset, complete_splits
from seqtasks.errors import DataError


def numbered(count):
    return [{"text": str(i), "label": "x"} for i in range(count)]


def test_complete_data_stays():
    dataset = Dataset({"train": numbered(3), "validation": numbered(2), "test": numbered(1)}, "here", ["noted"], 4)
    assert complete_splits(dataset) == dataset


def test_validation_is_held_out_of_train():
    dataset = Dataset({"train": numbered(50), "test": numbered(1)}, "here")
    done = complete_splits(dataset, 0.2, seed=3)
    assert [len(done.splits[name]) for name in ("train", "validation", "test")] == [40, 10, 1]
    texts = [example["text"] for name in ("train", "validation") for example in done.splits[name]]
    assert sorted(texts, key=int) == [str(i) for i in range(50)]
    assert done.notes == ["no validation split: 10 examples of train held out (seed 3)"]
    assert done.splits == complete_splits(dataset, 0.2, seed=3).splits
    assert done.splits != complete_splits(dataset, 0.2, seed=4).splits
    assert list(dataset.splits) == ["train", "test"]


def test_validation_becomes_test():
    done = complete_splits(Dataset({"train": numbered(10), "validation": [{"text": "v", "label": "x"}]}, "here"))
    assert done.splits["test"] == [{"text": "v", "label": "x"}]
    assert len(done.splits["validation"]) == 1
    assert "validation split is the test split" in done.notes[0]


def test_train_alone():
    done = complete_splits(Dataset({"train": numbered(100)}, "here"), 0.1)
    assert {name: len(examples) for name, examples in done.splits.items()} == {"train": 81, "validation": 9, "test": 10}
    assert len(done.notes) == 2


def test_places_follow_their_examples():
    places = {"train": [("a.csv", i) for i in range(20)]}
    done = complete_splits(Dataset({"train": numbered(20)}, "here", places=places), 0.2)
    for name in ("train", "validation", "test"):
        assert done.places[name] == [("a.csv", int(example["text"])) for example in done.splits[name]]


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({}, "train split is missing or empty"),
        ({"train": [], "test": numbered(1)}, "train split is missing or empty"),
        ({"train": numbered(3), "validation": []}, "validation split is empty"),
        ({"train": numbered(3), "test": []}, "test split is empty"),
        ({"train": numbered(1)}, "too few training examples, 1, to hold 0.1 of them"),
    ],
)
def test_empty_splits(splits, message):
    with pytest.raises(DataError, match=f"here: .*{message}"):
        complete_splits(Dataset(splits, "here"))


def test_without_train_the_split_that_is_needed_is_enough():
    dataset = Dataset({"test": numbered(2)}, "here")
    assert complete_splits(dataset, needed="test") == dataset
    with pytest.raises(DataError, match=r"here: the validation split is missing or empty\. Received splits: test"):
        complete_splits(dataset, needed="validation")
    with pytest.raises(DataError, match=r"here: the train split is missing or empty\. Received splits: test"):
        complete_splits(dataset)


def test_what_is_needed_changes_nothing_where_there_is_train():
    dataset = Dataset({"train": numbered(20), "validation": numbered(2)}, "here")
    assert complete_splits(dataset, needed="validation") == complete_splits(dataset)


def test_examples_that_belong_together_are_held_out_together():
    examples = [{"text": str(i), "label": str(i % 25)} for i in range(100)]
    done = complete_splits(Dataset({"train": examples}, "here"), 0.2, seed=3, together="label")
    labels = [{example["label"] for example in done.splits[name]} for name in ("train", "validation", "test")]
    assert [len(done.splits[name]) for name in ("train", "validation", "test")] == [64, 16, 20]
    assert sum(map(len, labels)) == len(set().union(*labels)) == 25
