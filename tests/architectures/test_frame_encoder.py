import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.architectures.frame_encoder import FrameReader
from seqtasks.config import Config
from seqtasks.data.classification import ClassificationPipeline
from seqtasks.data.clip_codec import ClipCodec
from seqtasks.errors import UsageError
from seqtasks.sections import Clip, Label, Recurrent, Training

from .samples import assert_every_weight_learns

RNG = np.random.default_rng(0)
SMALL = {"frames": 5, "frame_size": 8, "filters": (4, 6), "frame_features": 7}


def reader(**inputs):
    keras.utils.set_random_seed(1)
    config = Config(Clip(**{**SMALL, **inputs}), Label(), Recurrent(), Training())
    return FrameReader(config, ClipCodec(config.inputs))


def features(count=3, channels=3):
    frames = RNG.integers(0, 256, (count, 5, 8, 8, channels), np.uint8)
    return {"frames": tf.constant(frames), "mask": tf.ones([count, 5], tf.bool)}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("motion", ["frames", "differences", "both"])
def test_each_frame_becomes_a_vector(motion, channels):
    layer, read = reader(motion=motion, channels=channels), features(channels=channels)
    vectors, mask = layer(read)
    assert vectors.shape == (3, 5, 7)
    assert mask.numpy().all()
    assert layer(layer.example())[0].shape == (1, 1, 7)
    # A frame is seen in its own vector, and in the next one's where differences are.
    frames = read["frames"].numpy()
    frames[0, 2] = 255 - frames[0, 2]
    changed, _ = layer({**read, "frames": tf.constant(frames)})
    apart = np.abs(changed - vectors).max(axis=-1) > 1e-6
    np.testing.assert_array_equal(apart, [[False, False, True, motion != "frames", False], [False] * 5, [False] * 5])


def test_where_nothing_moves_there_is_no_difference():
    layer = reader(motion="differences")
    still = np.repeat(RNG.integers(0, 256, (2, 1, 8, 8, 3), np.uint8), 5, axis=1)
    vectors, _ = layer({"frames": tf.constant(still), "mask": tf.ones([2, 5], tf.bool)})
    np.testing.assert_array_equal(vectors, np.broadcast_to(vectors[:1, :1], vectors.shape))


@pytest.mark.parametrize("motion", ["frames", "differences", "both"])
def test_light_and_contrast_do_not_matter(motion):
    layer, read = reader(motion=motion), features()
    darker = {**read, "frames": read["frames"] // 2 + 40}
    np.testing.assert_allclose(layer(darker)[0], layer(read)[0], rtol=0.1, atol=0.15)
    # Nor is there anything in a black frame.
    black = {**read, "frames": tf.zeros_like(read["frames"])}
    assert not layer(black)[0].numpy().any()


@pytest.mark.parametrize("motion", ["frames", "differences", "both"])
def test_steps_are_as_the_whole(motion):
    layer, read = reader(motion=motion), features()
    vectors, _ = layer(read)
    state = layer.first_state(3)
    for time in range(5):
        vector, state = layer.step(read["frames"][:, time], state)
        np.testing.assert_allclose(vector, vectors[:, time], rtol=1e-5, atol=1e-6)


def test_compiled_and_without_clips():
    layer, read = reader(mirror=0.5, shift=1), features()
    expected, _ = layer(read)
    np.testing.assert_allclose(tf.function(layer, jit_compile=True)(read)[0], expected, rtol=1e-4, atol=1e-5)
    training = tf.function(lambda: layer(read, training=True)[0], jit_compile=True)
    assert training().shape == expected.shape
    specs = [{"frames": tf.TensorSpec([None, 5, 8, 8, 3], tf.uint8), "mask": tf.TensorSpec([None, 5], tf.bool)}]
    function = tf.function(lambda rows: layer(rows)[0], input_signature=specs)
    np.testing.assert_allclose(function(read), expected, rtol=1e-4, atol=1e-5)
    assert function(features(0)).shape == (0, 5, 7)


def moved(layer, frames):
    return layer._moved(tf.constant(frames)).numpy()


def test_clips_are_moved_each_by_itself():
    layer = reader(shift=2)
    frames = RNG.integers(0, 256, (40, 2, 8, 8, 3), np.uint8)
    padded = np.pad(frames, [(0, 0), (0, 0), (2, 2), (2, 2), (0, 0)], mode="edge")
    ways = set()
    for before, after in zip(padded, moved(layer, frames), strict=True):
        found = [
            (down, right)
            for down in range(5)
            for right in range(5)
            if (before[:, down : down + 8, right : right + 8] == after).all()
        ]
        assert len(found) == 1
        ways.update(found)
    assert {down for down, _ in ways} == {right for _, right in ways} == set(range(5))


def test_some_clips_are_mirrored():
    frames = RNG.integers(0, 256, (200, 2, 8, 8, 3), np.uint8)
    after = moved(reader(mirror=0.25), frames)
    turned = (after == frames[:, :, :, ::-1]).all(axis=(1, 2, 3, 4))
    same = (after == frames).all(axis=(1, 2, 3, 4))
    assert (turned ^ same).all()
    assert 25 < turned.sum() < 80


def test_clips_are_moved_in_training_alone():
    layer, read = reader(mirror=0.9, shift=3), features()
    np.testing.assert_array_equal(layer(read)[0], layer(read)[0])
    assert np.abs(layer(read, training=True)[0] - layer(read)[0]).max() > 1e-3


def test_convolutions_need_filters():
    with pytest.raises(UsageError, match=r"needs at least one. Received: \(4, 0\)"):
        reader(filters=(4, 0))
    assert reader(filters=())(features())[0].shape == (3, 5, 7)


def test_every_weight_learns():
    rows = [
        {"frames": frames, "label": label} for frames, label in zip(features(4)["frames"].numpy(), "abab", strict=True)
    ]
    config = Config(Clip(**SMALL), Label(), Recurrent(units=4, dropout=0.0), Training())
    pipeline = ClassificationPipeline.fit(config, rows)
    batch = next(iter(pipeline.batches(pipeline.encode(rows), 4)))
    batch = {name: tf.convert_to_tensor(values) for name, values in batch.items()}
    assert_every_weight_learns(build_model(config, pipeline), batch, jit_compile=False)
