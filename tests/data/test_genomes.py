from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqtasks.data.annotations import write_annotations
from seqtasks.data.dataset import complete_splits
from seqtasks.data.fasta import Record, write_fasta
from seqtasks.data.gene_intervals import genes_in, intervals_of
from seqtasks.data.gene_labels import Gene, genes_of, labels_of
from seqtasks.data.genomes import GenomeFiles
from seqtasks.data.intervals import Interval
from seqtasks.data.sources import ReadOptions
from seqtasks.errors import DataError, UsageError

GENES = {"a": [Gene("+", ((2, 5), (8, 9))), Gene("-", ((12, 15),))], "b": [Gene("-", ((0, 3), (5, 9)))], "c": []}


def read(path, **options):
    return GenomeFiles().read(path, ReadOptions(**options))


def write(folder, stem="genome", genes=GENES, length=20, suffix=".gff3", fasta=".fa"):
    folder.mkdir(exist_ok=True, parents=True)
    write_fasta(folder / f"{stem}{fasta}", [Record(name, "ACGTN" * (length // 5)) for name in genes])
    intervals = [interval for name, found in genes.items() for interval in intervals_of(found, name)]
    write_annotations(folder / f"{stem}{suffix}", intervals)
    return folder / f"{stem}{fasta}"


def labels(dataset):
    return {split: [example["tags"] for example in examples] for split, examples in dataset.splits.items()}


@pytest.mark.parametrize("suffix", [".gff3", ".gff", ".bed", ".bed.gz"])
@pytest.mark.parametrize("fasta", [".fa", ".fna.gz"])
def test_a_pair_of_files(tmp_path, suffix, fasta):
    path = write(tmp_path, suffix=suffix, fasta=fasta)
    dataset = read(path)
    assert dataset.splits["train"] == [
        {"text": "ACGTN" * 4, "tags": "NNEEEIIIENNNeeeNNNNN", "name": "a"},
        {"text": "ACGTN" * 4, "tags": "eeeiieeeeNNNNNNNNNNN", "name": "b"},
        {"text": "ACGTN" * 4, "tags": "N" * 20, "name": "c"},
    ]
    assert dataset.places["train"] == [(path, 1), (path, 3), (path, 5)]
    assert dataset.notes == [f"genome{suffix}: no gene on 1 of 3 sequences"]
    assert read(tmp_path / f"genome{suffix}").splits == read(tmp_path).splits == dataset.splits


def test_splits_by_names_of_files_and_folders(tmp_path):
    write(tmp_path, "train_1")
    write(tmp_path, "train_2", {"a": []})
    write(tmp_path / "dev", "x", {"b": []}, suffix=".bed")
    write(tmp_path, "my.test", {"c": GENES["a"]})
    write(tmp_path, "more")
    dataset = read(tmp_path)
    assert list(dataset.splits) == ["train", "validation", "test"]
    assert [[example["name"] for example in examples] for examples in dataset.splits.values()] == [
        ["a", "b", "c", "a"],
        ["b"],
        ["c"],
    ]
    assert dataset.notes[0] == f"1 FASTA file of no split in {tmp_path} not used: more.fa"
    assert list(read(tmp_path / "my.test.fa", needed="test").splits) == ["test"]


def test_whole_sequences_are_held_out_where_there_are_several(tmp_path):
    dataset = complete_splits(read(write(tmp_path)))
    assert [len(examples) for examples in dataset.splits.values()] == [1, 1, 1]


def test_a_single_sequence_is_cut_between_genes(tmp_path):
    genes = [Gene("+", ((78, 84), (86, 91))), Gene("-", ((91, 93),))]
    path = write(tmp_path, genes={"a": genes}, length=100)
    dataset = read(path)
    assert labels(dataset) == {
        "train": ["N" * 78],
        "validation": ["EEEEEEIIEEEEE"],
        "test": ["eeNNNNNNN"],
    }
    assert [examples[0]["name"] for examples in dataset.splits.values()] == ["a:1-78", "a:79-91", "a:92-100"]
    assert dataset.notes == [
        "no validation and no test split: of each of 1 sequence about the last 10% each held out, cut between genes"
    ]
    assert dataset.places == {split: [(path, 1)] for split in dataset.splits}
    whole = "".join(examples[0]["text"] for examples in dataset.splits.values())
    assert whole == "ACGTN" * 20


def test_only_what_is_missing_is_cut(tmp_path):
    write(tmp_path, "train", {"a": []}, 100)
    write(tmp_path, "valid", {"b": GENES["b"]})
    assert labels(read(tmp_path)) == {"train": ["N" * 90], "validation": ["eeeiieeeeNNNNNNNNNNN"], "test": ["N" * 10]}
    with pytest.raises(DataError, match=r"genome\.fa: sequence 'a' has 20 bases, too few to hold 10% of them out"):
        read(write(tmp_path / "more", genes={"a": [Gene("+", ((0, 20),))]}))


def test_missing_files_are_named(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        read(tmp_path / "none.fa")
    with pytest.raises(UsageError, match="--features"):
        read(tmp_path, features={"text": "x"})
    (tmp_path / "notes.md").touch()
    with pytest.raises(DataError, match=r"no FASTA files, which end in one of \.fa .*\. Found: notes\.md"):
        read(tmp_path)
    with pytest.raises(DataError, match="expected a FASTA, GFF3 or BED file"):
        read(tmp_path / "notes.md")
    path = write(tmp_path, suffix=".bed")
    write(tmp_path)
    assert "genome.fa: its genes are read from genome.gff3, not from genome.bed" in read(path).notes
    (tmp_path / "genome.bed").unlink()
    (tmp_path / "genome.gff3").rename(tmp_path / "other.gff3")
    with pytest.raises(
        DataError, match=r"genome\.fa: no genes: there is no genome\.gff3 or genome\.gff or genome\.bed"
    ):
        read(path)
    with pytest.raises(DataError, match=r"other\.gff3: no sequences: there is no other\.fa or the like beside it"):
        read(tmp_path / "other.gff3")
    path.rename(tmp_path / "test.fa")
    write(tmp_path, "valid")
    with pytest.raises(DataError, match=r"no train file\. Name the files .* Found: test\.fa, valid\.fa"):
        read(tmp_path)


def test_bad_rows_are_named_or_counted_once_over_both_files(tmp_path):
    path = write(tmp_path)
    path.write_text(path.read_text() + ">d\n")
    annotation = tmp_path / "genome.gff3"
    annotation.write_text(annotation.read_text() + "d\t.\tCDS\t1\t3\t.\t+\t0\t.\n")
    with pytest.raises(DataError, match=r"genome\.fa:7: record 'd' has no sequence"):
        read(path)
    dataset = read(path, skip_bad_rows=True)
    assert dataset.skipped == 2
    assert dataset.notes[:2] == ["genome.fa: skipped 1 bad record", "genome.gff3: skipped 1 bad row"]


def part(start, end, kind, strand="+", line=0, **attributes):
    attributes = {name: (value,) for name, value in attributes.items()}
    return Interval("s", start, end, kind, strand, None, attributes, line=line)


def found(intervals, **options):
    notes = []
    genes, skipped = genes_in(intervals, type("Path", (), {"name": "x.gff3"}), ReadOptions(**options), notes)
    return genes.get("s", []), skipped, notes


def test_coding_parts_are_the_exons_where_there_are_any():
    gene = [
        part(0, 50, "gene", ID="g"),
        part(0, 50, "mRNA", ID="t", Parent="g"),
        part(0, 20, "exon", Parent="t"),
        part(30, 50, "exon", Parent="t"),
        part(10, 20, "CDS", ID="c", Parent="t"),
        part(30, 40, "CDS", ID="c", Parent="t"),
    ]
    assert found(gene) == ([Gene("+", ((10, 20), (30, 40)))], 0, [])
    assert found(gene[:4]) == ([Gene("+", ((0, 20), (30, 50)))], 0, [])
    assert found(gene[:1]) == ([Gene("+", ((0, 50),))], 0, [])
    assert found([]) == ([], 0, [])
    with pytest.raises(DataError, match=r"no interval is of type CDS, exon or gene\. Received types: mRNA"):
        found(gene[1:2])


def test_of_the_transcripts_of_a_gene_the_longest_counts():
    intervals = [
        part(0, 50, "mRNA", ID="t1", Parent="g"),
        part(0, 50, "mRNA", ID="t2", Parent="g"),
        part(10, 20, "CDS", Parent="t1"),
        part(10, 22, "CDS", Parent="t2"),
    ]
    genes, _, notes = found(intervals)
    assert genes == [Gene("+", ((10, 22),))]
    assert notes == ["x.gff3: left 1 further transcript out: of each gene the longest counts"]


def test_parts_without_parents_are_tied_by_their_names():
    assert found([part(0, 3, "CDS", line=1), part(6, 9, "CDS", line=2)])[0] == [
        Gene("+", ((0, 3),)),
        Gene("+", ((6, 9),)),
    ]
    assert found([part(6, 9, "CDS", ID="c"), part(0, 3, "CDS", ID="c")])[0] == [Gene("+", ((0, 3), (6, 9)))]
    rows = [part(0, 3, "exon", Parent="g"), part(6, 9, "exon", Parent="g")]
    assert found(rows)[2] == ["x.gff3: took rows that name the same gene as its exons, in 1 gene"]


def test_what_labels_cannot_tell_is_noted():
    genes, _, notes = found(
        [
            part(6, 20, "CDS", "-", ID="late"),
            part(0, 3, "CDS", ".", ID="a"),
            part(3, 8, "CDS", "?", ID="a"),
            part(30, 33, "CDS", ID="b"),
            part(33, 36, "CDS", ID="c"),
        ]
    )
    assert genes == [Gene("+", ((0, 8),)), Gene("+", ((30, 33),))]
    assert notes == [
        "x.gff3: left 2 genes out that overlap or touch another that starts before",
        "x.gff3: read 1 gene without a strand as on the forward strand",
        "x.gff3: joined exons of 1 gene that overlap or touch each other",
    ]


def test_a_gene_on_both_strands_is_named_or_skipped():
    both = [part(0, 3, "CDS", "+", line=7, ID="a"), part(6, 9, "CDS", "-", line=8, ID="a")]
    with pytest.raises(DataError, match=":7: gene 'a' is on both strands"):
        found(both)
    assert found(both, skip_bad_rows=True) == ([], 1, ["x.gff3: skipped 1 gene on both strands"])


def test_phases_keep_the_frame_across_introns():
    (_, *forward) = intervals_of([Gene("+", ((0, 4), (5, 10), (12, 15)))], "s")
    assert [interval.phase for interval in forward] == [0, 2, 0]
    (whole, *reverse) = intervals_of([Gene("-", ((0, 4), (5, 10), (12, 15)))], "s")
    assert [interval.phase for interval in reverse] == [1, 0, 0]
    assert (whole.type, whole.id, whole.start, whole.end) == ("gene", "s.gene1", 0, 15)
    assert replace(reverse[0], phase=None).parents == ("s.gene1",)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.text("NEIei", min_size=30, max_size=30), min_size=1, max_size=3), st.sampled_from([".gff3", ".bed"]))
def test_genes_survive_being_written_and_read(tmp_path, sequences, suffix):
    genes = {f"s{number}": genes_of(letters) for number, letters in enumerate(sequences)}
    (tmp_path / "valid.fa").write_text(">x\nA\n")
    (tmp_path / "valid.bed").write_text("")
    (tmp_path / "test.fa").write_text(">x\nA\n")
    (tmp_path / "test.bed").write_text("")
    for file in tmp_path.glob("train.*"):
        file.unlink()
    write(tmp_path, "train", genes, 30, suffix)
    examples = read(tmp_path).splits["train"]
    assert [example["tags"] for example in examples] == [labels_of(found, 30) for found in genes.values()]
