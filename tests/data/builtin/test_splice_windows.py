import math
from collections import Counter

import pytest

from seqtasks.data.builtin import splice_windows


@pytest.fixture(scope="module")
def splits():
    return splice_windows.generate(1)


def test_deterministic_in_the_seed(splits):
    assert splits == splice_windows.generate(1) != splice_windows.generate(2)
    assert {split: len(examples) for split, examples in splits.items()} == splice_windows.SIZES


def test_windows(splits):
    examples = [example for examples in splits.values() for example in examples]
    texts = [example["text"] for example in examples]
    assert len(set(texts)) == len(texts)
    assert all(len(text) == 60 and set(text) <= set("ACGT") for text in texts)
    assert all(example["text"][30:32] == "GT" for example in examples if example["label"] == "EI")
    assert all(example["text"][28:30] == "AG" for example in examples if example["label"] == "IE")
    for examples in splits.values():
        counts = Counter(example["label"] for example in examples)
        assert counts == {"N": len(examples) / 2, "EI": len(examples) / 4, "IE": len(examples) / 4}


def test_middles_alone_do_not_tell(splits):
    neither = [example["text"] for example in splits["train"] if example["label"] == "N"]
    assert sum(text[30:32] == "GT" for text in neither) > 0.15 * len(neither)
    assert sum(text[28:30] == "AG" for text in neither) > 0.15 * len(neither)


def test_position_weights_learned_from_train_are_right_about_nineteen_times_of_twenty(splits):
    counts = {label: [Counter("ACGT") for _ in range(60)] for label in ("EI", "IE", "N")}
    sizes = Counter(example["label"] for example in splits["train"])
    for example in splits["train"]:
        for column, base in zip(counts[example["label"]], example["text"], strict=True):
            column[base] += 1

    def score(text, label):
        columns = zip(counts[label], text, strict=True)
        return math.log(sizes[label]) + sum(math.log(column[base] / column.total()) for column, base in columns)

    right = sum(
        example["label"] == max(counts, key=lambda label: score(example["text"], label)) for example in splits["test"]
    )
    assert 0.93 < right / len(splits["test"]) < 0.99
