"""Flax's layers on JAX."""

import os
import time

from seqtasks.benchmarks.cases import Case


def start(threads: int, device: str) -> None:
    """Sets JAX up, before it is imported."""
    os.environ["JAX_PLATFORMS"] = "cpu" if device == "cpu" else "cuda"
    if device == "cpu":
        # JAX takes as many threads as there are processors to run on.
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))
    import jax

    jax.devices()


def versions() -> dict:
    """Returns the libraries' versions."""
    import flax
    import jax

    return {"jax": jax.__version__, "flax": flax.__version__}


def peak(size: int, calls: int) -> float:
    """Returns the operations a second of a square product in float32."""
    import jax

    matrix = jax.random.normal(jax.random.key(0), (size, size))
    product = jax.jit(lambda a: a @ a)
    product(matrix).block_until_ready()
    times = []
    for _ in range(calls):
        started = time.perf_counter()
        product(matrix).block_until_ready()
        times.append(time.perf_counter() - started)
    return 2 * size**3 / min(times)


def variants(case: Case) -> dict:
    """Returns what builds Flax's layers for a case, where it has them."""
    if case.layer not in ("LSTM", "GRU", "GRUResetAfter", "SimpleRNN"):
        return {}
    return {"flax": lambda: _build(case)}


def _build(case):
    import jax
    import jax.numpy as jnp
    from flax import nnx

    cells = {"LSTM": nnx.OptimizedLSTMCell, "SimpleRNN": nnx.SimpleCell}
    cell, rngs = cells.get(case.layer, nnx.GRUCell), nnx.Rngs(0)
    dtype = jnp.dtype(case.precision)
    _, _, width, units = case.sizes
    stack = []
    for _ in range(case.layers):

        def make(width=width):
            return nnx.RNN(cell(width, units, dtype=dtype, rngs=rngs))

        stack.append(nnx.Bidirectional(make(), make()) if case.bidirectional else make())
        width = case.width
    graph, state = nnx.split(nnx.List(stack))
    inputs, upstream, lengths = case.numbers()
    inputs, upstream = jnp.asarray(inputs, dtype), jnp.asarray(upstream)
    lengths = None if lengths is None else jnp.asarray(lengths)

    def run(state, inputs):
        for layer in nnx.merge(graph, state):
            inputs = layer(inputs, seq_lengths=lengths)
        return inputs

    def loss(state, inputs):
        return jnp.sum(run(state, inputs).astype(jnp.float32) * upstream)

    function = jax.jit(jax.grad(loss, argnums=(0, 1), allow_int=True) if case.mode == "training" else run)
    return lambda: jax.block_until_ready(function(state, inputs))
