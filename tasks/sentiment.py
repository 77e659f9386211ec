"""Sentiment: is a review positive or negative.

Many-to-one: a bidirectional LSTM over words, its steps pooled by their maximum.
"""

from seqtasks.data.builtin import reviews
from seqtasks.data.delimited import DelimitedFiles
from seqtasks.data.tfds_features import TfdsText
from seqtasks.metrics.classification import Accuracy, MacroF1
from seqtasks.registry import register
from seqtasks.sections import Label, Recurrent, Text, Training
from seqtasks.task import MANY_TO_ONE, Sources, Task


@register("sentiment")
def sentiment() -> Task:
    return Task(
        family=MANY_TO_ONE,
        sources=Sources(
            builtin=reviews.generate,
            tfds={
                "imdb_reviews": TfdsText(text="text", label="label"),
                "glue/sst2": TfdsText(text="sentence", label="label"),
                "yelp_polarity_reviews": TfdsText(text="text", label="label"),
                "ag_news_subset": TfdsText(text="description", label="label"),
                "trec": TfdsText(text="text", label="label-coarse"),
                "sentiment140": TfdsText(text="text", label="polarity"),
            },
            files=DelimitedFiles(text="text", label="label"),
            tfds_default=TfdsText(text="text", label="label"),
        ),
        inputs=Text(max_words=30_000, min_count=2, max_length=400, embedding_size=100),
        targets=Label(),
        model=Recurrent(cell="lstm", units=128, pooling="max", dropout=0.5, embedding_dropout=0.5, word_dropout=0.2),
        metrics=(Accuracy(), MacroF1()),
        monitor="val_accuracy",
        training=Training(
            batch_size=32, epochs=8, learning_rate=1e-3, schedule="linear", warmup_steps=100, average=0.995, patience=4
        ),
        serving_examples=(
            "One of the best films I have seen this year.",
            "Although the acting is superb, the plot ruins it.",
            "Not bad at all, but nothing I would watch twice.",
        ),
        overrides={
            "builtin": {
                "model.dropout": 0.2,
                "model.embedding_dropout": 0.1,
                "model.word_dropout": 0.0,
                "training.batch_size": 16,
                "training.learning_rate": 3e-3,
                "training.patience": 8,
            },
            # Long reviews, and enough of them to learn from pairs of words too; two models share the vote.
            "tfds:imdb_reviews": {
                "inputs.bigram_buckets": 100_000,
                "inputs.max_length": 512,
                "model.embedding_dropout": 0.3,
                "model.word_dropout": 0.15,
                "model.members": 2,
                "training.epochs": 3,
            },
        },
    )
