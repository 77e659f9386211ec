"""Word-level language model: how likely is a sentence, and how does it go on.

One-to-many: an LSTM reads word by word and gives the probabilities of the next. It trains with every right word given,
and generates by reading what it drew. On the Penn Treebank `-s optimizer=sgd -s learning_rate=2 -s clip_norm=0.25`
comes much lower than Adam.
"""

from seqtasks.data.builtin import agreement
from seqtasks.data.plain_text import TextFiles
from seqtasks.data.tfds_features import WIKI40B_MARKUP, TfdsPlainText
from seqtasks.metrics.perplexity import Perplexity
from seqtasks.registry import register
from seqtasks.sections import NextSymbol, Recurrent, Symbols, Training
from seqtasks.task import ONE_TO_MANY, Sources, Task


@register("word_lm")
def word_lm() -> Task:
    return Task(
        family=ONE_TO_MANY,
        sources=Sources(
            builtin=agreement.generate,
            tfds={
                "lm1b": TfdsPlainText(),
                "wiki40b": TfdsPlainText(markup=WIKI40B_MARKUP),
                "tiny_shakespeare": TfdsPlainText(),
            },
            files=TextFiles(lines=True),
            tfds_default=TfdsPlainText(),
        ),
        inputs=Symbols(unit="word", tokenizer="words", max_symbols=10_000, embedding_size=300, context="example"),
        targets=NextSymbol(tied=True),
        model=Recurrent(cell="lstm", units=300, layers=2, bidirectional=False, dropout=0.4, embedding_dropout=0.3),
        metrics=(Perplexity(),),
        monitor="val_log_likelihood",
        training=Training(
            batch_size=32, epochs=20, learning_rate=2e-3, schedule="linear", warmup_steps=200, average=0.995, patience=3
        ),
        serving_examples=("the dogs that the cat near the house", "nobody", ""),
        overrides={
            "builtin": {
                "inputs.embedding_size": 64,
                "model.units": 128,
                "model.layers": 1,
                "model.dropout": 0.2,
                "model.embedding_dropout": 0.1,
                "training.epochs": 6,
                "training.learning_rate": 4e-3,
            },
        },
    )
