"""Translation: from a text in one language to a text in another.

Encoder-decoder: a bidirectional LSTM reads the source, another LSTM writes the target and looks back at the source by
attention. The texts may be of any two lengths.
"""

from seqtasks.data.builtin import translation as pairs
from seqtasks.data.parallel_files import ParallelFiles
from seqtasks.data.tfds_translation import TfdsTranslation
from seqtasks.metrics import Bleu, ChrF, ExactMatch
from seqtasks.registry import register
from seqtasks.sections import Recurrent, SourceText, TargetText, Training
from seqtasks.task import ENCODER_DECODER, Sources, Task


@register("translation")
def translation() -> Task:
    return Task(
        family=ENCODER_DECODER,
        sources=Sources(
            builtin=pairs.generate,
            tfds={
                "ted_hrlr_translate": TfdsTranslation(),
                "wmt14_translate": TfdsTranslation(),
                "wmt16_translate": TfdsTranslation(),
                "opus": TfdsTranslation(),
                "para_crawl": TfdsTranslation(),
                "tatoeba": TfdsTranslation("source_sentence", "target_sentence"),
                "flores": TfdsTranslation(),
                "scan": TfdsTranslation("commands", "actions"),
            },
            files=ParallelFiles(),
            tfds_default=TfdsTranslation(),
        ),
        inputs=SourceText(max_symbols=5_000, embedding_size=256),
        targets=TargetText(max_symbols=5_000, embedding_size=256),
        model=Recurrent(cell="lstm", units=256, layers=2, dropout=0.35, embedding_dropout=0.2),
        metrics=(Bleu(), ChrF(), ExactMatch()),
        monitor="val_bleu",
        training=Training(
            batch_size=64,
            epochs=15,
            learning_rate=2e-3,
            schedule="linear",
            warmup_steps=400,
            average=0.998,
            label_smoothing=0.1,
            patience=6,
        ),
        serving_examples=("The old dog that the cat sees sleeps.", "Did my cows follow this tree?", "3rd of May 2009"),
        overrides={
            "builtin": {
                "inputs.max_symbols": 300,
                "targets.max_symbols": 300,
                "inputs.embedding_size": 64,
                "targets.embedding_size": 64,
                "model.units": 128,
                "model.layers": 1,
                "model.dropout": 0.1,
                "model.embedding_dropout": 0.0,
                "training.batch_size": 32,
                "training.epochs": 16,
                "training.learning_rate": 4e-3,
                "training.average": 0.99,
                "training.label_smoothing": 0.0,
            },
            # Commands to actions: few words, up to 48 of them in a target.
            "tfds:scan": {
                "inputs.unit": "word",
                "inputs.tokenizer": "blanks",
                "inputs.embedding_size": 64,
                "targets.unit": "word",
                "targets.tokenizer": "blanks",
                "targets.embedding_size": 64,
                "model.units": 128,
                "model.dropout": 0.2,
                "model.embedding_dropout": 0.0,
                "training.epochs": 12,
                "training.average": 0.99,
                "training.label_smoothing": 0.0,
            },
        },
    )
