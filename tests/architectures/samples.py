"""Tiny data and networks, and what every architecture must do with them."""

import keras
import numpy as np
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.config import Config
from seqtasks.data.classification import ClassificationPipeline
from seqtasks.data.tagging import TaggingPipeline
from seqtasks.sections import Label, Recurrent, Tags, Text, Tokens, Training
from seqtasks.training.step import TrainingStep

SENTENCES = [
    {"tokens": tokens.split(), "tags": tags.split(), "pos": [token[-1] for token in tokens.split()]}
    for tokens, tags in [
        ("Ada Lovelace lived in London", "B-PER I-PER O O B-LOC"),
        ("London slept", "B-LOC O"),
        ("Jordan visited Jordan", "B-PER O B-LOC"),
        ("it rained", "O O"),
        ("Jack London wrote", "B-PER I-PER O"),
        ("they left Jordan for Paris yesterday", "O O B-LOC O B-LOC O"),
        ("Paris Hilton left", "B-PER I-PER O"),
        ("nobody", "O"),
    ]
]
# Their words alone do not tell: order does.
TEXTS = [
    {"text": text, "label": label}
    for text, label in [
        ("good not bad", "pos"),
        ("bad not good", "neg"),
        ("not bad", "pos"),
        ("not good", "neg"),
        ("good", "pos"),
        ("bad", "neg"),
        ("not bad but good", "pos"),
        ("not good but bad", "neg"),
    ]
]

_NO_DROPOUT = {"units": 6, "dropout": 0.0}


def tagger(inputs=None, training=None, examples=SENTENCES, **model):
    """Returns pipeline and network of a tagging task."""
    small = {"embedding_size": 5, "character_units": 3, "character_embedding_size": 4, "affix_size": 2}
    config = Config(
        Tokens(**{**small, "max_characters": 6, "affix_buckets": 20, **(inputs or {})}),
        Tags(auxiliary=("pos",)),
        Recurrent(**{**_NO_DROPOUT, **model}),
        Training(**(training or {})),
    )
    return _built(config, TaggingPipeline.fit(config, examples))


def classifier(inputs=None, training=None, examples=TEXTS, **model):
    """Returns pipeline and network of a classification task."""
    config = Config(
        Text(**{"embedding_size": 5, "min_count": 1, "max_length": 9, **(inputs or {})}),
        Label(),
        Recurrent(**{**_NO_DROPOUT, **model}),
        Training(**(training or {})),
    )
    return _built(config, ClassificationPipeline.fit(config, examples))


def _built(config, pipeline):
    keras.utils.set_random_seed(3)
    return pipeline, build_model(config, pipeline)


def batch_of(pipeline, examples, length=6):
    """Returns all examples as one batch of tensors."""
    batch = pipeline.encode(examples).batch(np.arange(len(examples)), length)
    return {name: tf.convert_to_tensor(values) for name, values in batch.items()}


def with_padding(batch, steps=0, rows=0):
    """Adds steps and filler rows that hold anything but the mask and the row's number."""
    longer = {}
    for name, values in batch.items():
        fill = {"mask": False, "rows": -1}.get(name, 1)
        padding = [[0, rows]] + [[0, steps]] * (values.shape.rank > 1) + [[0, 0]] * (values.shape.rank - 2)
        longer[name] = tf.constant(np.pad(values.numpy(), padding, constant_values=fill))
    return longer


def assert_every_weight_learns(model, batch, jit_compile):
    """Asserts that the loss is finite and moves with every weight."""
    step = TrainingStep(model, keras.optimizers.SGD(1.0), Training(jit_compile=jit_compile))
    assert step.variables
    loss, gradients = step._differentiate(batch)
    assert loss.dtype == tf.float32
    assert loss.shape == ()
    assert np.isfinite(loss)
    assert loss > 0
    for variable, gradient in zip(step.variables, gradients, strict=True):
        assert np.all(np.isfinite(gradient)), variable.path
        assert np.any(gradient), variable.path


def assert_padding_changes_nothing(model, batch):
    """Asserts that neither losses nor outputs know of filler rows and padded steps."""
    size = len(batch["rows"])
    losses = [model.loss_of(batch, training=training).numpy() for training in (False, True)]
    outputs = model.outputs_of(batch)
    mask = batch["mask"].numpy()
    for steps, rows in ((3, 0), (0, 2)):
        longer = with_padding(batch, steps, rows)
        for training, loss in zip((False, True), losses, strict=True):
            np.testing.assert_allclose(model.loss_of(longer, training=training), loss, rtol=1e-5)
        for name, values in model.outputs_of(longer).items():
            found, expected = values.numpy()[:size], outputs[name].numpy()
            if name in ("tags", "scores"):
                found, expected = found[:, : mask.shape[1]][mask], expected[mask]
            np.testing.assert_allclose(found, expected, atol=1e-5, err_msg=name)


def assert_alone_as_together(model, batch):
    """Asserts that a row's outputs do not depend on the other rows and on padding."""
    together = model.outputs_of(batch)
    lengths = batch["mask"].numpy().sum(1)
    for i in (0, lengths.argmin(), lengths.argmax()):
        row = {name: values[i : i + 1] for name, values in batch.items()}
        alone = model.outputs_of(
            {name: values[:, : lengths[i]] if values.shape.rank > 1 else values for name, values in row.items()}
        )
        for name, values in alone.items():
            steps = slice(lengths[i] if name in ("tags", "scores") else None)
            np.testing.assert_allclose(values[0][steps], together[name][i][steps], atol=1e-5, err_msg=name)


def answers_after_training(pipeline, model, examples, steps=40):
    """Returns what the network says after some steps on these examples."""
    batch = batch_of(pipeline, examples)
    step = TrainingStep(model, keras.optimizers.Adam(0.03), Training(jit_compile=False))
    for _ in range(steps):
        step(batch)
    assert step.read()["first_bad_step"] == 0
    return pipeline.decode({name: values.numpy() for name, values in model.outputs_of(batch).items()}, _arrays(batch))


def _arrays(batch):
    return {name: values.numpy() for name, values in batch.items()}
