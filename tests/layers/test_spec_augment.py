import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.layers.spec_augment import SpecAugment


def masks(layer, frames, features=12):
    """Returns which frames and which features are masked throughout, for each row."""
    ones = tf.ones([len(frames), max(frames), features])
    kept = layer(ones, tf.constant(frames), training=True).numpy()
    assert set(np.unique(kept)) <= {0.0, 1.0}
    return (kept == 0).all(axis=2), (kept == 0).all(axis=1)


def runs(masked):
    """Returns how many stretches of masked places there are, and the longest of them."""
    padded = np.diff(np.concatenate([[0], masked.astype(int), [0]]))
    lengths = np.flatnonzero(padded == -1) - np.flatnonzero(padded == 1)
    return len(lengths), max(lengths, default=0)


def test_nothing_outside_training():
    layer, ones = SpecAugment(seed=1), tf.ones([2, 9, 4])
    assert layer(ones, tf.constant([9, 4])) is ones
    nothing = SpecAugment(time_masks=0, frequency_width=0)
    assert np.all(nothing(ones, tf.constant([9, 4]), training=True) == 1)


@pytest.mark.parametrize(("number", "width"), [(1, 5), (2, 5), (3, 1)])
def test_stretches_of_frames(number, width):
    layer = SpecAugment(number, width, 1.0, frequency_masks=0, seed=1)
    masked, _ = masks(layer, [30] * 400)
    found = [runs(row) for row in masked]
    assert max(count for count, _ in found) == number
    # Stretches that touch look like one.
    assert max(longest for _, longest in found) <= number * width
    assert max(longest for _, longest in found) >= width
    if number == 1:
        lengths = np.bincount([longest for _, longest in found], minlength=width + 1)
        assert min(lengths) > 400 / (width + 1) / 2
        assert masked.any(axis=0).all()


def test_no_more_than_a_share_of_a_rows_own_frames():
    layer = SpecAugment(1, 100, 0.25, frequency_masks=0, seed=1)
    frames = [40, 8, 3, 0] * 100
    masked, _ = masks(layer, frames)
    for row, count in zip(masked, frames, strict=True):
        assert row.sum() <= count // 4
        assert not row[count:].any()
    assert max(row.sum() for row in masked) == 10


def test_bands_of_frequencies():
    layer = SpecAugment(time_masks=0, frequency_masks=1, frequency_width=4, seed=1)
    _, masked = masks(layer, [5] * 400)
    assert {runs(row)[1] for row in masked} == {0, 1, 2, 3, 4}
    assert {runs(row)[0] for row in masked} <= {0, 1}
    assert masked.any(axis=0).all()
    wide = SpecAugment(time_masks=0, frequency_masks=1, frequency_width=100, seed=1)
    assert masks(wide, [5] * 50, features=3)[1].sum(axis=1).max() == 3


def test_rows_and_calls_differ_and_the_seed_decides():
    def first(seed):
        layer = SpecAugment(seed=seed)
        return masks(layer, [50] * 8), masks(layer, [50] * 8)

    (one, _), (two, _) = first(1)
    assert len({row.tobytes() for row in one}) > 4
    assert not np.array_equal(one, two)
    assert np.array_equal(one, first(1)[0][0])
    assert not np.array_equal(one, first(2)[0][0])


@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiled(jit_compile):
    """XLA draws other numbers, as uniformly."""
    layer, ones, frames = SpecAugment(1, 4, 1.0, frequency_masks=0, seed=1), tf.ones([1000, 30, 2]), tf.fill([1000], 20)
    function = tf.function(lambda x, frames: layer(x, frames, training=True), jit_compile=jit_compile)
    found = [function(ones, frames).numpy()[:, :, 0] == 0 for _ in range(2)]
    assert not np.array_equal(*found)
    widths = np.bincount(found[0].sum(axis=1), minlength=5)
    assert len(widths) == 5
    assert min(widths) > 150
    assert min(found[0][:, 4:16].sum(axis=0)) > 70
    assert not found[0][:, 20:].any()


def test_in_a_model_saved_and_loaded(tmp_path):
    features, frames = keras.Input((None, 8)), keras.Input((), dtype="int32")
    model = keras.Model([features, frames], SpecAugment(1, 2, 0.5, 3, 4, seed=5)(features, frames))
    model.save(tmp_path / "m.keras")
    layer = keras.models.load_model(tmp_path / "m.keras").layers[-1]
    config = layer.get_config()
    assert [config[name] for name in ("time_masks", "time_width", "time_share", "seed")] == [1, 2, 0.5, 5]
    assert (config["frequency_masks"], config["frequency_width"]) == (3, 4)
    assert model.output_shape == (None, None, 8)


def test_mixed_precision_keeps_its_kind_of_number():
    layer = SpecAugment(seed=1, dtype="mixed_float16")
    assert layer(tf.ones([2, 9, 4]), tf.constant([9, 4]), training=True).dtype == tf.float16


@pytest.mark.parametrize(
    "values",
    [{"time_masks": -1}, {"time_width": -1}, {"frequency_width": -2}, {"time_share": 1.5}, {"time_share": -0.1}],
)
def test_impossible_values(values):
    with pytest.raises(ValueError, match=rf"{next(iter(values))} must .* Received: {next(iter(values))}="):
        SpecAugment(**values)
