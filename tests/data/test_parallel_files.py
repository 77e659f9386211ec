import gzip
from types import SimpleNamespace

import pytest

from seqtasks.data.dataset import complete_splits
from seqtasks.data.parallel_files import ParallelFiles
from seqtasks.data.sources import ReadOptions, check_source, open_source
from seqtasks.errors import DataError, UsageError
from seqtasks.task import Sources

EN_DE = {"source": "en", "target": "de"}
GIVEN = {"train": [("a", "A"), ("b", "B")], "validation": [("v", "V")], "test": [("t", "T"), ("u", "U")]}


def read(path, features=None, **options):
    return ParallelFiles().read(path, ReadOptions(features=features or {}, **options))


def pairs(dataset):
    return {name: [tuple(example.values()) for example in examples] for name, examples in dataset.splits.items()}


@pytest.fixture
def write(tmp_path):
    def _write(**files):
        for name, content in files.items():
            path = tmp_path / name.replace("__", ".")
            path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())
        return tmp_path

    return _write


@pytest.fixture
def raw(write):
    """A folder as Multi30k's."""
    return write(
        train__en="a\nb\n",
        train__de="A\r\nB",
        val__en="v\n",
        val__de=" V \n",
        test_2016__en="t\nu\n",
        test_2016__de="T\nU\n",
        test_2017__en="x\ny\n",
        test_2017__de="X\nY\n",
        README__md="not data",
    )


def test_aligned_files(raw):
    dataset = read(raw, EN_DE)
    assert pairs(dataset) == GIVEN
    assert dataset.splits["train"][0] == {"source": "a", "target": "A"}
    assert dataset.places["test"] == [(raw / "test_2016.en", 1), (raw / "test_2016.en", 2)]
    assert dataset.notes == [
        f"the test split is test_2016; not used: test_2017. To evaluate on one of them, give it as the path: "
        f"--data {raw / 'test_2017.en'} --features source=en,target=de --split test"
    ]


def test_the_direction_is_what_was_said(raw):
    assert pairs(read(raw, {"source": "de", "target": "en"}))["validation"] == [("V", "v")]
    for path in (raw, raw / "test_2017.en", raw / "test_2017"):
        with pytest.raises(UsageError, match=r"de, en: .*source=de,target=en or --features source=en,target=de$"):
            read(path)


@pytest.mark.parametrize("name", ["test_2017.en", "test_2017.de", "test_2017"])
def test_one_pair_is_the_split_in_its_name(raw, name):
    dataset = read(raw / name, EN_DE)
    assert pairs(dataset) == {"test": [("x", "X"), ("y", "Y")]}
    assert dataset.notes == []


def test_a_test_split_alone_serves_to_evaluate_but_not_to_train(raw):
    task = SimpleNamespace(name="translation", targets=None, sources=Sources(dict, ParallelFiles()))
    path = str(raw / "test_2017")
    evaluated = open_source(task, path, ReadOptions(features=EN_DE, needed="test"))
    assert pairs(evaluated) == {"test": [("x", "X"), ("y", "Y")]}
    with pytest.raises(DataError, match=r"test_2017: the train split is missing or empty\. Received splits: test"):
        open_source(task, path, ReadOptions(features=EN_DE))
    with pytest.raises(UsageError, match=r"test_2018: no such file or folder.*train\.en, train\.de"):
        check_source(task, str(raw / "test_2018"))


def test_packed_files(write):
    folder = write(test__en__gz="x\ny\n", test__de="X\nY\n", dev__tsv__gz="x\tX\ny\tY\n")
    for name in ("test.en.gz", "test.de", "test"):
        assert pairs(read(folder / name, EN_DE)) == {"test": [("x", "X"), ("y", "Y")]}
    assert pairs(read(folder / "dev.tsv.gz")) == {"validation": [("x", "X"), ("y", "Y")]}


def test_too_little_to_hold_a_source_out(write):
    with pytest.raises(DataError, match="too few training examples, 2, to hold"):
        read(write(corpus__tsv="x\tX\nx\tY\n") / "corpus.tsv")


def test_broken_packing(write):
    path = write(train__tsv="x\tX\n") / "train.tsv"
    broken = path.rename(path.with_name("train.tsv.gz"))
    with pytest.raises(DataError, match=r"train\.tsv\.gz: not a whole gzip file"):
        read(broken)


def test_files_of_different_length(write):
    folder = write(train__en="a\nb\nc\n", train__de="A\nB\n")
    with pytest.raises(DataError, match=r"train\.en: 3 lines, but \S*train\.de has 2\."):
        read(folder, EN_DE)


def test_marks_of_unicode_end_no_line(write):
    folder = write(test__en="a\u2028a\nb\n", test__de="A\x85A\nB\n")
    assert pairs(read(folder / "test", EN_DE)) == {"test": [("a\u2028a", "A\x85A"), ("b", "B")]}


def test_empty_sides_are_dropped_and_counted(write):
    folder = write(test__en="a\n\nc\n", test__de="A\nB\n \n")
    dataset = read(folder / "test.en", EN_DE)
    assert pairs(dataset) == {"test": [("a", "A")]}
    assert dataset.notes == ["test.en and test.de: dropped 2 pairs with an empty side"]
    with pytest.raises(DataError, match=r"val\.en: no pair of a text and its translation"):
        read(write(val__en="\n", val__de="A\n") / "val", EN_DE)


def test_languages_that_are_not_there(raw, write):
    with pytest.raises(UsageError, match=r"--features target=fr: .* has none\. Known: de, en"):
        read(raw, {"source": "en", "target": "fr"})
    write(train__en="a\nb\nc\n", train__fr="à\nb\nc\n")
    with pytest.raises(UsageError, match=r"train\.fr is neither in en nor in de"):
        read(raw / "train.fr", EN_DE)
    dataset = read(raw, {"source": "en", "target": "fr"})
    assert [len(rows) for rows in dataset.splits.values()] == [1, 1, 1]
    assert "test_2016.en is not used: there is no file beside it with the other language" in dataset.notes


def test_halves_of_pairs_are_told(write, raw):
    (raw / "val.de").unlink()
    notes = read(raw, EN_DE, validation_fraction=0.5).notes
    assert "val.en is not used: there is no file beside it with the other language" in notes


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"source": "en"}, "--features source=en: say both"),
        ({"source": "en", "target": "en"}, "two different ones"),
        ({"source": "en", "targets": "de"}, r"unknown role 'targets'\. Did you mean 'target'"),
    ],
)
def test_wrong_features(raw, features, message):
    with pytest.raises(UsageError, match=message):
        read(raw, features)


def test_two_pairs_to_train_on(write, raw):
    write(train2__en="a\n", train2__de="A\n", train_more__en="a\n", train_more__de="A\n")
    with pytest.raises(DataError, match="two pairs of files for the train split: train and train_more"):
        read(raw, EN_DE)


def test_nothing_to_read(write, tmp_path):
    with pytest.raises(DataError, match=r"no texts with their translations\..*Found: notes\.md"):
        read(write(notes__md="x"))
    with pytest.raises(DataError, match="nowhere: no such file or folder"):
        read(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "features"),
    [
        ("t\tT\nu\tU\n", {}),
        ("t\tT\tby whom\r\n\r\nu\tU\tby whom", {}),
        ("T\tt\nU\tu\n", {"source": "2", "target": "1"}),
        ("target\tid\tSource\nT\t1\tt\nU\t2\tu\n", {}),
        ("German\tEnglish\nT\tt\nU\tu\n", {"source": "english", "target": "German"}),
        ("id\tGerman\tEnglish\n1\tT\tt\n2\tU\tu\n", {"source": "3", "target": "german"}),
        ("source\ttarget\tother\nT\t\tt\nU\t\tu\n", {"source": "3", "target": "1"}),
    ],
)
def test_variants_of_the_same_table(write, content, features):
    assert pairs(read(write(test__tsv=content) / "test.tsv", features)) == {"test": [("t", "T"), ("u", "U")]}


def test_three_tables_are_taken_as_they_are(write):
    folder = write(train__tsv="a\tA\na\tA\nt\tT\n", valid__tsv="v\tV\n", test__tsv="t\tT\nt\tT\n")
    dataset = read(folder)
    assert pairs(dataset) == {
        "train": [("a", "A"), ("a", "A"), ("t", "T")],
        "validation": [("v", "V")],
        "test": [("t", "T"), ("t", "T")],
    }
    assert dataset.places["train"] == [(folder / "train.tsv", line) for line in (1, 2, 3)]
    assert "train.tsv has no header: column 1 is taken as the source, column 2 as the target" in dataset.notes


def test_all_translations_of_a_source_stay_together(write):
    rows = [f"source {i % 60}\ttarget {i}\n" for i in range(300)]
    path = write(corpus__txt="".join(rows + rows[:3])) / "corpus.txt"
    dataset = read(path, validation_fraction=0.2, seed=3)
    assert {name: len(rows) for name, rows in dataset.splits.items()} == {"train": 190, "validation": 50, "test": 60}
    kept = [pair for split in pairs(dataset).values() for pair in split]
    assert sorted(kept) == sorted(tuple(row.strip().split("\t")) for row in rows)
    sources = [{example["source"] for example in examples} for examples in dataset.splits.values()]
    assert sum(map(len, sources)) == len(set().union(*sources)) == 60
    for split, examples in dataset.splits.items():
        assert [rows[line - 1].split("\t")[0] for _, line in dataset.places[split]] == [e["source"] for e in examples]
    assert dataset.notes[1:] == [
        "corpus.txt: dropped 3 repeated pairs",
        "no test split: 60 examples of train held out, never a part of those with the same source (seed 3)",
        "no validation split: 50 examples of train held out, never a part of those with the same source (seed 3)",
    ]
    assert dataset == read(path, validation_fraction=0.2, seed=3)
    assert dataset.splits != read(path, validation_fraction=0.2, seed=4).splits
    assert complete_splits(dataset) == dataset


def test_short_rows(write):
    path = write(test__tsv="a\tA\nb\nc\tC\n") / "test.tsv"
    with pytest.raises(DataError, match=r"test\.tsv:2: expected at least 2 columns, received 1\. .*--skip-bad-rows"):
        read(path)
    dataset = read(path, skip_bad_rows=True)
    assert pairs(dataset) == {"test": [("a", "A"), ("c", "C")]}
    assert dataset.skipped == 1
    assert "test.tsv: skipped 1 bad row" in dataset.notes


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"source": "1", "target": "3"}, r"test\.tsv:1: --features target=3: there are 2 columns"),
        ({"source": "english", "target": "german"}, r"test\.tsv:1: no column 'english' for the source\."),
    ],
)
def test_columns_that_are_not_there(write, features, message):
    with pytest.raises(DataError, match=message):
        read(write(test__tsv="a\tA\n") / "test.tsv", features)


def test_an_empty_table(write):
    with pytest.raises(DataError, match=r"test\.tsv: the file is empty"):
        read(write(test__tsv="\n") / "test.tsv")


def test_tables_beside_aligned_files_are_read_when_columns_are_named(raw, write):
    folder = write(train__tsv="1\t2\n", valid__tsv="3\t4\n", test__tsv="5\t6\n")
    assert pairs(read(folder, {"source": "2", "target": "1"}))["test"] == [("6", "5")]
    assert pairs(read(folder, EN_DE)) == GIVEN


def test_multi30k(corpora):
    dataset = read(corpora / "files/translation/multi30k/raw", EN_DE)
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {
        "train": 29_000,
        "validation": 1014,
        "test": 1000,
    }
    assert "not used: test_2017_flickr, test_2018_flickr" in dataset.notes[0]
    alone = read(corpora / "files/translation/multi30k/raw/test_2018_flickr", EN_DE)
    assert {split: len(rows) for split, rows in alone.splits.items()} == {"test": 1071}


def test_tatoeba(corpora):
    dataset = read(corpora / "files/translation/fra-eng/fra_first30000.tsv")
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {
        "train": 24_297,
        "validation": 2700,
        "test": 3000,
    }
    sources = [{example["source"] for example in examples} for examples in dataset.splits.values()]
    assert sum(map(len, sources)) == len(set().union(*sources))
