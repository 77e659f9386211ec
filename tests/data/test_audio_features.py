import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.data.audio import as_float, as_int16, encode_wav
from seqtasks.data.audio_features import LogMel, decode_wav, mel_weights, normalize_frames, stack_frames

SIGNATURE = (tf.TensorSpec([None, None], tf.float32), tf.TensorSpec([None], tf.int32))


def sounds(*lengths, seed=0, padding=0.0):
    audio = np.random.default_rng(seed).normal(0, 0.1, (len(lengths), max(lengths))).astype(np.float32)
    length = np.array(lengths, np.int32)
    audio[np.arange(audio.shape[1]) >= length[:, None]] = padding
    return audio, length


def by_hand(audio, front):
    """Log-mel energies of one sound, a frame at a time in float64."""
    size, hop = front.window_samples, front.hop_samples
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    count = 1 + max(0, -(-(len(audio) - size) // hop))
    padded = np.pad(audio.astype(float), (0, (count - 1) * hop + size - len(audio)))
    fft = 2 ** int(np.ceil(np.log2(size)))
    weights = mel_weights(front.bins, fft // 2 + 1, front.sample_rate, front.lowest, front.sample_rate / 2)
    frames = [padded[i * hop : i * hop + size] * hann for i in range(count)]
    return np.log(np.array([np.abs(np.fft.rfft(frame, fft)) ** 2 @ weights for frame in frames]) + front.floor)


@pytest.mark.parametrize(("rate", "bins"), [(8000, 40), (16000, 80), (16000, 13), (22050, 40)])
def test_the_bands_are_tensorflows(rate, bins):
    frequencies = 1 + (1 << (round(0.025 * rate) - 1).bit_length()) // 2
    theirs = tf.signal.linear_to_mel_weight_matrix(bins, frequencies, rate, 20.0, rate / 2)
    assert np.abs(mel_weights(bins, frequencies, rate, 20.0, rate / 2) - theirs).max() < 1e-4


@pytest.mark.parametrize("samples", [1, 199, 200, 201, 280, 281, 1234])
def test_energies_by_hand(samples):
    front = LogMel(normalize=False)
    audio, length = sounds(samples)
    features, frames = front(audio, length)
    expected = by_hand(audio[0], front)
    assert features.shape == (1, *expected.shape)
    assert frames.numpy().tolist() == [len(expected)]
    assert np.abs(features[0] - expected).max() < 1e-3


def test_the_highest_pitch_is_in_the_highest_band():
    time = np.arange(4000) / 8000
    front = LogMel(bins=24, normalize=False)
    found = []
    for hertz in (200, 800, 2000, 3700):
        audio = 0.3 * np.sin(2 * np.pi * hertz * time).astype(np.float32)[None]
        found.append(int(tf.argmax(tf.reduce_mean(front(audio, [4000])[0][0], axis=0))))
    assert found == sorted(set(found))
    assert found[-1] >= 22


def test_how_many_frames():
    front = LogMel()
    samples = [0, 1, 200, 201, 280, 281, 8000]
    assert front.frames(np.array(samples)).tolist() == [0, 1, 1, 2, 2, 3, 99]
    assert front.frames(tf.constant(samples)).numpy().tolist() == [0, 1, 1, 2, 2, 3, 99]
    assert [int(front.frames(n)) for n in samples] == [0, 1, 1, 2, 2, 3, 99]


@given(st.lists(st.integers(1, 900), min_size=1, max_size=3), st.integers(0, 500), st.sampled_from([0.0, 0.7, np.nan]))
@settings(max_examples=25)
def test_padding_changes_nothing(lengths, more, padding):
    front = LogMel(bins=8)
    audio, length = sounds(*lengths)
    alone = [front(row[None, :samples], [samples]) for row, samples in zip(audio, lengths, strict=True)]
    wide = np.pad(audio, [(0, 0), (0, more)])
    wide[np.arange(wide.shape[1]) >= length[:, None]] = padding
    features, frames = front(wide, length)
    stacked, fewer = stack_frames(features, frames, 3)
    for i, (single, count) in enumerate(alone):
        assert frames[i] == count[0] == single.shape[1]
        # The Fourier transform of a batch of another size may round otherwise.
        assert np.abs(features[i, : frames[i]] - single[0]).max() < 2e-4
        assert not np.any(features[i, frames[i] :])
        joined, steps = stack_frames(single, count, 3)
        assert fewer[i] == steps[0] == joined.shape[1]
        assert np.abs(stacked[i, : fewer[i]] - joined[0]).max() < 2e-4
        assert not np.any(stacked[i, fewer[i] :])


def test_normalized_over_the_frames_of_a_row():
    audio, length = sounds(4000, 900, 1)
    plain, frames = LogMel(normalize=False)(audio, length)
    features, _ = LogMel()(audio, length)
    for i, count in enumerate(frames.numpy()):
        rows = plain[i, :count].numpy().astype(float)
        expected = (rows - rows.mean(0)) / np.sqrt(rows.var(0) + 1e-5)
        assert np.abs(features[i, :count] - expected).max() < 1e-3
    assert not np.any(features[2])
    assert not np.any(normalize_frames(tf.ones([2, 3, 4]), tf.constant([0, 2])))


def test_loudness_does_not_matter_once_normalized():
    audio, length = sounds(4000)
    quiet, loud = (LogMel()(audio * gain, length)[0] for gain in (0.5, 5.0))
    assert np.abs(quiet - loud).max() < 0.02


def test_stacking_by_hand():
    features = tf.reshape(tf.range(20, dtype=tf.float32), [2, 5, 2])
    stacked, frames = stack_frames(features, tf.constant([5, 2]), 2)
    assert stacked.numpy().tolist() == [
        [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 0]],
        [[10, 11, 12, 13], [0, 0, 0, 0], [0, 0, 0, 0]],
    ]
    assert frames.numpy().tolist() == [3, 1]
    assert stack_frames(features, tf.constant([5, 2]), 1)[0] is features
    with pytest.raises(ValueError, match="size must be at least 1"):
        stack_frames(features, tf.constant([5, 2]), 0)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiled_with_any_shape(jit_compile):
    front = LogMel()
    function = tf.function(
        lambda audio, length: stack_frames(*front(audio, length), 3), input_signature=SIGNATURE, jit_compile=jit_compile
    )
    for lengths in ((2000, 777, 1), (300, 0)):
        audio, length = sounds(*lengths)
        expected, steps = stack_frames(*front(audio, length), 3)
        features, frames = function(audio, length)
        assert features.shape == expected.shape
        assert np.abs(features - expected).max() < 1e-4
        assert np.array_equal(frames, steps)


def test_static_shapes_stay_known():
    front = LogMel(bins=24)
    function = tf.function(lambda audio, length: stack_frames(*front(audio, length), 2)[0])
    told = function.get_concrete_function(tf.TensorSpec([None, 1000], tf.float32), tf.TensorSpec([None], tf.int32))
    assert told.structured_outputs.shape.as_list() == [None, 6, 48]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"bins": 0}, "at least one band"),
        ({"lowest": 5000.0}, "at least one band within 0 and 4000 hertz"),
        ({"highest": 5000.0}, "at least one band"),
        ({"bins": 400}, r"of 400 bands are too narrow for a window of 0\.025 s"),
        ({"hop": 0.0}, "a window that is no shorter than its hop"),
        ({"hop": 0.03}, "a window that is no shorter than its hop"),
        ({"floor": 0.0}, "a floor above 0"),
    ],
)
def test_impossible_values(values, message):
    with pytest.raises(ValueError, match=message):
        LogMel(**values)


def test_wav_in_the_graph():
    mono, left, right = sounds(900)[0][0], sounds(500, seed=1)[0][0], sounds(500, seed=2)[0][0]
    contents = [
        encode_wav(mono, 8000),
        encode_wav(np.stack([left, right], axis=1), 8000),
        encode_wav(mono[:0], 8000),
        encode_wav(np.stack([left] * 6, axis=1), 8000),
    ]
    function = tf.function(
        lambda contents: decode_wav(contents, 8000), input_signature=[tf.TensorSpec([None], tf.string)]
    )
    for decode in (decode_wav, function):
        audio, length = decode(tf.constant(contents))
        assert audio.dtype == tf.float32
        assert audio.shape == (4, 900)
        assert length.dtype == tf.int32
        assert length.numpy().tolist() == [900, 500, 0, 500]
        assert np.array_equal(audio[0], as_float(as_int16(mono)))
        assert np.abs(audio[1, :500] - (as_float(as_int16(left)) + as_float(as_int16(right))) / 2).max() < 1e-6
        assert not np.any(audio[1, 500:])
        audio, length = decode(tf.constant([], tf.string, shape=[0]))
        assert audio.shape[0] == length.shape[0] == 0


def test_wav_of_another_rate_or_kind_is_refused():
    function = tf.function(lambda contents: decode_wav(contents, 8000))
    content = encode_wav(sounds(900)[0][0], 16000)
    for decode in (function, lambda contents: decode_wav(contents, 8000)):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"expected 8000 samples a second[\s\S]*16000"):
            decode(tf.constant([content]))
    assert decode_wav(tf.constant([content]))[0].shape == (1, 900)
    with pytest.raises(tf.errors.InvalidArgumentError):
        function(tf.constant([b"of no use"]))


def test_in_a_saved_model(tmp_path):
    class Front(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def wav(self, contents):
            features, frames = LogMel()(*decode_wav(contents, 8000))
            return {"features": features, "frames": frames}

    front = Front()
    tf.saved_model.save(front, str(tmp_path), signatures={"wav": front.wav})
    served = tf.saved_model.load(str(tmp_path)).signatures["wav"]
    audio, length = sounds(2000, 640)
    contents = [encode_wav(row[:samples], 8000) for row, samples in zip(audio, length, strict=True)]
    found = served(contents=tf.constant(contents))
    expected, frames = LogMel()(as_float(as_int16(audio)), length)
    assert np.abs(found["features"] - expected).max() < 1e-3
    assert np.array_equal(found["frames"], frames)
    none = served(contents=tf.constant([], tf.string, shape=[0]))
    assert none["features"].shape == (0, 1, 40)
    assert none["frames"].shape == (0,)
