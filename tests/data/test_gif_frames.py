import numpy as np
import pytest
import tensorflow as tf

from seqtasks.data.gif_frames import decode_gif_frames
from seqtasks.data.video import read_clip, write_clip


@pytest.fixture(scope="module")
def gifs(tmp_path_factory):
    """Contents of GIFs of several sizes and lengths: noise, and a square before a background that stays."""
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 256, (5, 40, 60, 3), np.uint8)
    square = np.full((20, 33, 31, 3), (200, 120, 40), np.uint8)
    for time, frame in enumerate(square):
        frame[time : time + 6, 4:9] = 10 * time
    folder, contents = tmp_path_factory.mktemp("gifs"), []
    for name, clip in (("noise", noise), ("square", square), ("one", noise[:1])):
        write_clip(folder / f"{name}.gif", clip)
        contents.append((folder / f"{name}.gif").read_bytes())
    return contents


@pytest.mark.parametrize(
    ("frames", "size", "channels", "tolerance"),
    [(8, 16, 3, 1.01), (8, 16, 1, 2), (3, (50, 21), 3, 1.01), (20, (33, 31), 3, 1.01)],
)
def test_equal_to_what_is_read_from_files(gifs, frames, size, channels, tolerance):
    decoded, length = decode_gif_frames(tf.constant(gifs), frames, size, channels)
    read = np.stack([read_clip(content, frames, size, channels) for content in gifs])
    assert decoded.dtype == tf.float32
    assert decoded.shape == read.shape
    assert np.abs(decoded - read).max() <= tolerance
    np.testing.assert_array_equal(length, [5, 20, 1])


def test_in_a_saved_model(gifs, tmp_path):
    module = tf.Module()
    module.decode = tf.function(
        lambda gif_bytes: decode_gif_frames(gif_bytes, 4, 8), input_signature=[tf.TensorSpec([None], tf.string)]
    )
    tf.saved_model.save(module, str(tmp_path / "model"))
    decode = tf.saved_model.load(str(tmp_path / "model")).decode
    decoded, length = decode(tf.constant(gifs))
    np.testing.assert_array_equal(decoded, decode_gif_frames(tf.constant(gifs), 4, 8)[0])
    assert decode.concrete_functions[0].structured_outputs[0].shape.as_list() == [None, 4, 8, 8, 3]
    none, length = decode(tf.constant([], tf.string))
    assert none.shape == (0, 4, 8, 8, 3)
    assert length.shape == (0,)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid GIF data"):
        decode(tf.constant([gifs[0], b"GIF89a of no kind"]))


def test_no_gifs():
    frames, length = decode_gif_frames(tf.constant([], tf.string), 4, 8, 1)
    assert frames.shape == (0, 4, 8, 8, 1)
    assert length.shape == (0,)
    with pytest.raises(ValueError, match="Received: 0"):
        decode_gif_frames(tf.constant([], tf.string), 0)
