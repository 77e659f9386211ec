"""Features of sounds, computed by TensorFlow ops so that exports carry them."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf


@dataclass(frozen=True)
class LogMel:
    """The logarithm of a sound's energy in frequency bands as wide as the ear's, frame by frame.

    A sound of S samples has just as many frames as it takes to cover it, 1 + ceil((S - window) / hop)
    and one at least; the last frame is filled up with zeros. A frame depends on nothing but the sound
    it belongs to, neither on how far its row is padded nor on what the padding holds.

    Args:
        sample_rate: Samples a second.
        bins: How many frequency bands.
        window: Seconds that a frame looks at.
        hop: Seconds from one frame to the next.
        lowest: Lower end of the lowest band, in hertz.
        highest: Upper end of the highest band; None means half the sample rate.
        floor: Energy that is added before the logarithm is taken, so that silence has one.
        normalize: Bring every band to mean 0 and variance 1 over the frames of an utterance.

    Call args:
        audio: Samples between -1 and 1, float32 `[B, S]`.
        length: Samples of each row that are not padding, int32 `[B]`.

    Returns:
        The features, float32 `[B, T, bins]`, T at least 1, zero beyond a row's frames, and the number
        of frames of each row, int32 `[B]`.

    Raises:
        ValueError: For bands that no frequency of the spectrum falls into, or other impossible values.

    Reference:
        Davis & Mermelstein, Comparison of Parametric Representations for Monosyllabic Word
        Recognition in Continuously Spoken Sentences, IEEE Transactions on ASSP, 1980.
    """

    sample_rate: int = 8000
    bins: int = 40
    window: float = 0.025
    hop: float = 0.010
    lowest: float = 20.0
    highest: float | None = None
    floor: float = 1e-6
    normalize: bool = True

    def __post_init__(self):
        top = self.sample_rate / 2
        if self.bins < 1 or not 0 <= self.lowest < self._top <= top:
            raise ValueError(
                f"at least one band within 0 and {top:g} hertz is needed. Received: bins={self.bins}, "
                f"lowest={self.lowest}, highest={self.highest}"
            )
        if self.hop_samples < 1 or self.window_samples < self.hop_samples or self.floor <= 0:
            raise ValueError(
                f"a window that is no shorter than its hop and a floor above 0 are needed. Received: "
                f"window={self.window}, hop={self.hop}, floor={self.floor}"
            )
        empty = int((self._weights() == 0).all(axis=0).sum())
        if empty:
            raise ValueError(
                f"{empty} of {self.bins} bands are too narrow for a window of {self.window:g} s: make it longer, "
                f"or the bands fewer. Received: bins={self.bins}"
            )

    @property
    def window_samples(self) -> int:
        """Samples that a frame looks at."""
        return round(self.window * self.sample_rate)

    @property
    def hop_samples(self) -> int:
        """Samples from one frame to the next."""
        return round(self.hop * self.sample_rate)

    @property
    def _fft(self) -> int:
        return 1 << (self.window_samples - 1).bit_length()

    @property
    def _top(self) -> float:
        return self.sample_rate / 2 if self.highest is None else self.highest

    def _weights(self) -> np.ndarray:
        return mel_weights(self.bins, self._fft // 2 + 1, self.sample_rate, self.lowest, self._top)

    def frames(self, samples):
        """Returns how many frames sounds have.

        Args:
            samples: Lengths in samples: integers, NumPy's or TensorFlow's. A sound of none has no frame.
        """
        library = tf if tf.is_tensor(samples) else np
        needed = 1 - (self.window_samples - samples) // self.hop_samples
        return library.maximum(library.minimum(samples, 1), needed)

    def __call__(self, audio: tf.Tensor, length: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        length = tf.cast(length, tf.int32)
        samples = audio.shape[1] if audio.shape[1] is not None else tf.shape(audio)[1]
        audio = tf.where(tf.sequence_mask(length, samples), tf.cast(audio, tf.float32), 0.0)
        # Of a batch without a single sample one frame is left, which belongs to nobody.
        needed = (tf if tf.is_tensor(samples) else np).maximum(self.frames(samples), 1)
        covered = (needed - 1) * self.hop_samples + self.window_samples
        audio = tf.pad(audio, [[0, 0], [0, covered - samples]])
        spectrum = tf.signal.stft(audio, self.window_samples, self.hop_samples, self._fft)
        power = tf.math.real(spectrum) ** 2 + tf.math.imag(spectrum) ** 2
        features = tf.math.log(tf.matmul(power, self._weights()) + self.floor)
        frames = self.frames(length)
        if self.normalize:
            return normalize_frames(features, frames), frames
        return features * frame_mask(features, frames), frames


def mel_weights(bins: int, frequencies: int, sample_rate: int, lowest: float, highest: float) -> np.ndarray:
    """Returns how much each frequency of a spectrum counts in each band, float32 `[frequencies, bins]`.

    The bands are triangles that overlap by half, evenly spaced in mel, mel = 1127 ln(1 + hertz / 700).

    Args:
        bins: How many bands.
        frequencies: How many frequencies the spectrum has, from 0 to half the sample rate.
        sample_rate: Samples a second.
        lowest: Lower end of the lowest band, in hertz.
        highest: Upper end of the highest band.
    """
    mel = 1127 * np.log1p(np.linspace(0, sample_rate / 2, frequencies) / 700)
    edges = np.linspace(1127 * np.log1p(lowest / 700), 1127 * np.log1p(highest / 700), bins + 2)
    step = edges[1] - edges[0]
    return np.maximum(0, 1 - np.abs(mel[:, None] - edges[None, 1:-1]) / step).astype(np.float32)


def normalize_frames(features: tf.Tensor, frames: tf.Tensor, epsilon: float = 1e-5) -> tf.Tensor:
    """Brings every feature of each row to mean 0 and variance 1 over its frames, padding left out.

    Args:
        features: float32 `[B, T, D]`.
        frames: Frames of each row, int32 `[B]`.
        epsilon: What is added to the variance; a feature that does not vary becomes 0.

    Returns:
        float32 `[B, T, D]`, zero in padding.
    """
    mask = frame_mask(features, frames)
    count = tf.maximum(tf.reduce_sum(mask, axis=1, keepdims=True), 1.0)
    centred = (features - tf.reduce_sum(features * mask, axis=1, keepdims=True) / count) * mask
    variance = tf.reduce_sum(centred**2, axis=1, keepdims=True) / count
    return centred * tf.math.rsqrt(variance + epsilon)


def stack_frames(features: tf.Tensor, frames: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Joins frames that follow each other into one, so that there are fewer steps.

    Args:
        features: `[B, T, D]`.
        frames: Frames of each row, int32 `[B]`.
        size: How many frames become one. Where a row runs out of frames, zeros take their place.

    Returns:
        `[B, ceil(T / size), size * D]`, zero beyond a row's frames, and the number of frames, int32 `[B]`.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1. Received: {size}")
    if size == 1:
        return features, frames
    features = features * frame_mask(features, frames)
    width = features.shape[2]
    steps = features.shape[1] if features.shape[1] is not None else tf.shape(features)[1]
    features = tf.pad(features, [[0, 0], [0, -steps % size], [0, 0]])
    fewer = -(-steps // size)
    return tf.reshape(features, [tf.shape(features)[0], fewer, size * width]), -(-frames // size)


def frame_mask(features: tf.Tensor, frames: tf.Tensor) -> tf.Tensor:
    """Returns 1 for a row's frames and 0 for padding, `[B, T, 1]` in the features' kind of number."""
    return tf.sequence_mask(frames, tf.shape(features)[1], dtype=features.dtype)[:, :, None]


def decode_wav(contents: tf.Tensor, sample_rate: int | None = None) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes WAV files inside the graph; channels are mixed down to their mean.

    Args:
        contents: Bytes of 16-bit WAV files, string `[B]`; B may be 0.
        sample_rate: Samples a second that they must have; None lets any pass. There is no filter in
            the graph that could bring them to another rate.

    Returns:
        `audio` float32 `[B, S]` between -1 and 1, padded with zeros, and `length` int32 `[B]` in samples.

    Raises:
        tf.errors.InvalidArgumentError: When run on bytes of anything else.
    """

    def decode(content):
        samples, rate = tf.audio.decode_wav(content)
        if sample_rate is not None:
            told = f"expected {sample_rate} samples a second. Bring the sound to that rate. Received:"
            check = tf.debugging.Assert(tf.equal(rate, sample_rate), [told, rate])
            # Eagerly there is nothing to wait for: it has been checked.
            with tf.control_dependencies([check] if check is not None else []):
                samples = tf.identity(samples)
        return tf.reduce_mean(samples, axis=1)

    # The kind of an element must be said for a batch that has none.
    sounds = tf.map_fn(decode, contents, fn_output_signature=tf.RaggedTensorSpec([None], tf.float32, ragged_rank=0))
    return sounds.to_tensor(), tf.cast(sounds.row_lengths(), tf.int32)
