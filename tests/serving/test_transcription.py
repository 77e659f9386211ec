"""The signatures of a model of speech, and what predicts with them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.config import Config
from seqtasks.data.audio import encode_wav
from seqtasks.data.transcription import TranscriptionPipeline
from seqtasks.errors import UsageError
from seqtasks.sections import Recurrent, Sound, Training, Transcript
from seqtasks.serving.predict import make_predictor
from seqtasks.serving.signatures import build_module
from seqtasks.task import TRANSCRIPTION

RATE, BEAM = 2000, 6
RNG = np.random.default_rng(0)


def noise(samples):
    return RNG.integers(-9000, 9000, samples).astype(np.int16)


SOUNDS = [noise(900), noise(2100), noise(1), noise(0), noise(1500)]


@pytest.fixture(scope="module")
def module():
    inputs = Sound(sample_rate=RATE, bins=6, window=0.064, hop=0.016, stack=4)
    config = Config(inputs, Transcript(beam=BEAM), Recurrent(cell="gru", units=5, dropout=0.0), Training())
    train = [{"audio": noise(2000), "text": "ab a"}, {"audio": noise(1000), "text": "ba"}]
    pipeline = TranscriptionPipeline.fit(config, train)
    keras.utils.set_random_seed(1)
    model = build_model(config, pipeline)
    # Far from even, so that a transcript is more than nothing.
    model.set_weights([3 * RNG.normal(size=weight.shape) for weight in model.get_weights()])
    module = build_module("made", TRANSCRIPTION, config, pipeline, model)
    module.__dict__["config"] = config
    return module


@pytest.fixture(scope="module")
def predictor(module):
    return make_predictor(module.signatures, TRANSCRIPTION, module.__dict__["config"])


def test_the_first_of_many_is_the_transcript(predictor):
    found, ranked = predictor.predict(SOUNDS), predictor.n_best(SOUNDS)
    assert len({one["transcript"] for one in found}) > 2
    for one, many in zip(found, ranked, strict=True):
        assert list(one) == ["file", "transcript", "log_probability"]
        assert {name: many[name] for name in ("file", "transcript")} == {n: one[n] for n in ("file", "transcript")}
        assert many["log_probability"] == pytest.approx(one["log_probability"], abs=1e-4)
        assert many["transcripts"][0] == many["transcript"]
        assert len(many["transcripts"]) == len(many["log_probabilities"]) <= BEAM
        assert many["log_probabilities"] == sorted(many["log_probabilities"], reverse=True)
        assert sum(np.exp(many["log_probabilities"])) <= 1 + 1e-4


def test_a_sound_is_transcribed_as_if_it_were_alone(predictor):
    for sound, expected in zip(SOUNDS, predictor.predict(SOUNDS), strict=True):
        (alone,) = predictor.predict([sound])
        assert alone["transcript"] == expected["transcript"]
        assert alone["log_probability"] == pytest.approx(expected["log_probability"], abs=1e-4)


def test_where_nothing_is_heard_nothing_is_said(predictor):
    (found,) = predictor.n_best([noise(0)])
    assert found == {
        "file": "sound of 0.00 s",
        "transcript": "",
        "log_probability": 0.0,
        "transcripts": [""],
        "log_probabilities": [0.0],
    }


def test_files_say_the_same(module, predictor):
    files = tf.constant([encode_wav(sound, RATE) for sound in SOUNDS])
    answers = module.signatures["wav"](files)
    expected = predictor.predict(SOUNDS)
    assert [text.decode() for text in answers["transcript"].numpy()] == [one["transcript"] for one in expected]
    likely = [one["log_probability"] for one in expected]
    np.testing.assert_allclose(answers["log_probability"], likely, rtol=1e-4, atol=1e-4)


def test_a_file_of_another_rate_is_refused(module):
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected 2000 samples a second"):
        module.signatures["wav"](tf.constant([encode_wav(noise(100), 8000)]))


def test_no_sound_at_all(module, predictor):
    assert predictor.predict([]) == predictor.n_best([]) == []
    for name, signature in module.signatures.items():
        assert all(len(value) == 0 for value in signature(*_nothing(module, name)).values())


def _nothing(module, name):
    specs = module.signatures[name].input_signature
    return [tf.zeros([0] * spec.shape.rank, spec.dtype) for spec in specs]


def test_arguments_have_the_names_that_clients_write(module):
    assert module.signature_inputs("serving_default") == module.signature_inputs("n_best") == ("audio", "length")
    assert module.signature_inputs("wav") == ("wav_bytes",)


def test_other_models_find_one_answer(module, predictor):
    one = make_predictor({"serving_default": None}, TRANSCRIPTION, module.__dict__["config"])
    with pytest.raises(UsageError, match="one answer, not several"):
        one.n_best(SOUNDS)
    with pytest.raises(UsageError, match="texts, not tokens"):
        predictor.predict_tokens([["a"]])
