"""Character-level language model: writes like what it read, letter by letter.

One-to-many: an LSTM reads character by character and gives the probabilities of the next, its state carried through
texts of any length.
"""

from seqtasks.data.builtin import agreement
from seqtasks.data.plain_text import TextFiles
from seqtasks.data.tfds_features import WIKI40B_MARKUP, TfdsPlainText
from seqtasks.metrics.perplexity import Perplexity
from seqtasks.registry import register
from seqtasks.sections import NextSymbol, Recurrent, Symbols, Training
from seqtasks.task import ONE_TO_MANY, Sources, Task


@register("char_lm")
def char_lm() -> Task:
    return Task(
        family=ONE_TO_MANY,
        sources=Sources(
            builtin=agreement.generate,
            tfds={
                "tiny_shakespeare": TfdsPlainText(),
                "lm1b": TfdsPlainText(),
                "wiki40b": TfdsPlainText(markup=WIKI40B_MARKUP),
            },
            files=TextFiles(lines=False),
            tfds_default=TfdsPlainText(),
        ),
        inputs=Symbols(unit="character", max_symbols=0, embedding_size=64, context="document", window=100),
        targets=NextSymbol(tied=False),
        model=Recurrent(cell="lstm", units=512, layers=1, bidirectional=False, dropout=0.4, recurrent_dropout=0.2),
        metrics=(Perplexity(),),
        monitor="val_log_likelihood",
        training=Training(
            batch_size=32, epochs=30, learning_rate=2e-3, schedule="linear", warmup_steps=200, average=0.995, patience=4
        ),
        serving_examples=("ROMEO:\n", "To be, or not to be", ""),
        overrides={
            "builtin": {
                "inputs.context": "example",
                "inputs.embedding_size": 32,
                "model.units": 128,
                "model.dropout": 0.1,
                "model.recurrent_dropout": 0.0,
                "training.epochs": 2,
                "training.learning_rate": 4e-3,
            },
        },
    )
