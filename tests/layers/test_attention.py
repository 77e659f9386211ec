"""A decoder's attention against a loop over rows, queries and steps."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import textbook

from seqtasks.layers import SequenceAttention

MASKS = textbook.masks()
BATCH, LENGTH, QUERIES, SIZE, DEPTH = *MASKS.shape, 3, 4, 2
KINDS = {"multiplicative": {}, "additive": {}, "additive of its own size": {"units": 5}}


def make(name, dtype="float64"):
    """Returns the layer with random weights, queries and a memory."""
    rng = np.random.default_rng(0)
    layer = SequenceAttention(name.split()[0], dtype=dtype, **KINDS[name])
    layer.build((None, None, SIZE), (None, None, DEPTH))
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer, rng.normal(size=(BATCH, QUERIES, SIZE)), rng.normal(size=(BATCH, LENGTH, DEPTH))


def by_hand(layer, queries, memory, masks):
    """Returns contexts and weights, one row and query at a time."""
    kernel, *rest = [weight.astype(float) for weight in layer.get_weights()]
    contexts, weights = np.zeros((BATCH, QUERIES, DEPTH)), np.zeros((BATCH, QUERIES, LENGTH))
    for row, place in np.ndindex(BATCH, QUERIES):
        steps, query = np.flatnonzero(masks[row]), queries[row, place]
        if layer.kind == "multiplicative":
            scores = [query @ (memory[row, t] @ kernel) for t in steps]
        else:
            query_kernel, bias, scale = rest
            scores = [scale[:, 0] @ np.tanh(query @ query_kernel + memory[row, t] @ kernel + bias) for t in steps]
        total = sum(np.exp(scores))
        for t, score in zip(steps, scores, strict=True):
            weights[row, place, t] = np.exp(score) / total
            contexts[row, place] += weights[row, place, t] * memory[row, t]
    return contexts, weights


@pytest.mark.parametrize("name", KINDS)
def test_it_follows_the_equations(name):
    layer, queries, memory = make(name)
    found = layer(tf.constant(queries), tf.constant(memory), mask=tf.constant(MASKS))
    for one, other in zip(found, by_hand(layer, queries, memory, MASKS), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
    context, weights = found
    assert (context.shape, weights.shape) == layer.compute_output_shape(queries.shape, memory.shape)
    np.testing.assert_allclose(tf.reduce_sum(weights, axis=-1)[:-1], 1.0)
    # The last row's mask leaves nothing.
    assert not np.any(context[-1])
    assert not np.any(weights[-1])


@pytest.mark.parametrize("name", KINDS)
def test_without_a_mask_all_steps_count(name):
    layer, queries, memory = make(name)
    found = layer(tf.constant(queries), tf.constant(memory))
    for one, other in zip(found, by_hand(layer, queries, memory, np.ones_like(MASKS)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)


@pytest.mark.parametrize("name", KINDS)
def test_gradients_are_finite_differences(name):
    layer, queries, memory = make(name)
    rng = np.random.default_rng(1)
    upstream = [rng.normal(size=(BATCH, QUERIES, width)) for width in (DEPTH, LENGTH)]
    values = [queries, memory, *(weight.numpy() for weight in layer.weights)]

    def total(queries, memory, *weights):
        layer.set_weights(weights)
        found = layer(tf.constant(queries), tf.constant(memory), mask=tf.constant(MASKS))
        return sum(np.sum(one * other.numpy()) for one, other in zip(upstream, found, strict=True))

    sources = [tf.constant(queries), tf.constant(memory), *(weight.value for weight in layer.weights)]
    with tf.GradientTape() as tape:
        tape.watch(sources[:2])
        found = layer(*sources[:2], mask=tf.constant(MASKS))
    gradients = tape.gradient(found, sources, output_gradients=[tf.constant(one) for one in upstream])
    assert len(values) == len(sources) == len(gradients)
    for number, gradient in enumerate(gradients):
        expected = np.zeros_like(values[number])
        for place in np.ndindex(expected.shape):
            sums = []
            for change in (1e-5, -1e-5):
                moved = [value.copy() for value in values]
                moved[number][place] += change
                sums.append(total(*moved))
            expected[place] = (sums[0] - sums[1]) / 2e-5
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)
    assert not np.any(gradients[1].numpy()[~MASKS])


@pytest.mark.parametrize("name", KINDS)
def test_keys_may_be_made_beforehand(name):
    layer, queries, memory = (tf.convert_to_tensor(one) if isinstance(one, np.ndarray) else one for one in make(name))
    keys = layer.keys(memory)
    assert keys.shape == (BATCH, LENGTH, layer.memory_kernel.shape[1])
    for one, other in zip(layer(queries, memory, keys=keys), layer(queries, memory), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", KINDS)
def test_its_configuration_makes_it_again(name):
    layer, queries, memory = make(name, "float32")
    config = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(config)
    again.set_weights(layer.get_weights())
    assert type(again) is SequenceAttention
    assert again.get_config() == layer.get_config()
    arguments = tf.constant(queries, tf.float32), tf.constant(memory, tf.float32)
    for one, other in zip(again(*arguments), layer(*arguments), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", KINDS)
def test_half_precision(name):
    layer, queries, memory = make(name, "mixed_bfloat16")
    arguments = tf.constant(queries, tf.bfloat16), tf.constant(memory, tf.bfloat16)
    context, weights = layer(*arguments, mask=tf.constant(MASKS))
    assert (context.dtype, weights.dtype) == (tf.bfloat16, tf.float32)
    np.testing.assert_allclose(tf.reduce_sum(weights, axis=-1), np.tile(MASKS.any(1)[:, None], QUERIES), rtol=1e-6)
    for one, other in zip((context, weights), by_hand(layer, queries, memory, MASKS), strict=True):
        np.testing.assert_allclose(tf.cast(one, tf.float32), other, atol=0.1)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"'multiplicative' or 'additive'. Received: 'dot'"):
        SequenceAttention("dot")
