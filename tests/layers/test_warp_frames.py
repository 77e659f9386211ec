import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.layers import WarpFrames

RNG = np.random.default_rng(0)


def batch(lengths, steps=20, bands=6):
    values = RNG.normal(size=[len(lengths), steps, bands]).astype(np.float32)
    return tf.constant(values * (np.arange(steps) < np.array(lengths)[:, None])[:, :, None]), tf.constant(lengths)


def test_nothing_outside_training():
    inputs, frames = batch([20, 4])
    same, count = WarpFrames()(inputs, frames)
    assert same is inputs
    assert count is frames
    same, count = WarpFrames(0.0, 0.0)(inputs, frames, training=True)
    assert same is inputs
    assert count is frames


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_sound_gets_longer_or_shorter_and_stays_the_same(jit_compile):
    # A ramp from 0 to 1 over each row's frames shows where every new frame comes from.
    lengths = np.array([40] * 200 + [10] * 200)
    ramp = ((np.arange(60) + 0.5) / lengths[:, None])[:, :, None].astype(np.float32)
    ramp *= (np.arange(60) < lengths[:, None])[:, :, None]
    layer = WarpFrames(0.25, 0.0, seed=1)
    warp = tf.function(lambda x, n: layer(x, n, training=True), jit_compile=jit_compile, autograph=False)
    found, frames = (value.numpy() for value in warp(ramp, lengths.astype(np.int32)))
    for length in (40, 10):
        after = frames[lengths == length]
        assert after.min() == pytest.approx(0.75 * length, abs=1)
        assert after.max() == pytest.approx(1.25 * length, abs=1)
        assert after.mean() == pytest.approx(length, rel=0.03)
    for row, before, after in zip(found[:, :, 0], lengths, frames, strict=True):
        assert not row[after:].any()
        # Beyond the middles of the first and the last frame there is nothing to interpolate.
        expected = np.clip((np.arange(after) + 0.5) / after, 0.5 / before, 1 - 0.5 / before)
        np.testing.assert_allclose(row[:after], expected, atol=1e-5)


def test_no_row_gets_longer_than_there_is_room():
    inputs, frames = batch([20] * 100)
    found, after = WarpFrames(0.5, 0.0)(inputs, frames, training=True)
    assert found.shape == inputs.shape
    assert after.numpy().max() == 20
    assert after.numpy().min() < 14
    assert (after.numpy() == 20).mean() > 0.3


def test_rows_of_few_frames_keep_one_and_rows_of_none_get_none():
    inputs, frames = batch([1, 0] * 50)
    found, after = WarpFrames(0.9, 0.0)(inputs, frames, training=True)
    assert set(after.numpy()[0::2]) == {1, 2}
    assert not after.numpy()[1::2].any()
    assert not found.numpy()[1::2].any()
    np.testing.assert_allclose(found[0::2, 0], inputs[0::2, 0], atol=1e-6)


def test_frequencies_are_stretched_from_the_lowest_band():
    inputs = tf.tile(tf.range(11, dtype=tf.float32)[None, None] / 10, [300, 3, 1])
    found, frames = WarpFrames(0.0, 0.2, seed=1)(inputs, tf.fill([300], 2), training=True)
    assert frames.numpy().tolist() == [2] * 300
    factors = found.numpy()[:, 0, 5] / 0.5
    assert factors.min() == pytest.approx(0.8, abs=0.01)
    assert factors.max() == pytest.approx(1.2, abs=0.01)
    expected = np.minimum(factors[:, None] * np.arange(11) / 10, 1)
    np.testing.assert_allclose(found[:, 1], expected, atol=1e-5)


def test_rows_differ_and_so_do_calls():
    layer = WarpFrames(0.3, 0.3)
    inputs, frames = batch([20] * 8, steps=40)
    one, other = (layer(inputs, frames, training=True) for _ in range(2))
    assert len(set(one[1].numpy())) > 2
    assert one[1].numpy().tolist() != other[1].numpy().tolist()


def test_it_is_rebuilt_from_its_configuration():
    layer = WarpFrames(0.2, 0.3, seed=4)
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert (again.time, again.frequency, again.seed) == (0.2, 0.3, 4)
    for name in ("time", "frequency"):
        with pytest.raises(ValueError, match=f"Received: {name}=1"):
            WarpFrames(**{name: 1})
