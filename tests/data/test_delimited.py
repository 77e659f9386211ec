import json

import pytest

from seqtasks.data.delimited import DelimitedFiles
from seqtasks.data.sources import ReadOptions
from seqtasks.errors import DataError, UsageError

TWO = [{"text": "good film", "label": "1"}, {"text": 'a "bad" one', "label": "0"}]


def read(path, **options):
    return DelimitedFiles().read(path, ReadOptions(**options))


NO_HEADER = "train.tsv has no header: column 1 is taken as the text, column 2 as the label"


@pytest.fixture
def write(tmp_path):
    def _write(content, name="train.tsv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.tsv", 'good film\t1\na "bad" one\t0'),
        ("train.tsv", 'sentence\tlabel\ngood film\t1\na "bad" one\t0\n'),
        ("train.tsv", '\ufeffsentence\tlabel\r\ngood film\t1\r\n\r\na "bad" one\t0\r\n'),
        ("train.tsv", 'id\tlabel\treview\n7\t1\tgood film\n8\t0\ta "bad" one\n'),
        ("train.csv", 'Text,Label\ngood film,1\n"a ""bad"" one",0\n'),
        ("train.csv", 'good film,1\n"a ""bad"" one",0'),
        ("train.jsonl", '{"text": "good film", "label": 1}\n\n{"label": "0", "text": "a \\"bad\\" one", "x": []}'),
    ],
)
def test_variants_of_the_same_content(write, name, content):
    assert read(write(content, name)).splits == {"train": TWO}


def test_csv_fields_hold_commas_and_lines(write):
    path = write('text,label\n"one,\ntwo",pos\nx,y,z\n', "train.csv")
    with pytest.raises(DataError, match=r"train\.csv:4: expected 2 columns, received 3"):
        read(path)
    dataset = read(path, skip_bad_rows=True)
    assert dataset.splits["train"] == [{"text": "one,\ntwo", "label": "pos"}]
    assert dataset.skipped == 1
    assert dataset.notes == ["train.csv: skipped 1 bad row"]


def test_open_quote_in_csv(write):
    with pytest.raises(DataError, match=r"train\.csv:4: not CSV"):
        read(write('text,label\na,1\n"b,1\nc,0\n', "train.csv"))


def test_test_file_without_labels_is_left_out(write, tmp_path):
    write("sentence\tlabel\na\t1\nb\t0\n")
    write("index\tsentence\n0\tx\n1\ty\n", "test.tsv")
    dataset = read(tmp_path)
    assert list(dataset.splits) == ["train"]
    assert dataset.notes == ["test.tsv has no labels and is not used"]


def test_test_file_labelled_minus_one_is_left_out(write, tmp_path):
    write("a\t1\nb\t-1\n")
    write("x\t-1\ny\t-1\n", "test.tsv")
    assert {split: len(examples) for split, examples in read(tmp_path).splits.items()} == {"train": 2}


def test_a_first_text_that_is_a_usual_name_is_no_header(write, tmp_path):
    write("comment\t1\na\t0\n")
    write("review\t0\n", "test.tsv")
    splits = read(tmp_path).splits
    assert [example["text"] for example in splits["train"]] == ["comment", "a"]
    assert splits["test"] == [{"text": "review", "label": "0"}]


def test_named_columns(write):
    path = write("a\ttitle\tmood\nx\tgood film\tglad\n")
    assert read(path, features={"text": "title", "label": "mood"}).splits["train"] == [
        {"text": "good film", "label": "glad"}
    ]
    with pytest.raises(DataError, match=r"train\.tsv:1: no column 'titel' for the text\. Did you mean 'title'\?"):
        read(path, features={"text": "titel", "label": "mood"})
    with pytest.raises(UsageError, match=r"unknown role 'texts'\. Did you mean 'text'"):
        read(path, features={"texts": "title"})


def test_a_header_without_one_of_the_columns_is_no_example(write):
    with pytest.raises(DataError, match=r"train\.csv:1: no column 'text' for the text.*--features text=COLUMN"):
        read(write("body,label\ngood,1\nbad,0\n", "train.csv"))


def test_numbered_columns(write):
    path = write("x\tglad\tgood film\n")
    assert read(path, features={"text": "3", "label": "2"}).splits["train"] == [{"text": "good film", "label": "glad"}]
    with pytest.raises(DataError, match=r"there are 3 columns"):
        read(path, features={"text": "4", "label": "2"})
    with pytest.raises(DataError, match=r"train\.tsv:1: expected a header or two columns.*received 3 columns"):
        read(path)


def test_wrong_column_count(write):
    with pytest.raises(DataError, match=r"train\.tsv:3: expected 2 columns, received 1"):
        read(write("a\t1\nb\t0\nno label\n"))


def test_empty_cells(write):
    with pytest.raises(DataError, match=r"train\.tsv:2: the label is empty"):
        read(write("a\t1\nb\t \n"))
    dataset = read(write("a\t1\n \t1\n"))
    assert dataset.splits["train"] == [{"text": "a", "label": "1"}]
    assert dataset.notes == [NO_HEADER, "train.tsv: dropped 1 row with an empty text"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "a", "label": 1}\n{"text": "a"', r"train\.jsonl:2: not JSON"),
        ('["a", 1]', r"train\.jsonl:1: expected a JSON object"),
        ('{"text": "a", "lable": 1}', r"train\.jsonl:1: no key 'label' for the label\. Did you mean 'lable'\?"),
        ('{"text": 3, "label": 1}', r"train\.jsonl:1: expected a string as text"),
    ],
)
def test_bad_json(write, content, message):
    with pytest.raises(DataError, match=message):
        read(write(content, "train.jsonl"))
    with pytest.raises(DataError, match="no examples") if "\n" not in content else _nothing():
        assert read(write(content, "train.jsonl"), skip_bad_rows=True).skipped == 1


def _nothing():
    import contextlib

    return contextlib.nullcontext()


def test_plain_json_values_as_labels(write):
    labels = ["x", 2, 3.0, 0.5, True]
    content = "\n".join(json.dumps({"text": "a", "label": label}) for label in labels)
    examples = read(write(content, "train.jsonl")).splits["train"]
    assert [example["label"] for example in examples] == ["x", "2", "3", "0.5", "true"]


def test_half_a_surrogate_pair_in_json(write):
    examples = read(write(r'{"text": "a \ud83d b \ud83d\ude00", "label": 1}', "train.jsonl")).splits["train"]
    assert examples[0]["text"] == "a ? b 😀"


def test_cp1252(write):
    dataset = read(write("très bon\t1\n".encode("cp1252")))
    assert dataset.splits["train"][0]["text"] == "très bon"
    assert dataset.notes == ["train.tsv is not UTF-8; it was read as cp1252", NO_HEADER]


def test_bytes_that_are_no_text(write):
    with pytest.raises(DataError, match=r"train\.tsv:2: not a text file: it holds zero bytes"):
        read(write(b"a\t1\n\0\1\2\t0\n"))


def test_the_places_of_examples(write):
    path = write('text,label\n"two\nlines",1\n\nb,0\n', "train.csv")
    dataset = read(path)
    assert dataset.places["train"] == [(path, 3), (path, 5)]


def test_empty_files(write):
    with pytest.raises(DataError, match=r"train\.tsv: the file is empty"):
        read(write("\n \n"))
    with pytest.raises(DataError, match=r"train\.tsv: no examples"):
        read(write("text\tlabel\n"))
    with pytest.raises(DataError, match=r"train\.csv: the file is empty"):
        read(write("", "train.csv"))
