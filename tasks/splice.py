"""Splice sites and promoters: what a window of DNA is.

Many-to-one: a bidirectional LSTM reads the bases, and what a convolution finds around each, from both ends.
Where windows are aligned and few, as UCI's promoters are, `-s position_weights=3` adds what stands at each place, and
`-s optimizer=sgd` suits those weights better than Adam, which makes rare and frequent words' alike.
"""

from seqtasks.data.builtin import splice_windows
from seqtasks.data.uci_dna import DnaTable
from seqtasks.metrics import Accuracy, MacroF1
from seqtasks.registry import register
from seqtasks.sections import Bases, Label, Recurrent, Training
from seqtasks.task import MANY_TO_ONE, Sources, Task


@register("splice")
def splice() -> Task:
    return Task(
        family=MANY_TO_ONE,
        sources=Sources(builtin=splice_windows.generate, files=DnaTable()),
        inputs=Bases(max_length=200, position_size=16),
        targets=Label(),
        model=Recurrent(cell="lstm", units=64, layers=1, pooling="max+mean", hidden_units=64, dropout=0.4, members=2),
        metrics=(Accuracy(), MacroF1()),
        monitor="val_accuracy",
        training=Training(
            batch_size=32, epochs=15, learning_rate=2e-3, schedule="linear", warmup_steps=50, average=0.99, patience=8
        ),
        serving_examples=(
            "CCAGCTGCATCACAGGAGGCCAGCGAGCAGGTCTGTTCCAAGGGCCTTCGAGCCAGTCTG",
            "NNNNNNNNNNACGTRYACGT",
        ),
        overrides={"builtin": {"training.epochs": 6}},
    )
