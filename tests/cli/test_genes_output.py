"""Genes found on the sequences of FASTA files."""

import json
from types import SimpleNamespace

import pytest

from seqtasks.cli import main as cli
from seqtasks.data.gene_labels import Gene, labels_of
from seqtasks.serving.text_inputs import TextInputs

FASTA = ">chr1 a plasmid\nACGTACGTAC\nGTACGTACGT\n>chr2\nAAAAACCCCC\n"


class Finder:
    """Finds a gene of two exons on the forward strand, and on sequences named chr2 nothing."""

    raw = TextInputs()

    def predict(self, texts):
        genes = [[] if text.startswith("AAAAA") else [Gene("+", ((2, 6), (9, 14)))] for text in texts]
        tags = [list(labels_of(found, len(text))) for found, text in zip(genes, texts, strict=True)]
        return [{"text": text, "tokens": list(text), "tags": tags} for text, tags in zip(texts, tags, strict=True)]


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Runs `seqtasks predict RUN ...` on the finder: `call(*arguments)` gives code, output, errors."""
    from seqtasks.cli import start
    from seqtasks.serving import predict as serving

    monkeypatch.setattr(serving, "load_predictor", lambda run, output_dir: Finder())
    monkeypatch.setattr(start, "start_tensorflow", lambda: None)
    config = {"family": "many_to_many", "config": {"inputs": {"type": "Bases"}}}
    (tmp_path / "config.json").write_text(json.dumps(config))

    def call(*arguments):
        code = cli.main(["predict", str(tmp_path), *map(str, arguments)])
        return SimpleNamespace(code=code, **capsys.readouterr()._asdict())

    return call


@pytest.fixture
def fasta(tmp_path):
    file = tmp_path / "genome.fa"
    file.write_text(FASTA)
    return file


def test_gff3_names_the_sequences_of_the_file(call, fasta):
    found = call("--file", fasta, "--format", "gff3")
    assert found.code == 0
    rows = [line.split("\t") for line in found.out.splitlines()]
    assert rows[0] == ["##gff-version 3"]
    assert [(row[0], row[2], row[3], row[4], row[6]) for row in rows[1:]] == [
        ("chr1", "gene", "3", "14", "+"),
        ("chr1", "CDS", "3", "6", "+"),
        ("chr1", "CDS", "10", "14", "+"),
    ]


def test_bed_has_a_row_for_each_gene(call, fasta):
    (row,) = [line.split("\t") for line in call("--file", fasta, "--format", "bed").out.splitlines()]
    assert row[:3] == ["chr1", "2", "14"]
    assert row[9:] == ["2", "4,5,", "0,7,"]


def test_sequences_without_a_name_are_numbered(call):
    found = call("A" * 20, "C" * 20, "--format", "gff3")
    assert [line.split("\t")[0] for line in found.out.splitlines()[1:]] == ["sequence2"] * 3


def test_genes_written_are_read_back(call, fasta, tmp_path):
    from seqtasks.data.annotations import read_annotations
    from seqtasks.data.gene_intervals import genes_in
    from seqtasks.data.sources import ReadOptions

    for style in ("gff3", "bed"):
        file = tmp_path / f"found.{style}"
        file.write_text(call("--file", fasta, "--format", style).out)
        intervals, _ = read_annotations(file, ReadOptions(), [], {"chr1": 20, "chr2": 10})
        genes, _ = genes_in(intervals, file, ReadOptions(), [])
        assert genes == {"chr1": [Gene("+", ((2, 6), (9, 14)))]}


@pytest.mark.parametrize("record", [">empty\n", ">odd\nACGJ\n"])
def test_bad_records_stop_it_or_are_left_out(call, fasta, record):
    fasta.write_text(record + FASTA)
    stopped = call("--file", fasta, "--format", "bed")
    assert stopped.code == 1
    assert "genome.fa" in stopped.err
    assert len(stopped.err.strip().splitlines()) == 1
    went_on = call("--file", fasta, "--format", "bed", "--skip-bad-rows")
    assert went_on.code == 0
    assert went_on.out.startswith("chr1\t")
    assert "skipped 1 bad record" in went_on.err


def test_other_models_find_no_genes(call, fasta, tmp_path):
    config = {"family": "many_to_one", "config": {"inputs": {"type": "Text"}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    found = call("--file", fasta, "--format", "gff3")
    assert found.code == 2
    assert "--format gff3 writes genes" in found.err
