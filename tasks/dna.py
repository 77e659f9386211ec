"""Genes on DNA: what each base belongs to.

Many-to-many: a bidirectional LSTM reads the bases, what a convolution finds around each, and what each is in the six
reading frames. A CRF chooses the likeliest sequence of states that keeps the frame: between genes, in an exon the
first, second or third base of a codon, in an intron the part of a codon before it, on either strand.
"""

from seqtasks.data.builtin import genomes
from seqtasks.data.genomes import GenomeFiles
from seqtasks.metrics import BaseAccuracy, GeneF1
from seqtasks.registry import register
from seqtasks.sections import Bases, Recurrent, Tags, Training
from seqtasks.task import MANY_TO_MANY, Sources, Task


@register("dna")
def dna() -> Task:
    return Task(
        family=MANY_TO_MANY,
        sources=Sources(builtin=genomes.generate, files=GenomeFiles()),
        inputs=Bases(window=500, motifs=64, motif_width=15, open_frames=True, codon_size=8, other_strand=0.5),
        targets=Tags(scheme="genes"),
        model=Recurrent(cell="lstm", units=64, skip=True, head="crf", dropout=0.2),
        metrics=(BaseAccuracy(), GeneF1()),
        monitor="val_base_accuracy",
        training=Training(
            batch_size=32, epochs=40, learning_rate=4e-3, schedule="linear", warmup_steps=100, average=0.99, patience=12
        ),
        serving_examples=("TTGACATATAATCCGATGGCTAAAGGTCTGTAAGGCGCCTTTTTATTCGA", "acgtnnnnRYacgt"),
        overrides={"builtin": {"training.epochs": 30}},
    )
