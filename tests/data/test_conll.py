import pytest

from seqtasks.data.conll import ConllFiles
from seqtasks.data.sources import ReadOptions
from seqtasks.errors import DataError, UsageError


def read(path, **options):
    return ConllFiles().read(path, ReadOptions(**options))


@pytest.fixture
def write(tmp_path):
    def _write(content, name="train.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


def test_four_columns(write):
    path = write("-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nPeter NNP B-NP B-PER\n")
    assert read(path).splits == {
        "train": [
            {"tokens": ["EU", "rejects"], "pos": ["NNP", "VBZ"], "chunks": ["B-NP", "B-VP"], "tags": ["B-ORG", "O"]},
            {"tokens": ["Peter"], "pos": ["NNP"], "chunks": ["B-NP"], "tags": ["B-PER"]},
        ]
    }


@pytest.mark.parametrize(
    "content",
    [
        b"a B-X\nb O\n\nc O",  # no newline at the end
        b"a B-X\r\nb O\r\n\r\nc O\r\n",
        b"\xef\xbb\xbfa B-X\nb O\n\nc O\n",
        b"\n \n\na B-X\nb O\n \t \n\xc2\xa0\n\nc O\n\n\n",
        b"a   B-X\nb\tO\n\n  c \t  O  \n",
        b"-DOCSTART- O\na B-X\nb O\n-DOCSTART- O\nc O\n",
    ],
)
def test_variants_of_the_same_content(write, content):
    examples = read(write(content)).splits["train"]
    assert examples == [{"tokens": ["a", "b"], "tags": ["B-X", "O"]}, {"tokens": ["c"], "tags": ["O"]}]


def test_no_break_spaces_and_line_separators_belong_to_tokens(write):
    examples = read(write("New\u00a0York B-LOC\nx\u2028y O\n")).splits["train"]
    assert examples[0]["tokens"] == ["New\u00a0York", "x\u2028y"]


def test_cp1252_is_noted(write):
    dataset = read(write("Malmö B-LOC\n“x” O\n".encode("cp1252")))
    assert dataset.splits["train"][0]["tokens"] == ["Malmö", "“x”"]
    assert "cp1252" in dataset.notes[0]


def test_given_encoding_is_strict(write):
    with pytest.raises(DataError, match=r"train\.txt:2: not utf-8: byte 0xf6"):
        read(write("a O\nMalmö B-LOC\n".encode("cp1252")), encoding="utf-8")
    with pytest.raises(DataError, match="unknown encoding 'utf-9'"):
        read(write("a O\n"), encoding="utf-9")


@pytest.mark.parametrize(
    "names",
    [
        ("train.txt", "valid.txt", "test.txt"),
        ("eng.train", "eng.testa", "eng.testb"),
        ("a_train.bio", "a-dev.conll", "TEST.tsv"),
    ],
)
def test_folder(write, tmp_path, names):
    for name in names:
        write(f"{name} O\n", name)
    write("no data", "README.md")
    splits = read(tmp_path).splits
    assert {split: examples[0]["tokens"] for split, examples in splits.items()} == {
        "train": [names[0]],
        "validation": [names[1]],
        "test": [names[2]],
    }


def test_scheme_is_detected_over_all_splits(write, tmp_path):
    write("a B-X\nb I-X\nc E-X\n")
    write("a B-X\nb I-X\nc O\nd S-X\n", "test.txt")
    dataset = read(tmp_path)
    assert dataset.splits["train"][0]["tags"] == ["B-X", "I-X", "I-X"]
    assert dataset.splits["test"][0]["tags"] == ["B-X", "I-X", "O", "B-X"]
    assert dataset.notes == ["tags were converted from BIOES to BIO"]


def test_plain_scheme_keeps_tags(write):
    assert read(write("a NOUN\nb X-Y\n"), scheme="plain").splits["train"][0]["tags"] == ["NOUN", "X-Y"]


def test_unknown_scheme_names_the_line(write):
    with pytest.raises(DataError, match=r"train\.txt:4: unknown tag scheme.*received 'PER'.*plain"):
        read(write("a O\n\nb O\nPeter PER\n"))


def test_wrong_column_count_names_the_line(write):
    with pytest.raises(DataError, match=r"train\.txt:4: expected 2 columns as in most rows, received 3"):
        read(write("a O\nb O\n\nNew York B-LOC\n"))
    with pytest.raises(DataError, match=r"train\.txt:1: expected at least 2 columns"):
        read(write("a\nb\n"))


def test_bad_rows_are_skipped_with_their_sentence_and_counted(write):
    dataset = read(write("New York B-LOC\nx O\n\na O\nb O\n"), skip_bad_rows=True)
    assert dataset.splits["train"] == [{"tokens": ["a", "b"], "tags": ["O", "O"]}]
    assert dataset.skipped == 1
    assert dataset.notes == ["train.txt: skipped 1 sentence with 1 bad row"]


def test_no_good_sentence_is_left(write):
    with pytest.raises(DataError, match=r"train\.txt: every sentence has a bad row"):
        read(write("New York B-LOC\nx O\ny O\n"), skip_bad_rows=True)


def test_nothing_to_read(write, tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"no train file.*Found: nothing"):
        read(tmp_path)
    with pytest.raises(DataError, match=r"train\.txt: no sentences"):
        read(write("-DOCSTART- O\n\n"))
    write("a O\n")
    write("a O\n", "train2.train.conll")
    with pytest.raises(DataError, match="two files for the train split"):
        read(tmp_path)


def test_chosen_columns(write):
    path = write("1 a x B-X y\n2 b x O y\n")
    assert read(path, features={"tokens": "2", "tags": "4"}).splits["train"] == [
        {"tokens": ["a", "b"], "tags": ["B-X", "O"]}
    ]
    with pytest.raises(DataError, match=r"tags=9: give a column from 1 to 5"):
        read(path, features={"tags": "9"})
    with pytest.raises(UsageError, match=r"unknown role.*Did you mean 'tags'"):
        read(path, features={"tag": "1"})


def test_conllu(write):
    row = "\t{}\tlemma\t{}\tX\t_\t0\troot\t_\t_\n"
    content = "# text = a b\n1-2" + row.format("ab", "_") + "1" + row.format("a", "DET") + "2" + row.format("b", "NOUN")
    dataset = read(write(content, "x-ud-train.conllu"), scheme="plain")
    assert dataset.splits["train"] == [{"tokens": ["a", "b"], "tags": ["DET", "NOUN"]}]
