import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqtasks.data.fasta import Record, parse_fasta, read_fasta, write_fasta
from seqtasks.data.sources import ReadOptions
from seqtasks.errors import DataError


def read(path, **options):
    notes = []
    records, skipped = read_fasta(path, ReadOptions(**options), notes)
    return records, skipped, notes


@pytest.fixture
def write(tmp_path):
    def _write(content, name="genome.fa"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


def test_records(write):
    path = write("; by hand\n\n>one  the first, with  blanks \nACGT\nacg n\n\n; more\nRY-\n>two\nA\n> three\tx\nU\n")
    records, skipped, notes = read(path)
    assert records == [
        Record("one", "ACGTacgnRY-", "the first, with  blanks"),
        Record("two", "A"),
        Record("three", "U", "x"),
    ]
    assert [record.line for record in records] == [3, 9, 11]
    assert (skipped, notes) == (0, [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(write, end, last):
    path = write(end.join([">a", "AC", "GT", ">b", "N"]) + end * last)
    assert read(path)[0] == [Record("a", "ACGT"), Record("b", "N")]
    packed = write(gzip.compress(path.read_bytes()), "genome.fa.gz")
    assert read(packed)[0] == read(path)[0]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("ACGT\n>b\nA\n", 1, "text before the first record: 'ACGT'. Expected a line >NAME"),
        (">b\nA\n>a\n\n>c\nA\n", 3, "record 'a' has no sequence"),
        (">b\nA\n>a\n", 3, "record 'a' has no sequence"),
        (">b\nA\n>\nACGT\n", 3, "a record without a name"),
        (
            ">b\nA\n>a x\nAC\nG!T\n",
            5,
            "'!' in record 'a' is no base. Expected A, C, G, T, U, the codes RYSWKMBDHVN and",
        ),
        (">b\nA\n>a\nMKVLE\n", 4, "'L' in record 'a' is no base"),
        (">b\nA\n>b\nC\n", 3, "a second record is named 'b'; the first begins in line 1"),
    ],
)
def test_bad_records_are_named_or_skipped(write, content, line, message):
    path = write(content)
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:{line}: {message}")
    assert str(caught.value).endswith("Mend it, or leave such records out with --skip-bad-rows")
    records, skipped, notes = read(path, skip_bad_rows=True)
    assert records[0] == Record("b", "A")
    assert (skipped, notes) == (1, ["genome.fa: skipped 1 bad record"])


def test_nothing_to_read(write, tmp_path):
    for content in ("", "\n\n", "; a comment\n"):
        with pytest.raises(DataError, match=r"genome\.fa: no records\. Expected lines >NAME"):
            read(write(content))
    with pytest.raises(DataError, match="1 bad record and no other"):
        read(write("ACGT"), skip_bad_rows=True)
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "none.fa")
    with pytest.raises(DataError, match="zero bytes"):
        read(write(b"\0\1"))


names = st.text("abcXYZ019_.|:", min_size=1, max_size=8)
records = st.builds(Record, names, st.text("ACGTNacgtn-", min_size=1, max_size=200), st.sampled_from(["", "d", "d e"]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(records, min_size=1, max_size=4, unique_by=lambda record: record.name), st.integers(1, 90))
def test_what_is_written_is_read(tmp_path, written, width):
    for name in ("a.fa", "a.fa.gz"):
        write_fasta(tmp_path / name, written, width)
        assert read(tmp_path / name)[0] == written


def test_lines_have_the_width_asked_for(tmp_path):
    write_fasta(tmp_path / "a.fa", [Record("a", "A" * 130, "x")])
    assert (tmp_path / "a.fa").read_bytes() == b">a x\n" + b"A" * 60 + b"\n" + b"A" * 60 + b"\n" + b"A" * 10 + b"\n"
    assert not isinstance(next(parse_fasta(">a\nA")), DataError)
