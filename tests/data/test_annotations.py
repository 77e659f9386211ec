import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqtasks.data.annotations import read_annotations, write_annotations
from seqtasks.data.intervals import Interval, from_file, merged, to_file
from seqtasks.data.sources import ReadOptions
from seqtasks.errors import DataError

LENGTHS = {"chr1": 100, "chr 2": 50}
GFF3 = """\
##gff-version 3
##sequence-region chr1 1 100

# by hand
chr1\tme\tgene\t11\t40\t.\t+\t.\tID=g1;Name=a%3Bb%20c;Note=x,y%2Cz
chr1\tme\tCDS\t11\t20\t0.5\t+\t0\tID=c1;Parent=g1,g2;
chr%202\t.\tregion\t1\t50\t.\t.\t.\t.
##FASTA
>chr1
ACGT
"""


def read(path, lengths=LENGTHS, **options):
    notes = []
    intervals, skipped = read_annotations(path, ReadOptions(**options), notes, lengths)
    return intervals, skipped, notes


@pytest.fixture
def write(tmp_path):
    def _write(content, name):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


@pytest.mark.parametrize("name", ["a.gff3", "a.gff", "A.GFF3", "a.gff3.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_gff3(write, name, end):
    content = GFF3.replace("\n", end).encode()
    intervals, skipped, notes = read(write(gzip.compress(content) if name.endswith("gz") else content, name))
    assert intervals == [
        Interval("chr1", 10, 40, "gene", "+", None, {"ID": ("g1",), "Name": ("a;b c",), "Note": ("x", "y,z")}, "me"),
        Interval("chr1", 10, 20, "CDS", "+", 0, {"ID": ("c1",), "Parent": ("g1", "g2")}, "me", "0.5"),
        Interval("chr 2", 0, 50, "region"),
    ]
    assert [interval.line for interval in intervals] == [5, 6, 7]
    assert (intervals[0].id, intervals[1].parents, intervals[2].id) == ("g1", ("g1", "g2"), None)
    assert (skipped, notes) == (0, [])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("chr1 . gene 1 2 . + .", "expected 9 columns with tabs between them (sequence, source, type,"),
        ("chr1\t.\tgene\tx\t2\t.\t+\t.\t.", "expected a start and an end in whole numbers, received 'x' and '2'"),
        ("chr1\t.\tgene\t-1\t2\t.\t+\t.\t.", "expected a start and an end in whole numbers, received '-1' and '2'"),
        ("chr1\t.\tgene\t0\t2\t.\t+\t.\t.", "GFF3 counts bases from 1, received start 0"),
        ("chr1\t.\tgene\t9\t2\t.\t+\t.\t.", "start 9 is beyond end 2"),
        ("chr1\t.\tgene\t9\t101\t.\t+\t.\t.", "end 101 is behind the end of 'chr1', which has 100 bases"),
        ("chr3\t.\tgene\t1\t2\t.\t+\t.\t.", "the FASTA file has no sequence 'chr3'. Did you mean 'chr1'"),
        ("chr1\t.\tgene\t1\t2\t.\tx\t.\t.", "expected +, -, . or ? as strand, received 'x'"),
        ("chr1\t.\tgene\t1\t2\t.\t+\t3\t.", "expected 0, 1, 2 or . as phase, received '3'"),
        ("chr1\t.\tgene\t1\t2\t.\t+\t.\tg1", "expected attributes NAME=VALUE;NAME=VALUE, received 'g1'"),
        ('chr1\t.\tgene\t1\t2\t.\t+\t.\tgene_id "g1";', "expected attributes"),
    ],
)
def test_bad_rows_of_gff3_are_named_or_skipped(write, row, message):
    good = "chr1\t.\tgene\t1\t1\t.\t?\t.\t."
    path = write(f"##gff-version 3\n{good}\n{row}\n{good}\n", "a.gff3")
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:3: {message}")
    assert str(caught.value).endswith("Mend the row, or leave such rows out with --skip-bad-rows")
    assert "\n" not in str(caught.value)
    intervals, skipped, notes = read(path, skip_bad_rows=True)
    assert (len(intervals), skipped, notes) == (2, 1, ["a.gff3: skipped 1 bad row"])


def exon(start, end, name, strand="+", kind="exon"):
    return Interval("chr1", start, end, kind, strand, None, {"Parent": (name,)})


def test_bed(write):
    path = write("# c\ntrack name=x\nbrowser position\n\nchr1\t0\t10\tg1\t5\t+\r\nchr1\t20\t30\t.\t0\t-\n", "a.bed")
    assert read(path)[0] == [exon(0, 10, "g1"), exon(20, 30, "line 6", "-")]
    assert read(write("chr1 0 10\nchr1 3 4\n", "a.bed"))[0] == [exon(0, 10, "line 1", "."), exon(3, 4, "line 2", ".")]
    thick = write("chr1\t0\t10\tg1\t5\t+\t2\t10\nchr1\t20\t30\tg1\t0\t+\t20\t20\n", "a.bed")
    assert read(thick)[0] == [exon(0, 10, "g1"), exon(2, 10, "g1", kind="CDS"), exon(20, 30, "g1")]


def test_bed_with_blocks(write):
    row = "chr1\t10\t40\tg1\t7\t-\t15\t32\t0\t3\t5,5,10,\t0,10,20,\n"
    intervals, _, _ = read(write(row + row, "a.bed"))
    assert intervals[0] == Interval("chr1", 10, 40, "gene", "-", None, {"ID": ("g1",)}, score="7")
    assert intervals[1:6] == [
        *(exon(start, end, "g1", "-") for start, end in ((10, 15), (20, 25), (30, 40))),
        *(exon(start, end, "g1", "-", "CDS") for start, end in ((20, 25), (30, 32))),
    ]
    assert intervals[6].id == intervals[7].parents[0] == "g1 (line 2)"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("chr1\t0", "expected 3 to 9 or 12 columns, received 2"),
        ("chr1\t0\t3\tx\t0\t+", "expected 12 columns as in the first row, received 6"),
        ("chr1\t3\t3\tx\t0\t+\t0\t0\t0\t1\t3\t0", "start 3 is not before end 3"),
        ("chr1\t3\t101\tx\t0\t+\t0\t0\t0\t1\t98\t0", "end 101 is behind the end of 'chr1', which has 100 bases"),
        ("chr1\t0\t3\tx\t0\t?\t0\t0\t0\t1\t3\t0", "expected +, - or . as strand, received '?'"),
        ("chr1\t0\t3\tx\t0\t+\t0\t4\t0\t1\t3\t0", "the thick part, 0 to 4, is not within 0 to 3"),
        ("chr1\t0\t3\tx\t0\t+\t0\t0\t0\t2\t3\t0", "expected 2 blocks, received 1 sizes and 1 starts"),
        ("chr1\t0\t3\tx\t0\t+\t0\t0\t0\t1\tx\t0", "expected the count, the sizes and the starts of blocks"),
        ("chr1\t0\t9\tx\t0\t+\t0\t0\t0\t2\t5,5\t0,4", "the blocks are not in order from 0 to 9"),
        ("chr1\t0\t9\tx\t0\t+\t0\t0\t0\t1\t8\t0", "the blocks are not in order from 0 to 9"),
    ],
)
def test_bad_rows_of_bed_are_named_or_skipped(write, row, message):
    good = "chr1\t0\t3\tx\t0\t+\t0\t0\t0\t1\t3\t0"
    path = write(f"{good}\n{row}\n", "a.bed")
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:2: {message}")
    assert read(path, skip_bad_rows=True)[1:] == (1, ["a.bed: skipped 1 bad row"])


def test_formats_count_bases_in_their_own_ways():
    assert from_file("1", "3", "GFF3") == from_file("0", "3", "BED") == (0, 3)
    assert from_file("3", "3", "GFF3") == (2, 3)
    assert (to_file(2, 3, "GFF3"), to_file(2, 3, "BED")) == (("3", "3"), ("2", "3"))


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"expected a name that ends in \.gff3, \.gff, \.bed"):
        write_annotations(tmp_path / "a.gtf", [])


values = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=6
)
words = st.one_of(values, st.sampled_from(["a\tb", "a;b", "a=b", "a,b", "100%", "%41", "é b", "a\nb"]))
attributes = st.dictionaries(words, st.lists(words, min_size=1, max_size=2).map(tuple), max_size=3)
intervals = st.builds(
    lambda start, length, *rest: Interval("chr1", start, start + length, *rest),
    st.integers(0, 50),
    st.integers(1, 50),
    st.sampled_from(["gene", "CDS"]),
    st.sampled_from("+-.?"),
    st.sampled_from([None, 0, 1, 2]),
    attributes,
    st.sampled_from([".", "a b"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(intervals, max_size=4))
def test_gff3_that_is_written_is_read(tmp_path, written):
    for name in ("a.gff3", "a.gff3.gz"):
        write_annotations(tmp_path / name, written)
        assert read(tmp_path / name)[0] == written


def test_bed_has_a_row_for_each_transcript_and_each_lone_interval(tmp_path):
    part = Interval("chr1", 10, 40, "mRNA", "+", None, {"ID": ("t1",), "Parent": ("g1",)}, score="3")
    written = [
        Interval("chr1", 10, 40, "gene", "+", None, {"ID": ("g1",)}),
        part,
        *(exon(start, end, "t1") for start, end in ((10, 20), (30, 40), (38, 40))),
        exon(15, 20, "t1", kind="CDS"),
        exon(30, 33, "t1", kind="CDS"),
        Interval("chr1", 50, 60, "gene", "-", None, {"ID": ("g2",)}),
        exon(50, 54, "g2", "-", "CDS"),
        Interval("chr1", 70, 80, "repeat", "?"),
    ]
    write_annotations(tmp_path / "a.bed", written)
    assert (tmp_path / "a.bed").read_text().splitlines() == [
        "chr1\t10\t40\tt1\t3\t+\t15\t33\t0\t2\t10,10,\t0,20,",
        "chr1\t50\t54\tg2\t0\t-\t50\t54\t0\t1\t4,\t0,",
        "chr1\t70\t80\t.\t0\t.\t70\t70\t0\t1\t10,\t0,",
    ]


def test_merged():
    assert merged([(5, 6), (0, 2), (2, 3), (1, 2)]) == [(0, 3), (5, 6)]
