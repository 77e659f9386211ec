"""A tiny language model, and what it says worked out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

SYMBOLS = [0, 1, 2, 3, 4]  # padding, <UNK>, <EOS>, "a", "b"
END = 2


@pytest.fixture(scope="session")
def language():
    """The pipeline and the network of a language of two letters, its weights random and far from even."""
    import keras

    from seqtasks.architectures import build_model
    from seqtasks.config import Config
    from seqtasks.data.language import LanguagePipeline
    from seqtasks.sections import NextSymbol, Recurrent, Symbols, Training

    config = Config(
        Symbols(unit="character", max_symbols=0, embedding_size=4),
        NextSymbol(tied=True),
        Recurrent(cell="lstm", units=6, layers=2, bidirectional=False, dropout=0.0),
        Training(),
    )
    pipeline = LanguagePipeline.fit(config, [{"text": "abbaaab"}])
    keras.utils.set_random_seed(1)
    model = build_model(config, pipeline)
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.get_weights()])
    return SimpleNamespace(pipeline=pipeline, model=model, next_of=lambda prompts: next_of(model, prompts))


def next_of(model, prompts):
    """Returns the probabilities of each prompt's next symbol, float64 `[B, V]`."""
    logits, _ = model.read_prompt(ragged(prompts))
    return softmax(logits.numpy().astype(float))


def ragged(rows):
    """Returns lists of ids, of which there may be none, as ragged int32 `[B, (T)]`."""
    import tensorflow as tf

    values = tf.constant([i for row in rows for i in row], tf.int32)
    return tf.RaggedTensor.from_row_lengths(values, tf.constant([len(row) for row in rows], tf.int64))


def softmax(scores):
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


def filtered(scores, temperature=1.0, top_k=0, top_p=1.0):
    """Returns the probabilities that a row of scores leaves, one symbol at a time."""
    scores = np.asarray(scores, float)
    probabilities = np.zeros_like(scores)
    if temperature == 0:
        probabilities[scores.argmax()] = 1
        return probabilities
    scores = scores / temperature
    if top_k:
        scores = np.where(scores >= np.sort(scores)[::-1][:top_k][-1], scores, -np.inf)
    if top_p < 1:
        shares, summed = softmax(scores), 0.0
        for symbol in np.argsort(-scores):
            if summed >= top_p and summed > 0:
                scores[symbol] = -np.inf
            summed += shares[symbol]
    return softmax(scores)
