"""Small pairs of texts, and networks that translate them."""

import copy
import functools

import keras
import numpy as np
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.config import Config
from seqtasks.data.translation import TranslationPipeline
from seqtasks.sections import Recurrent, SourceText, TargetText, Training
from seqtasks.training.precision import computing_in

PAIRS = [
    {"source": source, "target": target}
    for source, target in [("abcd", "DC"), ("ba", "ABAB"), ("dab c", "C"), ("c", "CCABD"), ("acb", ""), ("dd", "DAD")]
]
NETWORKS = {
    "default": {},
    "without attention": {"attention": "none", "bidirectional": False, "cell": "gru"},
    "additive": {"attention": "additive", "cell": "peephole_lstm", "bidirectional": False},
    "feeding, untied": {"input_feeding": True, "cell": "simplified_gru", "targets": {"tied": False}},
    "residual": {"layers": 2, "residual": True, "cell": "rnn", "bidirectional": False},
}
SIMPLE = {"cell": "rnn", "bidirectional": False}


@functools.cache
def fitted(inputs):
    """Returns the pipeline of all networks, which differ in other things."""
    targets = TargetText(unit="character", max_length=8)
    pipeline = TranslationPipeline.fit(Config(inputs, targets, Recurrent(), Training()), PAIRS)
    pipeline.encode(PAIRS)
    return pipeline


def translator(targets=None, training=None, mixed=False, **model):
    """Returns pipeline and network of a translation of characters."""
    config = Config(
        SourceText(unit="character", embedding_size=5),
        TargetText(**{"unit": "character", "embedding_size": 4, "max_length": 8, "beam": 3, **(targets or {})}),
        Recurrent(**{"units": 6, "dropout": 0.0, **model}),
        Training(**(training or {})),
    )
    pipeline = copy.copy(fitted(config.inputs))
    pipeline.config = config
    keras.utils.set_random_seed(3)
    with computing_in(mixed):
        return pipeline, build_model(config, pipeline)


def whole(pipeline):
    """Returns all pairs as one batch, as long on either side as the longest."""
    encoded = pipeline.encode(PAIRS)
    rows = np.arange(len(encoded))
    source, target = encoded.source.batch(rows, 5), encoded.target.batch(rows, 6)
    batch = {**source, "inputs": target["inputs"], "targets": target["targets"], "target_mask": target["mask"]}
    return {name: tf.convert_to_tensor(values) for name, values in batch.items()}


def graph(function, batch):
    """Returns a function of batches of any lengths, traced once."""
    kinds = {name: tf.TensorSpec([None] * values.shape.rank, values.dtype) for name, values in batch.items()}
    return tf.function(function, [kinds], autograph=False)


def sharper(model, seed=0):
    """Gives the network random weights that are far from even."""
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(size=weight.shape) if weight.ndim else weight for weight in model.get_weights()])


def stepped(model, batch):
    """Returns the scores of the symbols after each input, one step at a time, `[B, S, W]`."""
    memory, states = model.read(batch["source"], batch["mask"])
    scores = []
    for t in range(batch["inputs"].shape[1]):
        found, states, _ = model.step(batch["inputs"][:, t], states, memory)
        scores.append(found.numpy().astype(float))
    return np.stack(scores, axis=1)
