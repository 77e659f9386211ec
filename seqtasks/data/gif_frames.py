"""Frames of encoded GIFs by TensorFlow ops, so that exports can take GIFs as they are."""

import tensorflow as tf

from seqtasks.data.video_formats import check_size


def decode_gif_frames(
    gif_bytes: tf.Tensor, frames: int = 16, size: int | tuple[int, int] = 64, channels: int = 3
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns frames sampled evenly over each GIF.

    They are those that `seqtasks.data.video.read_clip` gives, but for its rounding to whole numbers:
    no value differs by more than 2 of 255. TensorFlow leaves every picture where it was drawn, though,
    also where a GIF asks for it to be cleared (its "disposal"): transparent pictures that move leave
    traces. What a camera took is not transparent.

    A GIF that cannot be decoded fails the whole batch with `tf.errors.InvalidArgumentError`, "Invalid
    GIF data"; TensorFlow Serving answers such a request with INVALID_ARGUMENT (REST: 400) and that text.
    Of one that is cut off, TensorFlow takes the frames that are whole, if there are any, where `read_clip`
    refuses it.

    Args:
        gif_bytes: Contents of GIF files, string `[B]`. Nothing else is decoded, neither PNG nor MP4.
        frames: How many frames to take of each; a GIF that has fewer gives some of them twice.
        size: Height and width of the frames, or one number for both.
        channels: 3 for red, green and blue, or 1 for grey.

    Returns:
        Values from 0 to 255, float32 `[B, frames, height, width, channels]`, and how many frames each
        GIF has itself, int32 `[B]`.
    """
    height, width = check_size(frames, size, channels)

    def decode(content):
        clip = tf.io.decode_gif(content)
        count = tf.shape(clip)[0]
        taken = tf.cast(tf.gather(clip, (2 * tf.range(frames) + 1) * count // (2 * frames)), tf.float32)
        if channels == 1:
            taken = tf.image.rgb_to_grayscale(taken)
        return tf.image.resize(taken, (height, width), antialias=True), count

    signature = tf.TensorSpec([frames, height, width, channels]), tf.TensorSpec([], tf.int32)
    # Told what an element is like, it knows what no elements are like. Few at a time: small files may hold much.
    return tf.map_fn(decode, gif_bytes, fn_output_signature=signature, parallel_iterations=2)
