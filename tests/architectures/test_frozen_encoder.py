import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.config import Config
from seqtasks.data.classification import ClassificationPipeline
from seqtasks.errors import UsageError
from seqtasks.sections import Clip, Label, Recurrent, Training

FRAMES = np.random.default_rng(0).integers(0, 256, (4, 3, 8, 8, 3), np.uint8)
ROWS = [{"frames": frames, "label": label} for frames, label in zip(FRAMES, "abab", strict=True)]


def save_encoder(path, pooled=True):
    """Writes a small network with what must not change in training: batch normalization and dropout."""
    layers = [
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(5, 3, strides=2),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.5),
    ]
    pooling = [keras.layers.GlobalAveragePooling2D()] if pooled else []
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers, *pooling])
    model.save(path)
    return model


def built(path, **inputs):
    config = Config(
        Clip(**{"frames": 3, "frame_size": 8, "frame_features": 4, "encoder": str(path), **inputs}),
        Label(),
        Recurrent(units=3, dropout=0.0),
        Training(),
    )
    pipeline = ClassificationPipeline.fit(config, ROWS)
    return pipeline, build_model(config, pipeline)


@pytest.mark.parametrize("pooled", [True, False])
def test_frames_are_read_by_the_saved_model(tmp_path, pooled):
    encoder = save_encoder(tmp_path / "encoder.keras", pooled)
    _, model = built(tmp_path / "encoder.keras")
    reader = model.reader
    found = encoder(FRAMES[0].astype(np.float32)).numpy()
    expected = reader.projection(found if pooled else found.mean(axis=(1, 2)))
    features = {"frames": tf.constant(FRAMES), "mask": tf.ones([4, 3], tf.bool)}
    for training in (False, True):
        np.testing.assert_allclose(reader(features, training=training)[0][0], expected, rtol=1e-5, atol=1e-6)


def test_its_weights_stay_as_they_are(tmp_path):
    save_encoder(tmp_path / "encoder.keras")
    pipeline, model = built(tmp_path / "encoder.keras")
    frozen = {id(variable) for variable in model.reader.encoder.network.variables}
    assert frozen
    assert frozen <= {id(variable) for variable in model.variables}
    assert not frozen & {id(variable) for variable in model.trainable_variables}
    # A run keeps it, whatever becomes of the file.
    pipeline.save(tmp_path / "vocabulary")
    (tmp_path / "encoder.keras").unlink()
    again = ClassificationPipeline.load(pipeline.config, tmp_path / "vocabulary")
    network = build_model(pipeline.config, again).reader.encoder.network
    # The seeds of its dropout, which never applies, are its own each time it is loaded.
    for one, other in zip(model.reader.encoder.network.weights, network.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_cannot_be_used_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"inputs.encoder .*none.keras: no such file"):
        built(tmp_path / "none.keras")
    (tmp_path / "broken.keras").write_bytes(b"broken")
    with pytest.raises(UsageError, match=r"inputs.encoder .*broken.keras cannot be used"):
        built(tmp_path / "broken.keras")
    save_encoder(tmp_path / "colour.keras")
    with pytest.raises(UsageError, match=r"inputs.encoder .*colour.keras cannot be used"):
        built(tmp_path / "colour.keras", channels=1)
    keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Lambda(lambda x: x[:, 0])]).save(tmp_path / "l.keras")
    with pytest.raises(UsageError, match=r"inputs.encoder .*l.keras cannot be used"):
        built(tmp_path / "l.keras")
    keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Reshape((8, 24))]).save(tmp_path / "rows.keras")
    with pytest.raises(UsageError, match=r"must give vectors, or maps of them. Received: \(1, 8, 24\)"):
        built(tmp_path / "rows.keras")
