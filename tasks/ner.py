"""Named-entity recognition: which words name a person, a place, an organization.

Many-to-many with equal lengths: a bidirectional LSTM over words, their spelling and hashed
affixes, and a CRF over the tags.
"""

from seqtasks.data.builtin import ner_sentences
from seqtasks.data.conll import ConllFiles
from seqtasks.data.tfds_features import TfdsTags
from seqtasks.metrics.spans import SpanF1
from seqtasks.registry import register
from seqtasks.sections import Recurrent, Tags, Tokens, Training
from seqtasks.task import MANY_TO_MANY, Sources, Task


@register("ner")
def ner() -> Task:
    return Task(
        family=MANY_TO_MANY,
        sources=Sources(
            builtin=ner_sentences.generate,
            tfds={
                "conll2003": TfdsTags(tokens="tokens", tags="ner", further=("pos", "chunks")),
                "conll2002": TfdsTags(tokens="tokens", tags="ner", further=("pos",)),
                "wikiann": TfdsTags(tokens="tokens", tags="tags"),
            },
            files=ConllFiles(),
            tfds_default=TfdsTags(tokens="tokens", tags="tags"),
        ),
        inputs=Tokens(character_units=50, max_characters=12, affixes=True),
        targets=Tags(scheme="BIO", auxiliary=("pos", "chunks")),
        model=Recurrent(
            cell="lstm",
            units=150,
            layers=2,
            head="crf",
            dropout=0.4,
            embedding_dropout=0.5,
            recurrent_dropout=0.2,
            rare_word_dropout=1.0,
        ),
        metrics=(SpanF1(),),
        monitor="val_span_f1",
        training=Training(
            batch_size=32, epochs=18, learning_rate=2e-3, schedule="linear", warmup_steps=200, average=0.995, patience=6
        ),
        serving_examples=(
            "Ada Lovelace lived in London .",
            "The United Nations opened an office in Nairobi on Tuesday .",
            "Jordan visited Jordan before joining Apple .",
        ),
        overrides={"builtin": {"model.layers": 1, "training.batch_size": 16, "training.epochs": 4}},
    )
