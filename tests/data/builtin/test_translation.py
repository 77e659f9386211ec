import pytest

from seqtasks.data.builtin import translation


@pytest.fixture(scope="module")
def splits():
    return translation.generate(1)


def test_deterministic_in_the_seed(splits):
    assert translation.generate(1) == splits
    assert translation.generate(2) != splits
    assert {name: len(examples) for name, examples in splits.items()} == translation.SIZES


def test_no_source_stands_twice(splits):
    sources = [example["source"] for examples in splits.values() for example in examples]
    assert len(set(sources)) == len(sources)


def test_every_word_is_seen_in_training(splits):
    for side in ("source", "target"):
        seen = set().union(*(translation.words_of(example[side]) for example in splits["train"]))
        for split in ("validation", "test"):
            assert set().union(*(translation.words_of(example[side]) for example in splits[split])) <= seen


def test_both_kinds_are_there(splits):
    for examples in splits.values():
        dates = sum(example["target"][0].isdigit() for example in examples)
        assert 0.15 < dates / len(examples) < 0.35


def test_copying_gets_nothing_right(splits):
    assert not any(example["source"] == example["target"] for examples in splits.values() for example in examples)


def test_words():
    assert translation.words_of("Does it, on 2009-05-03?") == {"Does", "it", ",", "on", "2009", "-", "05", "03", "?"}
