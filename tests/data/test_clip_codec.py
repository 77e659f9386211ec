import numpy as np
import pytest
import tensorflow as tf

from seqtasks.data.clip_codec import ClipCodec
from seqtasks.data.limits import Limits
from seqtasks.data.video import encode_gif, fit_clip
from seqtasks.errors import DataError
from seqtasks.sections import Clip
from seqtasks.serving.signatures import asked_by

RNG = np.random.default_rng(0)
INPUTS = Clip(frames=4, frame_size=8)


def noise(*shape):
    return RNG.integers(0, 256, shape, np.uint8)


@pytest.fixture(scope="module")
def asked():
    """The codec's requests as signatures."""
    return asked_by(ClipCodec(INPUTS).graph().requests(), lambda features: features, Limits(INPUTS))


def test_clips_are_encoded_as_their_frames():
    fits, other = noise(4, 8, 8, 3), noise(7, 20, 11, 1)
    encoded = ClipCodec(INPUTS).encode([{"frames": fits, "label": "a"}, {"frames": other, "label": "b"}])
    batch = encoded.batch(np.array([1, 0, -1]), 4)
    np.testing.assert_array_equal(batch["frames"][1], fits)
    np.testing.assert_array_equal(batch["frames"][0], fit_clip(other, 4, 8))
    assert batch["frames"].dtype == np.uint8
    np.testing.assert_array_equal(batch["mask"].sum(1), [4, 4, 0])


def test_all_clips_are_of_one_length(tmp_path):
    codec = ClipCodec.fit(Clip(frames=5, frame_size=8), [{"frames": noise(3, 8, 8, 3)}])
    codec.save(tmp_path)
    codec = ClipCodec.load(codec.inputs, tmp_path)
    assert codec.lengths == [5]
    shapes = [batch["frames"].shape for batch in codec_batches(codec, [3, 9, 1])]
    assert shapes == [(2, 5, 8, 8, 3)] * 2


def codec_batches(codec, lengths):
    encoded = codec.encode([{"frames": noise(length, 8, 8, 3)} for length in lengths])
    return list(encoded.batches(2, codec.lengths, np.random.default_rng(1)))


def test_nothing_to_encode():
    assert len(ClipCodec(INPUTS).encode([])) == 0
    with pytest.raises(DataError, match="the clip is empty: 0 x 8 x 8 x 3"):
        ClipCodec(INPUTS).encode([{"frames": noise(0, 8, 8, 3)}])


@pytest.mark.parametrize(("height", "width", "tolerance"), [(8, 8, 0), (19, 30, 1), (5, 40, 1), (1, 1, 1)])
def test_exports_sample_and_resize_alike(asked, height, width, tolerance):
    clips, lengths = noise(5, 9, height, width, 3), [9, 4, 3, 1, 7]
    found = asked["serving_default"](tf.constant(clips), tf.constant(lengths))
    expected = [fit_clip(clip[:length], 4, 8) for clip, length in zip(clips, lengths, strict=True)]
    assert np.abs(found["frames"].numpy().astype(int) - expected).max() <= tolerance
    assert found["mask"].numpy().all()


def test_what_is_behind_the_length_does_not_count(asked):
    clips = noise(2, 6, 9, 9, 3)
    other = np.where(np.arange(6)[:, None, None, None] < 3, clips, 255 - clips)
    one, two = (asked["serving_default"](tf.constant(frames), tf.constant([3, 3])) for frames in (clips, other))
    np.testing.assert_array_equal(one["frames"], two["frames"])


@pytest.mark.parametrize("shape", [(0, 0, 0, 0, 3), (0, 5, 9, 9, 3), (2, 0, 8, 8, 3), (2, 3, 8, 8, 3)])
def test_no_clips_and_no_frames(asked, shape):
    found = asked["serving_default"](tf.constant(noise(*shape)), tf.zeros(shape[0], tf.int32))
    assert found["frames"].shape == (shape[0], 4, 8, 8, 3)
    assert not found["mask"].numpy().any()


def test_lengths_beyond_the_frames(asked):
    clips = tf.constant(noise(2, 6, 8, 8, 3))
    found = asked["serving_default"](clips, tf.constant([99, -1]))
    np.testing.assert_array_equal(found["frames"][0], fit_clip(clips[0].numpy(), 4, 8))
    np.testing.assert_array_equal(found["mask"].numpy().sum(1), [4, 0])


def test_gifs(asked):
    clips = [noise(6, 12, 16, 3), noise(1, 8, 8, 3)]
    found = asked["gif"](tf.constant([encode_gif(clip) for clip in clips]))
    assert found["mask"].numpy().all()
    # Noise has more than the 256 colours that a GIF's frame may have.
    grey = np.repeat(np.array([10, 90, 250], np.uint8), 8 * 8 * 3).reshape(3, 8, 8, 3)
    np.testing.assert_array_equal(asked["gif"](tf.constant([encode_gif(grey)]))["frames"][0], fit_clip(grey, 4, 8))
    assert asked["gif"](tf.constant([], tf.string))["frames"].shape == (0, 4, 8, 8, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="DecodeGif"):
        asked["gif"](tf.constant([b"no GIF"]))
