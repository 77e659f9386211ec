"""Runs that were not trained, small enough to export in a test."""

from pathlib import Path
from types import SimpleNamespace

from seqtasks.architectures import build_model
from seqtasks.config import Config
from seqtasks.data.classification import ClassificationPipeline
from seqtasks.data.tagging import TaggingPipeline
from seqtasks.sections import Label, Recurrent, Tags, Text, Tokens, Training
from seqtasks.task import MANY_TO_MANY, MANY_TO_ONE

TEXTS = ["a good film and more", "the bad , bad plot", "not bad at all"]


def classifier(model: dict | None = None, inputs: dict | None = None):
    """Returns a classifier of words."""
    inputs = Text(**{"min_count": 1, "max_length": 6, "embedding_size": 4, **(inputs or {})})
    config = Config(inputs, Label(), _network(model), Training())
    examples = [{"text": text, "label": label} for text, label in zip(TEXTS, ("good", "bad", "good"), strict=True)]
    return _run("small", MANY_TO_ONE, config, ClassificationPipeline.fit(config, examples))


def tagger(model: dict | None = None, inputs: dict | None = None):
    """Returns a tagger of words."""
    sizes = {"max_characters": 4, "embedding_size": 4, "character_units": 2, "character_embedding_size": 3}
    inputs = Tokens(**{**sizes, "affixes": True, "affix_buckets": 5, "affix_size": 2, **(inputs or {})})
    config = Config(inputs, Tags(scheme="BIO"), _network(model), Training())
    tags = ["O", "B-X", "I-X", "O", "O"]
    examples = [{"tokens": text.split(), "tags": tags[: len(text.split())]} for text in TEXTS]
    return _run("small_tags", MANY_TO_MANY, config, TaggingPipeline.fit(config, examples))


def _network(model):
    return Recurrent(**{"units": 3, **(model or {})})


def _run(name, family, config, pipeline):
    task = SimpleNamespace(name=name, family=family, description="Small.", serving_inputs=lambda: TEXTS)
    model = build_model(config, pipeline)
    return SimpleNamespace(
        task=task, config=config, pipeline=pipeline, model=model, data="builtin", folder=Path("made")
    )
