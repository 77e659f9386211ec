import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.architectures.streaming import POOLINGS, StreamingClassifier
from seqtasks.config import Config
from seqtasks.data.classification import ClassificationPipeline
from seqtasks.errors import UsageError
from seqtasks.sections import Clip, Label, Recurrent, Training

from .samples import classifier

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 4, 8, 8, 1), np.uint8)


def network(**model):
    keras.utils.set_random_seed(1)
    config = Config(
        Clip(frames=4, frame_size=8, channels=1, filters=(4,), frame_features=5),
        Label(classes=("a", "b", "c")),
        Recurrent(**{"units": 5, "bidirectional": False, "dropout": 0.0, **model}),
        Training(),
    )
    return build_model(config, ClassificationPipeline.fit(config, []))


def streamed(model):
    """Returns the probabilities after each frame, float32 `[T, B, C]`."""
    stream = StreamingClassifier(model)
    state, found = stream.first_state(len(FRAMES)), []
    for time in range(FRAMES.shape[1]):
        probabilities, state = stream.step(tf.constant(FRAMES[:, time]), state)
        found.append(probabilities.numpy())
    return np.stack(found)


def whole(model, frames):
    mask = tf.ones([len(frames), frames.shape[1]], tf.bool)
    return model.outputs_of({"frames": tf.constant(frames), "mask": mask})["probabilities"].numpy()


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", ["rnn", "simplified_gru", "gru", "lstm", "peephole_lstm"])
def test_after_the_last_frame_as_of_the_whole_clip(cell, pooling):
    model = network(cell=cell, pooling=pooling, layers=2, residual=True, hidden_units=4)
    found = streamed(model)
    np.testing.assert_allclose(found[-1], whole(model, FRAMES), atol=1e-5)
    # And before, as of a clip that ends there.
    np.testing.assert_allclose(found[1], whole(model, FRAMES[:, :2]), atol=1e-5)
    assert np.ptp(found, axis=0).min() > 0


def test_members_are_averaged():
    model = network(members=2, cell="gru")
    np.testing.assert_allclose(streamed(model)[-1], whole(model, FRAMES), atol=1e-5)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ({"bidirectional": True}, "reads a sequence from its end too.*-s model.bidirectional=false"),
        ({"pooling": "attention"}, "pooling 'attention' weighs all steps.*one of last, mean, max"),
    ],
)
def test_what_must_see_the_whole_clip_is_refused(model, told):
    with pytest.raises(UsageError, match=told):
        StreamingClassifier(network(**model))


def test_texts_are_refused():
    _, model = classifier(bidirectional=False)
    with pytest.raises(UsageError, match="only clips are read frame by frame"):
        StreamingClassifier(model)
