import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.architectures.sound_reader import SoundReader
from seqtasks.config import Config
from seqtasks.data.classification import ClassificationPipeline
from seqtasks.data.sound_codec import SoundCodec
from seqtasks.sections import Label, Recurrent, Sound, Training

from .samples import assert_alone_as_together, assert_every_weight_learns, assert_padding_changes_nothing, batch_of

RNG = np.random.default_rng(0)


def config(**inputs):
    sound = Sound(**{"bins": 5, "stack": 3, **inputs})
    return Config(sound, Label(), Recurrent(cell="gru", units=4, dropout=0.0), Training())


def reader(**inputs):
    settings = config(**inputs)
    return SoundReader(settings, SoundCodec(settings.inputs, [12]))


def features(*lengths, steps=12):
    mask = np.arange(steps) < np.array(lengths)[:, None]
    frames = RNG.normal(size=[len(lengths), steps, 5]).astype(np.float32) * mask[:, :, None]
    return {"frames": tf.constant(frames), "mask": tf.constant(mask)}


def test_frames_are_joined_into_steps():
    found = features(12, 7, 0, 1)
    sequences, mask = reader()(found)
    np.testing.assert_allclose(sequences, found["frames"].numpy().reshape(4, 4, 15), atol=1e-6)
    assert mask.numpy().sum(1).tolist() == [4, 3, 0, 1]
    assert (np.diff(mask.numpy().astype(int), axis=1) <= 0).all()


@pytest.mark.parametrize("steps", [12, 13, 14, 1])
def test_any_number_of_frames_makes_whole_steps(steps):
    sequences, mask = reader()(features(steps, 1, steps=steps))
    assert sequences.shape == (2, -(-steps // 3), 15)
    assert mask.numpy().sum(1).tolist() == [-(-steps // 3), 1]


def test_in_training_alone_some_of_it_is_hidden():
    layer, found = reader(time_share=0.5), features(*[12] * 40)
    expected = found["frames"].numpy().reshape(40, 4, 15)
    np.testing.assert_allclose(layer(found)[0], expected, atol=1e-6)
    heard = layer(found, training=True)[0].numpy()
    hidden = heard == 0
    np.testing.assert_allclose(heard[~hidden], expected[~hidden], atol=1e-6)
    assert 0.1 < hidden.mean() < 0.9
    still = reader(time_masks=0, frequency_masks=0)
    np.testing.assert_allclose(still(found, training=True)[0], expected, atol=1e-6)


def test_in_training_alone_sounds_are_stretched():
    layer, found = reader(tempo_change=0.5, time_masks=0, frequency_masks=0), features(*[8] * 40)
    assert layer(found)[1].numpy().sum(1).tolist() == [3] * 40
    sequences, mask = layer(found, training=True)
    assert set(mask.numpy().sum(1)) == {2, 3, 4}
    assert not sequences.numpy()[~mask.numpy()].any()


def test_no_sound_at_all():
    sequences, mask = reader()({"frames": tf.zeros([0, 12, 5]), "mask": tf.zeros([0, 12], tf.bool)})
    assert sequences.shape == (0, 4, 15)
    assert mask.shape == (0, 4)


def classifier(**inputs):
    examples = [
        {"audio": RNG.integers(-9000, 9000, size).astype(np.int16), "label": label}
        for size, label in ((1200, "a"), (500, "b"), (1800, "c"))
    ]
    settings = config(**inputs)
    pipeline = ClassificationPipeline.fit(settings, examples)
    return build_model(settings, pipeline), batch_of(pipeline, examples, length=24)


def test_every_weight_of_a_classifier_learns():
    assert_every_weight_learns(*classifier(), jit_compile=False)


def test_a_classifier_knows_neither_padding_nor_other_sounds():
    model, batch = classifier(time_masks=0, frequency_masks=0, stack=1)
    assert_padding_changes_nothing(model, batch)
    assert_alone_as_together(model, batch)
