import numpy as np
import pytest
import tensorflow as tf

from seqtasks.data.audio import as_float, encode_wav
from seqtasks.data.sound_codec import SoundCodec
from seqtasks.errors import UsageError
from seqtasks.sections import Sound

INPUTS = Sound(bins=8, stack=2)
MEANS, SCALE = [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0], 2.5


def examples(*lengths, seed=0):
    rng = np.random.default_rng(seed)
    return [{"audio": rng.integers(-9000, 9000, size, dtype=np.int16)} for size in lengths]


def graph_of(sounds, function="features", inputs=INPUTS):
    """Returns the frames that the graph computes of each sound, all of them in one batch."""
    graph = SoundCodec(inputs, [8], MEANS, SCALE).graph()
    name = "wav" if function == "features_of_wav" else "serving_default"
    compiled = tf.function(getattr(graph, function), input_signature=list(graph.requests()[name].specs))
    if name == "wav":
        found = compiled(tf.constant([encode_wav(sound["audio"], inputs.sample_rate) for sound in sounds], tf.string))
    else:
        audio = np.ones([len(sounds), max((len(sound["audio"]) for sound in sounds), default=0) + 50], np.float32)
        for row, sound in zip(audio, sounds, strict=True):
            row[: len(sound["audio"])] = as_float(sound["audio"])
        found = compiled(audio, np.array([len(sound["audio"]) for sound in sounds], np.int32))
    return found


@pytest.mark.parametrize("function", ["features_of_samples", "features_of_wav"])
@pytest.mark.parametrize("normalize", ["level", "bands"])
def test_an_export_computes_what_training_does(function, normalize):
    sounds, inputs = examples(4000, 1, 0, 810, 8123), Sound(bins=8, stack=2, normalize=normalize)
    encoded = SoundCodec(inputs, [8], MEANS, SCALE).encode(sounds)
    found = graph_of(sounds, function, inputs)
    frames, mask = found["frames"].numpy(), found["mask"].numpy()
    np.testing.assert_array_equal(mask.sum(1), encoded.lengths)
    assert encoded.lengths.tolist() == [49, 1, 0, 9, 101]
    np.testing.assert_allclose(frames[mask], encoded.steps["frames"], atol=1e-4)
    assert not frames[~mask].any()


def test_many_sounds_are_encoded_in_parts_and_come_back_in_order(monkeypatch):
    sounds = examples(*np.random.default_rng(1).integers(1, 3000, 30))
    together = SoundCodec(INPUTS, [8]).encode(sounds)
    monkeypatch.setattr("seqtasks.data.sound_codec.SAMPLES_AT_ONCE", 5000)
    in_parts = SoundCodec(INPUTS, [8]).encode(sounds)
    np.testing.assert_array_equal(in_parts.splits, together.splits)
    np.testing.assert_allclose(in_parts.steps["frames"], together.steps["frames"], atol=1e-5)


def test_nothing_to_encode():
    encoded = SoundCodec(INPUTS, [8]).encode([])
    assert len(encoded) == 0
    assert encoded.steps["frames"].shape == (0, 8)
    assert graph_of([])["frames"].shape == (0, 1, 8)


def test_lengths_make_whole_steps_and_are_saved_with_what_was_measured(tmp_path):
    codec = SoundCodec.fit(INPUTS, examples(800, 4000, 12000))
    assert all(length % INPUTS.stack == 0 for length in codec.lengths)
    assert max(codec.lengths) >= 149
    codec.save(tmp_path)
    assert vars(SoundCodec.load(INPUTS, tmp_path)) == vars(codec)


def test_what_is_usual_is_taken_out():
    sounds = examples(8000, 16000)
    codec = SoundCodec.fit(INPUTS, sounds)
    frames = codec.encode(sounds).steps["frames"]
    np.testing.assert_allclose(frames.mean(axis=0), 0, atol=1e-3)
    assert frames.std() == pytest.approx(1, abs=0.05)


def test_loudness_does_not_count_and_colour_does():
    codec = SoundCodec.fit(INPUTS, examples(8000, 16000))
    noise = np.random.default_rng(1).normal(size=8000)
    loud, quiet, dark = (
        {"audio": np.round(sound).astype(np.int16)} for sound in (6000 * noise, 600 * noise, 60 * noise.cumsum())
    )
    encoded = codec.encode([loud, quiet, dark])
    first, second, third = np.split(encoded.steps["frames"], encoded.splits[1:-1])
    np.testing.assert_allclose(first, second, atol=0.05)
    assert third.mean(axis=0)[0] - third.mean(axis=0)[-1] > 1
    assert abs(first.mean(axis=0)[0] - first.mean(axis=0)[-1]) < 0.3
    # Each band of each sound for itself, its colour is gone.
    alone = SoundCodec.fit(Sound(bins=8, stack=2, normalize="bands"), [loud]).encode([dark]).steps["frames"]
    np.testing.assert_allclose(alone.mean(axis=0), 0, atol=1e-3)


def test_silence_can_be_measured_too():
    silence = [{"audio": np.zeros(8000, np.int16)}]
    codec = SoundCodec.fit(INPUTS, silence)
    assert codec.scale == 1
    np.testing.assert_allclose(codec.encode(silence).steps["frames"], 0, atol=1e-4)


def test_steps_are_those_that_the_network_reads():
    assert SoundCodec(INPUTS, [8]).steps(examples(0, 1, 810, 8123)).tolist() == [0, 1, 5, 51]


def test_a_length_beyond_the_row_is_its_end():
    graph, audio = SoundCodec(INPUTS, [8]).graph(), np.ones([2, 500], np.float32)
    far, end = (graph.features(audio, np.array(length, np.int32)) for length in ([9999, -3], [500, 0]))
    np.testing.assert_array_equal(far["mask"], end["mask"])
    np.testing.assert_array_equal(far["frames"], end["frames"])


def test_a_wav_file_of_another_rate_is_refused():
    content = encode_wav(np.zeros(1600, np.int16), 16_000)
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected 8000 samples a second"):
        SoundCodec(INPUTS, [8]).graph().features_of_wav(tf.constant([content]))


@pytest.mark.parametrize("function", ["features_of_samples", "features_of_wav"])
def test_one_long_sound_among_short_ones_is_refused_before_they_are_padded(function):
    sounds, inputs = examples(8000, 10, 10), Sound(bins=8, sample_rate=1000, most_seconds=20)
    with pytest.raises(tf.errors.InvalidArgumentError, match="3 rows, padded to the 8 seconds of row 0, at most 20"):
        graph_of(sounds, function, inputs)
    assert graph_of(sounds[:2], function, inputs)["mask"].shape[0] == 2
    # Training may read what nobody may send.
    assert len(SoundCodec(inputs, [8], MEANS, SCALE).encode(sounds).lengths) == 3


def test_impossible_bands_are_told_in_one_line():
    with pytest.raises(UsageError, match=r"inputs: .*too narrow"):
        SoundCodec.fit(Sound(bins=200), examples(800))
