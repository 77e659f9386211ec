"""Reads annotated sequences: FASTA files, each with a GFF3 or BED file beside it."""

from dataclasses import dataclass
from pathlib import Path

from seqtasks.data.annotations import ANNOTATION_SUFFIXES, read_annotations
from seqtasks.data.dataset import SPLITS, TEST, TRAIN, VALIDATION, Dataset, counted
from seqtasks.data.fasta import FASTA_SUFFIXES, read_fasta
from seqtasks.data.gene_intervals import genes_in
from seqtasks.data.gene_labels import genes_of, labels_of
from seqtasks.data.text_files import SPLIT_WORDS, split_named
from seqtasks.errors import DataError, UsageError
from seqtasks.task import Example


@dataclass(frozen=True)
class GenomeFiles:
    """FASTA files with the genes of their sequences, in GFF3 or BED files of the same names.

    A path is one file of a pair, `chr1.fa` or `chr1.gff3`, or a folder of pairs. Files, or folders in
    the folder, that are named `train`, `valid` and `test` hold the splits; without any, all belongs to
    train. An example is `{"text": bases, "tags": a letter a base, "name": of the sequence}`; see
    `seqtasks.data.gene_labels`.

    Splits that are missing are held out by whole sequences where there are enough of them. Else each
    sequence is cut between genes, and its last parts are held out.
    """

    description: str = (
        "FASTA files (.fa, .fasta, .fna) with a GFF3 or BED file of the same name beside each, "
        "one pair or a folder of them, with or without train, valid and test in their names"
    )

    def read(self, path, options) -> Dataset:
        """Reads the files.

        Args:
            path: A file or a folder.
            options: `seqtasks.data.sources.ReadOptions`.

        Raises:
            DataError: If there is nothing to read, a file of a pair is missing, or a record, a row or
                a gene cannot be read.
        """
        if options.features:
            raise UsageError("--features names columns of --data: genomes have none to choose")
        path, dataset = Path(path), Dataset({}, str(path))
        for split, files in _find(path, options.needed, dataset.notes).items():
            dataset.splits[split], dataset.places[split] = [], []
            for file in files:
                _read_pair(file, _beside(file, dataset.notes), split, options, dataset)
        return _cut_missing(dataset, options.validation_fraction)


def _read_pair(fasta: Path, annotation: Path, split: str, options, dataset: Dataset) -> None:
    notes = dataset.notes
    records, bad_records = read_fasta(fasta, options, notes)
    lengths = {record.name: len(record.sequence) for record in records}
    intervals, bad_rows = read_annotations(annotation, options, notes, lengths)
    genes, bad_genes = genes_in(intervals, annotation, options, notes)
    dataset.skipped += bad_records + bad_rows + bad_genes
    bare = sum(not genes.get(name) for name in lengths)
    if bare:
        notes.append(f"{annotation.name}: no gene on {bare} of {counted(len(lengths), 'sequence')}")
    for record in records:
        labels = labels_of(genes.get(record.name, []), len(record.sequence))
        dataset.splits[split].append({"text": record.sequence, "tags": labels, "name": record.name})
        dataset.places[split].append((fasta, record.line))


def _find(path: Path, needed: str, notes: list[str]) -> dict[str, list[Path]]:
    """Returns the FASTA files of each split, in the order of their names."""
    if path.is_file():
        split = needed if split_named(path.name) == needed else TRAIN
        return {split: [path if _stem(path, FASTA_SUFFIXES) else _fasta_beside(path)]}
    if not path.is_dir():
        raise DataError("no such file or folder", path)
    files = sorted(
        file
        for file in path.rglob("*")
        # Files that begin with a dot are other programs' notes on the files.
        if _stem(file, FASTA_SUFFIXES) and not file.name.startswith(".") and file.is_file()
    )
    if not files:
        found = ", ".join(sorted(file.name for file in path.iterdir())[:10]) or "nothing"
        raise DataError(f"no FASTA files, which end in one of {' '.join(FASTA_SUFFIXES)}. Found: {found}", path)
    splits: dict[str | None, list[Path]] = {}
    for file in files:
        folders = [part.lower() for part in file.relative_to(path).parts[:-1]]
        split = next((SPLIT_WORDS[folder] for folder in folders if folder in SPLIT_WORDS), split_named(file.name))
        splits.setdefault(split, []).append(file)
    if set(splits) == {None}:
        return {TRAIN: files}
    if TRAIN not in splits and needed not in splits:
        found = ", ".join(file.name for file in files[:10])
        raise DataError(f"no {needed} file. Name the files or folders train, valid and test. Found: {found}", path)
    if None in splits:
        names = ", ".join(file.name for file in splits[None][:5])
        notes.append(f"{counted(len(splits[None]), 'FASTA file')} of no split in {path} not used: {names}")
    return {split: splits[split] for split in SPLITS if split in splits}


def _stem(file: Path, suffixes: tuple[str, ...]) -> str | None:
    """Returns the name without its ending, or None if it has another ending."""
    name = file.name[:-3] if file.name.lower().endswith(".gz") else file.name
    return next((name[: -len(suffix)] for suffix in suffixes if name.lower().endswith(suffix)), None)


def _of_stem(folder: Path, stem: str | None, suffixes: tuple[str, ...]) -> list[Path]:
    return sorted(file for file in folder.iterdir() if stem and _stem(file, suffixes) == stem and file.is_file())


def _beside(fasta: Path, notes: list[str]) -> Path:
    stem = _stem(fasta, FASTA_SUFFIXES)
    found = _of_stem(fasta.parent, stem, ANNOTATION_SUFFIXES)
    if not found:
        endings = " or ".join(stem + suffix for suffix in ANNOTATION_SUFFIXES)
        raise DataError(f"no genes: there is no {endings} beside it", fasta)
    # GFF3 tells more than BED.
    found.sort(key=lambda file: file.name.lower().removesuffix(".gz").endswith(".bed"))
    if len(found) > 1:
        notes.append(f"{fasta.name}: its genes are read from {found[0].name}, not from {found[1].name}")
    return found[0]


def _fasta_beside(annotation: Path) -> Path:
    stem = _stem(annotation, ANNOTATION_SUFFIXES)
    found = _of_stem(annotation.parent, stem, FASTA_SUFFIXES)
    if not stem:
        endings = " ".join((*FASTA_SUFFIXES, *ANNOTATION_SUFFIXES))
        raise DataError(f"expected a FASTA, GFF3 or BED file, which end in one of {endings}", annotation)
    if not found:
        raise DataError(f"no sequences: there is no {stem}{FASTA_SUFFIXES[0]} or the like beside it", annotation)
    return found[0]


def _cut_missing(dataset: Dataset, fraction: float) -> Dataset:
    """Holds parts of sequences out where there are too few to hold whole ones out."""
    missing = [name for name in (VALIDATION, TEST) if name not in dataset.splits]
    examples, places = dataset.splits.get(TRAIN, []), dataset.places.get(TRAIN, [])
    if not missing or not examples or len(examples) > len(missing):
        return dataset
    parts = [TRAIN, *missing]
    for name in parts:
        dataset.splits[name], dataset.places[name] = [], []
    for example, place in zip(examples, places, strict=True):
        cuts = _cuts(example, fraction, len(missing), place[0])
        for name, start, end in zip(parts, cuts, cuts[1:], strict=False):
            dataset.splits[name].append(_piece(example, start, end))
            dataset.places[name].append(place)
    dataset.notes.append(
        f"no {' and no '.join(missing)} split: of each of {counted(len(examples), 'sequence')} about the last "
        f"{fraction:.0%}{' each' if len(missing) > 1 else ''} held out, cut between genes"
    )
    return dataset


def _cuts(example: Example, fraction: float, count: int, path: Path) -> list[int]:
    """Returns where a sequence is cut, its start and end among it; never within a gene."""
    length, cuts = len(example["text"]), [0]
    genes = genes_of(example["tags"])
    for remaining in range(count, 0, -1):
        wanted = length - round(length * fraction * remaining)
        around = next(((gene.start, gene.end) for gene in genes if gene.start < wanted < gene.end), (wanted,))
        possible = [place for place in around if cuts[-1] < place < length]
        if not possible:
            raise DataError(
                f"sequence {example['name']!r} has {length:,} bases, too few to hold {fraction:.0%} of them out for "
                "a split that is missing. Give more sequences, or files for validation and test",
                path,
            )
        cuts.append(min(possible, key=lambda place: abs(place - wanted)))
    return [*cuts, length]


def _piece(example: Example, start: int, end: int) -> Example:
    name = f"{example['name']}:{start + 1}-{end}"
    return {"text": example["text"][start:end], "tags": example["tags"][start:end], "name": name}
