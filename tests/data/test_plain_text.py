from types import SimpleNamespace

import pytest

from seqtasks.data.plain_text import TextFiles
from seqtasks.data.sources import ReadOptions, open_source
from seqtasks.errors import DataError, UsageError
from seqtasks.task import Sources


def read(path, lines=True, **options):
    return TextFiles(lines=lines).read(path, ReadOptions(**options))


def texts(dataset):
    return {split: [example["text"] for example in examples] for split, examples in dataset.splits.items()}


@pytest.fixture
def write(tmp_path):
    def _write(content, name="train.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


@pytest.fixture
def folder(write, tmp_path):
    write(" a <unk> b \n\n c\r\n", "ptb.train.txt")
    write("d\n", "ptb.valid.txt")
    write("\r\n \te", "ptb.test.txt")
    write("not data", "SOURCE.md")
    return tmp_path


def test_a_file_a_split_by_lines(folder):
    dataset = read(folder)
    assert texts(dataset) == {"train": ["a <unk> b", "c"], "validation": ["d"], "test": ["e"]}
    assert dataset.places == {
        "train": [(folder / "ptb.train.txt", 1), (folder / "ptb.train.txt", 3)],
        "validation": [(folder / "ptb.valid.txt", 1)],
        "test": [(folder / "ptb.test.txt", 2)],
    }
    assert dataset.notes == []


def test_a_file_a_split_as_a_whole(folder):
    dataset = read(folder, lines=False)
    assert texts(dataset) == {"train": [" a <unk> b \n\n c\n"], "validation": ["d\n"], "test": ["\n \te"]}
    assert dataset.places == {}
    assert dataset.notes == []


@pytest.mark.parametrize("ending", ["tokens", "raw", "text"])
def test_other_endings(write, tmp_path, ending):
    for split in ("train", "valid", "test"):
        write(split, f"wiki.{split}.{ending}")
    assert texts(read(tmp_path)) == {"train": ["train"], "validation": ["valid"], "test": ["test"]}


def test_old_line_ends_and_marks_of_unicode(write):
    content = "\ufeffone\rtwo\x0ctwo\u2028two\r\n" + "three\n" * 20
    assert texts(read(write(content)))["train"][:3] == ["one", "two\x0ctwo\u2028two", "three"]
    assert texts(read(write(content), lines=False))["train"][0].startswith("one\ntwo\x0ctwo\u2028two\nthree\n")


def test_lines_of_one_file_are_cut_by_position(write):
    path = write("".join(f"{i}\n\n" for i in range(200)))
    dataset = read(path, seed=5)
    assert texts(dataset) == {
        "train": [str(i) for i in range(180)],
        "validation": [str(i) for i in range(180, 190)],
        "test": [str(i) for i in range(190, 200)],
    }
    assert dataset.places["train"][-1] == (path, 359)
    assert dataset.places["test"][0] == (path, 381)
    assert dataset.notes == [
        "no validation and test file: train.txt is cut by position, not shuffled: "
        "train 180 lines, validation 10 lines, test 10 lines"
    ]


@pytest.mark.parametrize(("given", "missing"), [("valid", "test"), ("test", "validation")])
def test_only_the_missing_split_is_cut(write, tmp_path, given, missing):
    path = write("".join(f"{i}\n" for i in range(100)))
    write("x\ny\n", f"{given}.txt")
    dataset = read(tmp_path)
    assert texts(dataset) == {
        "train": [str(i) for i in range(95)],
        "validation": ["x", "y"],
        "test": ["x", "y"],
        missing: [str(i) for i in range(95, 100)],
    }
    assert list(dataset.splits) == ["train", "validation", "test"]
    assert dataset.places[missing][0] == (path, 96)
    assert dataset.notes == [
        f"no {missing} file: train.txt is cut by position, not shuffled: train 95 lines, {missing} 5 lines"
    ]


def test_without_train_nothing_is_cut(write, tmp_path):
    path = write("a\nb\n", "test.txt")
    for lines, expected in ((True, ["a", "b"]), (False, ["a\nb\n"])):
        dataset = read(tmp_path, lines, needed="test")
        assert texts(dataset) == {"test": expected}
        assert dataset.places == ({"test": [(path, 1), (path, 2)]} if lines else {})
    with pytest.raises(DataError, match="no train file"):
        read(tmp_path)


def test_how_much_is_cut_is_an_option(write):
    dataset = read(write("x\n" * 100), validation_fraction=0.4)
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {"train": 60, "validation": 20, "test": 20}


def test_a_whole_text_is_cut_at_the_nearest_line_ends(write):
    content = "".join(f"{i:08}\n" for i in range(100))
    dataset = read(write(content), lines=False)
    parts = [text for (text,) in texts(dataset).values()]
    assert "".join(parts) == content
    assert [len(part) for part in parts] == [810, 45, 45]
    assert dataset.notes == [
        "no validation and test file: train.txt is cut by position, not shuffled: "
        "train 810 characters, validation 45 characters, test 45 characters"
    ]
    moved = [text for (text,) in texts(read(write("____" + content), lines=False)).values()]
    assert "".join(moved) == "____" + content
    assert [len(part) for part in moved] == [4 + 810, 45, 45]


@pytest.mark.parametrize("content", ["é" * 1000, "é" * 500 + "\n" + "é" * 499])
def test_a_text_without_line_ends_nearby_is_cut_at_a_character(write, content):
    parts = [text for (text,) in texts(read(write(content), lines=False)).values()]
    assert "".join(parts) == content
    assert [len(part) for part in parts] == [900, 50, 50]


def test_nothing_is_held_out_beyond_what_was_cut(write):
    path = write("".join(f"{i}\n" for i in range(100)))
    task = SimpleNamespace(name="word_lm", targets=None, sources=Sources(dict, TextFiles(lines=True)))
    dataset = open_source(task, str(path))
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {"train": 90, "validation": 5, "test": 5}
    assert len(dataset.notes) == 1


@pytest.mark.parametrize(
    ("content", "lines", "message"),
    [
        ("a\nb\n", True, r"train\.txt: too little text, 2 lines, to cut validation and test off its end\. Give more"),
        ("ab", False, r"train\.txt: too little text, 2 characters, to cut .*files train, valid and test"),
        ("a" * 90 + " " * 10, False, r"train\.txt: too little text, 100 characters"),
        ("", True, r"train\.txt: the file is empty"),
        (" \r\n\n", False, r"train\.txt: the file is empty"),
    ],
)
def test_too_little_text(write, content, lines, message):
    with pytest.raises(DataError, match=message):
        read(write(content), lines)


def test_an_empty_validation_file(write, tmp_path):
    write("a\n" * 100)
    write("\n", "valid.txt")
    with pytest.raises(DataError, match=r"valid\.txt: the file is empty"):
        read(tmp_path)


def test_the_least_that_can_be_cut(write):
    assert texts(read(write("a\nb\nc"))) == {"train": ["a"], "validation": ["b"], "test": ["c"]}


def test_there_are_no_columns(write):
    with pytest.raises(UsageError, match=r"--features text=title: plain text has no columns to name"):
        read(write("a\n" * 100), features={"text": "title"})


def test_cp1252(write):
    dataset = read(write("très bon\n".encode("cp1252") * 100))
    assert dataset.splits["train"][0] == {"text": "très bon"}
    assert dataset.notes[0] == "train.txt is not UTF-8; it was read as cp1252"


def test_bad_rows_do_not_exist(write):
    dataset = read(write("a\tb\n\n" * 100), skip_bad_rows=True)
    assert dataset.skipped == 0
    assert dataset.splits["train"][0] == {"text": "a\tb"}
