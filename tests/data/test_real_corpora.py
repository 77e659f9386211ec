"""The loaders on real corpora, where they are at hand."""

import pytest

from seqtasks.data.conll import ConllFiles
from seqtasks.data.dataset import complete_splits
from seqtasks.data.delimited import DelimitedFiles
from seqtasks.data.sources import ReadOptions
from seqtasks.data.tfds import TfdsTags, TfdsText, read


def sizes(dataset):
    return {name: len(examples) for name, examples in dataset.splits.items()}


def entities(dataset, split):
    return sum(tag.startswith("B-") for example in dataset.splits[split] for tag in example["tags"])


def test_conll2003_has_the_official_counts_and_both_ways_agree(corpora):
    files = ConllFiles().read(corpora / "files/ner/conll2003", ReadOptions())
    assert sizes(files) == {"train": 14041, "validation": 3250, "test": 3453}
    assert sum(len(example["tokens"]) for example in files.splits["train"]) == 203_621
    assert [entities(files, split) for split in files.splits] == [23_499, 5_942, 5_648]
    built = read("conll2003", TfdsTags(), ReadOptions(data_dir=str(corpora / "tfds")))
    for split in files.splits:
        assert sorted(map(str, files.splits[split])) == sorted(map(str, built.splits[split]))


@pytest.mark.parametrize(
    ("name", "features", "scheme", "expected"),
    [
        ("conll2002/es", TfdsTags(), "BIO", {"train": 8323, "validation": 1915, "test": 1517}),
        (
            "universal_dependencies/en_partut",
            TfdsTags(tags="upos"),
            "plain",
            {"train": 1781, "validation": 156, "test": 153},
        ),
        ("trec", TfdsText(label="label-coarse"), "BIO", {"train": 5452, "test": 500}),
        ("glue/sst2", TfdsText(text="sentence"), "BIO", {"train": 67349, "validation": 872}),
    ],
)
def test_tfds(corpora, name, features, scheme, expected):
    dataset = read(name, features, ReadOptions(data_dir=str(corpora / "tfds"), scheme=scheme))
    assert sizes(dataset) == expected
    if name == "trec":
        labels = {example["label"] for example in dataset.splits["train"]}
        assert labels == {"ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"}


def test_sst2_sentences(corpora):
    dataset = DelimitedFiles().read(corpora / "files/sentiment/sst2_sentences", ReadOptions())
    assert sizes(dataset) == {"train": 6920, "validation": 872, "test": 1821}
    assert {example["label"] for example in dataset.splits["test"]} == {"0", "1"}


def test_sst2_glue(corpora):
    dataset = complete_splits(DelimitedFiles().read(corpora / "files/sentiment/sst2_glue", ReadOptions()))
    assert sizes(dataset) == {"train": 60614, "validation": 6735, "test": 872}
    assert "test.tsv has no labels and is not used" in dataset.notes
