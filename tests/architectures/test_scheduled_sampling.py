"""In training a network may read what it would have said itself."""

import numpy as np
import pytest
import tensorflow as tf

from .pairs import SIMPLE, sharper, stepped, translator, whole


def sampling(steps=10, share=0.99):
    return translator({"scheduled_sampling": share, "sampling_steps": steps}, **SIMPLE)


def inputs_read(model, batch, monkeypatch):
    """Returns what the decoder reads in a training step, after what it reads to draw from."""
    read, write = [], model._write
    monkeypatch.setattr(
        model, "_write", lambda inputs, *rest, **more: read.append(inputs) or write(inputs, *rest, **more)
    )
    model.loss_of(batch, training=True)
    monkeypatch.undo()
    return [inputs.numpy() for inputs in read]


def test_sampling_begins_as_teacher_forcing():
    pipeline, plain = translator(**SIMPLE)
    _, model = sampling()
    for one, other in zip(model.trainable_variables, plain.trainable_variables, strict=True):
        one.assign(other)
    batch = whole(pipeline)
    assert plain.seen is None
    np.testing.assert_array_equal(model.loss_of(batch, training=True), plain.loss_of(batch, training=True))
    assert model.seen.numpy() == 1
    # Only training counts.
    np.testing.assert_array_equal(model.loss_of(batch, training=False), plain.loss_of(batch, training=False))
    assert model.seen.numpy() == 1


def test_sampling_rises_to_its_share(monkeypatch):
    pipeline, model = sampling(steps=4, share=0.5)
    sharper(model)
    rows = {name: tf.repeat(values, 50, axis=0) for name, values in whole(pipeline).items()}
    right = rows["inputs"].numpy()
    shares = []
    for _ in range(6):
        first, second = inputs_read(model, rows, monkeypatch)
        np.testing.assert_array_equal(first, right)
        np.testing.assert_array_equal(second[:, 0], 2)
        shares.append(np.mean(second != right))
    assert model.seen.numpy() == 6
    assert shares[0] == 0
    assert 0 < shares[1] < shares[2] < shares[3] < shares[4]
    assert shares[4] == pytest.approx(shares[5], rel=0.2)


def test_sampling_reads_what_the_network_would_have_said(monkeypatch):
    pipeline, model = sampling(share=0.999)
    sharper(model)
    # So sure that nothing else is drawn.
    model.target.embeddings.assign(50 * model.target.embeddings)
    model.seen.assign(10)
    batch = whole(pipeline)
    likeliest = stepped(model, batch).argmax(-1)
    _, second = inputs_read(model, batch, monkeypatch)
    mask = batch["target_mask"].numpy()[:, 1:]
    assert np.mean(second[:, 1:][mask] == likeliest[:, :-1][mask]) > 0.9
    assert np.mean(second[:, 1:][mask] == batch["inputs"].numpy()[:, 1:][mask]) < 0.5


def test_how_much_was_seen_is_saved_with_the_weights(tmp_path):
    pipeline, model = sampling()
    for _ in range(3):
        model.loss_of(whole(pipeline), training=True)
    model.save_weights(tmp_path / "model.weights.h5")
    _, again = sampling()
    again.load_weights(tmp_path / "model.weights.h5")
    assert again.seen.numpy() == 3
    assert model.seen.path not in {variable.path for variable in model.trainable_variables}
    batch = whole(pipeline)
    np.testing.assert_array_equal(again.log_probabilities(batch), model.log_probabilities(batch))
