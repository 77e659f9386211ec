import json
from collections import Counter

import pytest

from seqtasks.data.sources import ReadOptions
from seqtasks.data.uci_dna import DnaTable
from seqtasks.errors import DataError

UCI = "EI,    A-DONOR-1,      ACGTN\nIE,B-ACCEPTOR-2,  acgtr\n\nN, , CCCCC\r\n" + "N,X,\t\tGGGGG\n" * 2


def read(path, **options):
    return DnaTable().read(path, ReadOptions(**options))


@pytest.fixture
def write(tmp_path):
    def _write(content, name="splice.data"):
        path = tmp_path / name
        path.write_bytes(content.encode())
        return path

    return _write


def every(dataset):
    return sorted((example["text"], example["label"]) for examples in dataset.splits.values() for example in examples)


def test_the_layout_of_uci(write, tmp_path):
    path = write(UCI)
    dataset = read(path)
    assert every(dataset) == [("ACGTN", "EI"), ("CCCCC", "N"), ("GGGGG", "N"), ("GGGGG", "N"), ("acgtr", "IE")]
    assert {line for places in dataset.places.values() for _, line in places} == {1, 2, 4, 5, 6}
    write("about", "splice.names")
    assert read(tmp_path).splits == dataset.splits
    assert read(write(UCI, "splice.csv")).splits == dataset.splits


def test_repeated_sequences_stay_in_one_split(write):
    for seed in range(1, 6):
        dataset = read(write(UCI), seed=seed)
        texts = [{example["text"] for example in examples} for examples in dataset.splits.values()]
        assert sum(map(len, texts)) == len(set.union(*texts)) == 4


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("EI, x", "expected 3 columns, label, name and sequence, received 2"),
        ("EI, x, ACGT, ACGT", "expected 3 columns, label, name and sequence, received 4"),
        (", x, ACGT", "the label is empty"),
        ("EI, x, ", "the sequence is empty"),
        ("EI, x, ACXT", "'X' at position 3 of the sequence is no base. Expected A, C, G, T, U, the codes"),
    ],
)
def test_bad_rows_of_uci_are_named_or_skipped(write, row, message):
    path = write(f"{UCI}{row}\n")
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:7: {message}")
    assert str(caught.value).endswith("Mend the row, or leave such rows out with --skip-bad-rows")
    dataset = read(path, skip_bad_rows=True)
    assert (len(every(dataset)), dataset.skipped, dataset.notes[0]) == (5, 1, "splice.data: skipped 1 bad row")


ROWS = [("ACGT", "a"), ("ac gt", "b"), ("NNNN", "a"), ("ACGTA", "b")]
READ = sorted(("".join(sequence.split()), label) for sequence, label in ROWS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "sequence,label\n" + "".join(f"{row[0]},{row[1]}\n" for row in ROWS)),
        ("a.csv", "class,id,sequence\n" + "".join(f"{row[1]},x,{row[0]}\n" for row in ROWS)),
        ("a.tsv", "".join(f"{row[0]}\t{row[1]}\n" for row in ROWS)),
        ("a.jsonl", "".join(json.dumps({"sequence": row[0], "label": row[1]}) + "\n" for row in ROWS)),
    ],
)
def test_tables(write, name, content):
    assert every(read(write(content, name))) == READ


def test_named_columns_and_a_header_of_codes(write):
    content = "class,id,dna\n" + "".join(f"{row[1]},x,{row[0]}\n" for row in ROWS)
    path = write(content, "a.csv")
    with pytest.raises(DataError, match="no column 'sequence' for the text"):
        read(path)
    assert every(read(path, features={"text": "dna"})) == READ


def test_splits_in_a_folder(write, tmp_path):
    write("sequence,label\nACGT,a\nACGA,b\nACXX,b\nACCC,a\n", "train.csv")
    write("sequence,label\nAAAA,a\n", "valid.csv")
    write("sequence\nCCCC\n", "test.csv")
    with pytest.raises(DataError, match=r"train\.csv:4: 'X' at position 3"):
        read(tmp_path)
    dataset = read(tmp_path, skip_bad_rows=True)
    assert [len(examples) for examples in dataset.splits.values()] == [2, 1, 1]
    assert dataset.skipped == 1
    assert "test.csv has no labels and is not used" in dataset.notes
    write(UCI, "train.data")
    with pytest.raises(DataError, match="two files for the train split"):
        read(tmp_path)


def test_nothing_to_read(write, tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        read(tmp_path / "none")
    with pytest.raises(DataError, match="the file is empty"):
        read(write("", "a.csv"))
    with pytest.raises(DataError, match=r"a\.csv: no row of the train split has a label and a sequence"):
        read(write("sequence,label\nXX,a\n", "a.csv"), skip_bad_rows=True)


@pytest.mark.parametrize(
    ("name", "labels", "width"),
    [("uci_splice", {"N": 1655, "IE": 768, "EI": 767}, 60), ("uci_promoters", {"+": 53, "-": 53}, 57)],
)
def test_the_files_of_uci(corpora, name, labels, width):
    dataset = read(corpora / "files/dna" / name)
    assert Counter(label for _, label in every(dataset)) == labels
    assert {len(text) for text, _ in every(dataset)} == {width}
    assert dataset.skipped == 0
