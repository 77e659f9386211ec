"""Genes from the intervals of annotations, and back."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from seqtasks.data.dataset import counted
from seqtasks.data.gene_labels import EXON, Gene, apart
from seqtasks.data.intervals import Interval, merged
from seqtasks.errors import DataError

_CODING, _WHOLE = "CDS", "gene"
_MEND = "Mend it, or leave such genes out with --skip-bad-rows"


@dataclass
class _Transcript:
    """The parts of a gene as it is read in one way."""

    gene: tuple[str, str]
    parts: list[Interval] = field(default_factory=list)

    def spans(self) -> list[tuple[int, int]]:
        return merged((part.start, part.end) for part in self.parts)


def genes_in(intervals: list[Interval], path, options, notes: list[str]) -> tuple[dict[str, list[Gene]], int]:
    """Returns the genes of each sequence that labels can tell apart.

    Exons are the intervals of type `CDS`, or `exon` if there are none, or whole genes if there are
    neither. Those with the same parent, or without one the same ID, make a transcript; of a gene's
    transcripts the longest counts. Of genes that overlap, the one that starts first is kept.

    Args:
        intervals: Of one file.
        path: The file, which errors name.
        options: `seqtasks.data.sources.ReadOptions`.
        notes: Takes what was changed or left out.

    Returns:
        Genes in the order of their starts by name of sequence, and how many bad ones were left out.

    Raises:
        DataError: If a gene is on both strands, or no interval is an exon or a gene.
    """
    genes: dict[str, list[Gene]] = {}
    changed = Counter()
    known = {(interval.sequence, interval.id) for interval in intervals}
    for transcript in _longest(_transcripts(intervals, path), changed):
        strands = {part.strand for part in transcript.parts} & set(EXON)
        if len(strands) > 1:
            first = transcript.parts[0]
            if not options.skip_bad_rows:
                message = f"gene {transcript.gene[1]!r} is on both strands. {_MEND}"
                raise DataError(message, path, first.line)
            changed["bad"] += 1
            continue
        spans = transcript.spans()
        changed["strandless"] += not strands
        changed["tied"] += len(spans) > 1 and transcript.gene not in known
        changed["joined"] += len(spans) < len({(part.start, part.end) for part in transcript.parts})
        gene = Gene(strands.pop() if strands else "+", tuple(spans))
        genes.setdefault(transcript.gene[0], []).append(gene)
    for name, found in genes.items():
        genes[name] = apart(sorted(found, key=lambda gene: (gene.start, -gene.end)))
        changed["overlapping"] += len(found) - len(genes[name])
    notes += _told(changed, path)
    return genes, changed["bad"]


def intervals_of(genes: Iterable[Gene], sequence: str) -> list[Interval]:
    """Returns each gene and its coding parts as intervals, to be written.

    Args:
        genes: What is found on the sequence.
        sequence: Its name.
    """
    intervals = []
    for number, gene in enumerate(genes, start=1):
        name = f"{sequence}.gene{number}"
        intervals.append(Interval(sequence, gene.start, gene.end, _WHOLE, gene.strand, None, {"ID": (name,)}))
        phases, read = {}, 0
        for start, end in gene.exons if gene.strand == "+" else reversed(gene.exons):
            phases[start], read = -read % 3, read + end - start
        tied = {"ID": (f"{name}.cds",), "Parent": (name,)}
        intervals += [
            Interval(sequence, start, end, _CODING, gene.strand, phases[start], tied) for start, end in gene.exons
        ]
    return intervals


def _transcripts(intervals: list[Interval], path) -> list[_Transcript]:
    types = {interval.type for interval in intervals}
    kind = next((kind for kind in (_CODING, "exon", _WHOLE) if kind in types), None)
    if intervals and kind is None:
        found = ", ".join(sorted(types)[:10])
        raise DataError(f"no interval is of type CDS, exon or gene. Received types: {found}", path)
    parents = {(interval.sequence, interval.id): interval.parents for interval in intervals if interval.id}
    transcripts: dict[tuple, _Transcript] = {}
    for interval in intervals:
        if interval.type != kind:
            continue
        # Without names, each is a gene of its own.
        names = () if kind == _WHOLE else interval.parents
        for name in names or (interval.id or f"line {interval.line}",):
            gene = next(iter(parents.get((interval.sequence, name), ()) if names else ()), name)
            key = (interval.sequence, name)
            transcripts.setdefault(key, _Transcript((interval.sequence, gene))).parts.append(interval)
    return list(transcripts.values())


def _longest(transcripts: list[_Transcript], changed: Counter) -> list[_Transcript]:
    """Returns the transcript of each gene that has most bases, and counts the others."""
    best: dict[tuple[str, str], tuple[int, _Transcript]] = {}
    for transcript in transcripts:
        bases = sum(end - start for start, end in transcript.spans())
        if transcript.gene not in best or bases > best[transcript.gene][0]:
            best[transcript.gene] = bases, transcript
    changed["other"] = len(transcripts) - len(best)
    return [transcript for _, transcript in best.values()]


def _told(changed: Counter, path) -> list[str]:
    told = {
        "bad": "skipped {} on both strands",
        "other": "left {} out: of each gene the longest counts",
        "overlapping": "left {} out that overlap or touch another that starts before",
        "strandless": "read {} without a strand as on the forward strand",
        "tied": "took rows that name the same gene as its exons, in {}",
        "joined": "joined exons of {} that overlap or touch each other",
    }
    noun = {"other": "further transcript"}
    return [
        f"{path.name}: {words.format(counted(changed[key], noun.get(key, 'gene')))}"
        for key, words in told.items()
        if changed[key]
    ]
