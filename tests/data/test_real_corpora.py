"""The loaders on real corpora, where they are at hand."""

import pytest

from seqtasks.data.blimp import read_blimp
from seqtasks.data.conll import ConllFiles
from seqtasks.data.dataset import complete_splits
from seqtasks.data.delimited import DelimitedFiles
from seqtasks.data.plain_text import TextFiles
from seqtasks.data.sources import ReadOptions
from seqtasks.data.tfds import read
from seqtasks.data.tfds_features import TfdsPlainText, TfdsTags, TfdsText


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


def test_penn_treebank(corpora):
    dataset = TextFiles(lines=True).read(corpora / "files/language_model/ptb", ReadOptions())
    assert sizes(dataset) == {"train": 42_068, "validation": 3_370, "test": 3_761}
    words = {split: sum(len(example["text"].split()) for example in rows) for split, rows in dataset.splits.items()}
    assert words == {"train": 887_521, "validation": 70_390, "test": 78_669}
    assert len({word for example in dataset.splits["train"] for word in example["text"].split()}) == 9_999
    assert dataset.notes == []


def test_tiny_shakespeare_is_cut_as_tfds_cuts_it(corpora):
    built = read("tiny_shakespeare", TfdsPlainText(), ReadOptions(data_dir=str(corpora / "tfds")))
    assert characters(built) == {"train": 1_003_854, "validation": 55_770, "test": 55_770}
    path = corpora / "files/language_model/tiny_shakespeare/input.txt"
    file = TextFiles(lines=False).read(path, ReadOptions())
    assert "".join(rows[0]["text"] for rows in file.splits.values()) == path.read_text(encoding="utf-8")
    for split, length in characters(file).items():
        assert abs(length - characters(built)[split]) < 50
        assert file.splits[split][0]["text"].endswith("\n")


def characters(dataset):
    return {split: len(example["text"]) for split, (example,) in dataset.splits.items()}


def test_blimp(corpora):
    names = ("distractor_agreement_relational_noun", "regular_plural_subject_verb_agreement_1")
    pairs = read_blimp(names, str(corpora / "tfds"))
    assert [pair["paradigm"] for pair in pairs] == [name for name in names for _ in range(1000)]
    assert len({(pair["good"], pair["bad"]) for pair in pairs}) == 2000
    assert all(pair["good"] != pair["bad"] and pair["good"].endswith(".") for pair in pairs)
