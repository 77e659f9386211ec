"""Sequences out of FASTA files, and the genes found on them as GFF3 or BED."""

from collections.abc import Iterable, Iterator

from seqtasks.cli.placed import Placed
from seqtasks.errors import UsageError

GENE_FORMATS = ("gff3", "bed")


class Named(Placed):
    """A sequence that has a name.

    Args:
        sequence: The sequence.
        name: Its name.
        place: See `Placed`.
    """

    def __new__(cls, sequence: str, name: str, place: tuple):
        text = super().__new__(cls, sequence, place)
        text.name = name
        return text


def is_fasta(file: str) -> bool:
    """Returns whether a file's ending says that it holds FASTA."""
    from seqtasks.data.fasta import FASTA_SUFFIXES

    return file.lower().removesuffix(".gz").endswith(FASTA_SUFFIXES)


def fasta_sequences(file: str, skip_bad_rows: bool, notes: list[str]) -> Iterator[Named]:
    """Yields the sequences of a FASTA file.

    Args:
        file: Its path.
        skip_bad_rows: Leave bad records out, instead of failing.
        notes: Takes how many were left out.

    Raises:
        DataError: If it cannot be read.
    """
    from seqtasks.data.fasta import read_fasta
    from seqtasks.data.sources import ReadOptions

    records, _ = read_fasta(file, ReadOptions(skip_bad_rows=skip_bad_rows), notes)
    for record in records:
        yield Named(record.sequence, record.name, (file, record.line))


def check_genes(run, style: str) -> None:
    """Refuses a format of genes for a model that labels something else.

    Raises:
        UsageError: Naming the format and the run.
    """
    from seqtasks.data.gene_labels import LABELS
    from seqtasks.task import MANY_TO_MANY
    from seqtasks.training.run_folder import family_of, inputs_of

    if inputs_of(run) != "Bases" or family_of(run) != MANY_TO_MANY:
        raise UsageError(f"--format {style} writes genes, labels {' '.join(LABELS)}. Received: {run}, which finds none")


def gene_lines(predictions: Iterable[dict], style: str) -> Iterator[str]:
    """Yields the lines of a GFF3 or BED file of the genes that were found.

    Args:
        predictions: What `seqtasks.serving.predict.Predictor` predicted; a sequence without a name is called
            `sequence1` and so on.
        style: One of `GENE_FORMATS`.
    """
    from seqtasks.data.bed import bed_rows
    from seqtasks.data.gene_intervals import intervals_of
    from seqtasks.data.gene_labels import genes_of
    from seqtasks.data.gff3 import gff3_rows

    intervals = []
    for number, prediction in enumerate(predictions, start=1):
        name = getattr(prediction["text"], "name", f"sequence{number}")
        intervals += intervals_of(genes_of(prediction["tags"]), name)
    yield from (bed_rows if style == "bed" else gff3_rows)(intervals)
