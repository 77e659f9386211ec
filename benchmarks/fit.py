"""`model.fit` of a bidirectional LSTM tagger, ours against Keras's layers, in one process.

An embedding of 5,000 words, one bidirectional LSTM of 128 units, a class for each of at most 30 words; 32 sentences a
step, masked. Each is compiled with every value of Keras's `jit_compile`, and the best counts.
"""

import time

import numpy as np

WORDS, CLASSES, WIDTH, LENGTH, BATCH = 5000, 9, 128, 30, 32


def start(threads: int, device: str) -> None:
    """Sets TensorFlow up."""
    from seqtasks.benchmarks import tensorflow_variants

    tensorflow_variants.start(threads, device)


def measure(steps: int = 60, rounds: int = 8) -> dict:
    """Measures the milliseconds of a step.

    Args:
        steps: Steps of an epoch.
        rounds: Epochs of every model, in turns.

    Returns:
        The statistics of every model's epochs, by name.
    """
    from seqtasks.benchmarks.layers import statistics

    words, tags = _sentences(steps * BATCH)
    models = {f"{kind} jit_compile={jit}": _model(kind, jit) for kind in ("seqtasks", "keras") for jit in _JIT}
    for model in models.values():
        model.fit(words[: 2 * BATCH], tags[: 2 * BATCH], batch_size=BATCH, verbose=0)
    times = {name: [] for name in models}
    for _ in range(rounds):
        for name, model in models.items():
            started = time.perf_counter()
            model.fit(words, tags, batch_size=BATCH, shuffle=False, verbose=0)
            times[name].append((time.perf_counter() - started) / steps)
    return {name: {**statistics(values), "memory_mib": None} for name, values in times.items()}


_JIT = (True, False, "auto")


def _sentences(count):
    rng = np.random.default_rng(0)
    words = rng.integers(1, WORDS, (count, LENGTH))
    lengths = rng.integers(LENGTH // 2, LENGTH + 1, (count, 1))
    words[np.arange(LENGTH) >= lengths] = 0
    return words, words % CLASSES


def _model(kind, jit):
    import keras

    from seqtasks import layers as ours

    library = ours if kind == "seqtasks" else keras.layers
    # XLA has none of cuDNN's kernels, which Keras's layer would choose.
    more = {"use_cudnn": False} if kind == "keras" and jit is True else {}
    inputs = keras.Input((LENGTH,), dtype="int32")
    vectors = keras.layers.Embedding(WORDS, WIDTH, mask_zero=True)(inputs)
    states = library.Bidirectional(library.LSTM(WIDTH, return_sequences=True, **more))(vectors)
    model = keras.Model(inputs, keras.layers.Dense(CLASSES)(states))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=jit)
    return model
