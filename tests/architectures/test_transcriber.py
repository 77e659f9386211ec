import keras
import numpy as np
import pytest
import tensorflow as tf

from seqtasks.architectures import build_model
from seqtasks.config import Config
from seqtasks.data.transcription import TranscriptionPipeline
from seqtasks.sections import Recurrent, Sound, Training, Transcript
from seqtasks.training.step import TrainingStep

from .samples import assert_every_weight_learns, with_padding

RATE = 2000
QUIET = {"time_masks": 0, "frequency_masks": 0}


def tone(text, samples=900):
    """Returns a tone for each letter, one after the other."""
    at = np.arange(samples // len(text)) / RATE
    waves = [np.sin(2 * np.pi * (150 + 200 * "abc".index(letter)) * at) for letter in text]
    return {"audio": (9000 * np.concatenate(waves)).astype(np.int16), "text": text}


EXAMPLES = [tone("ab"), tone("ba"), tone("cab", 1200), tone("c", 400), tone("bc"), tone("acb", 1300)]


def transcriber(inputs=None, **model):
    sound = Sound(**{"sample_rate": RATE, "bins": 10, "window": 0.064, "hop": 0.016, "stack": 2, **(inputs or {})})
    settings = {"cell": "gru", "units": 8, "dropout": 0.0, **model}
    config = Config(sound, Transcript(beam=4), Recurrent(**settings), Training())
    pipeline = TranscriptionPipeline.fit(config, EXAMPLES)
    keras.utils.set_random_seed(3)
    return pipeline, build_model(config, pipeline)


def batch_of(pipeline, examples=EXAMPLES, length=48):
    batch = pipeline.encode(examples).batch(np.arange(len(examples)), length)
    return {name: tf.convert_to_tensor(values) for name, values in batch.items()}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_every_weight_learns(jit_compile):
    pipeline, model = transcriber(layers=2, hidden_units=7)
    assert_every_weight_learns(model, batch_of(pipeline), jit_compile)


def test_padding_changes_nothing():
    pipeline, model = transcriber(QUIET)
    batch = batch_of(pipeline)
    longer = with_padding(batch, steps=4, rows=2)
    longer["labels"] = tf.pad(batch["labels"], [[0, 2], [0, 3]])
    for training in (False, True):
        expected = model.loss_of(batch, training=training).numpy()
        np.testing.assert_allclose(model.loss_of(longer, training=training), expected, rtol=1e-5)
    found, expected = model.outputs_of(longer), model.outputs_of(batch)
    mask = expected["mask"].numpy()
    np.testing.assert_array_equal(found["mask"][: len(mask), : mask.shape[1]], mask)
    np.testing.assert_allclose(
        found["scores"].numpy()[: len(mask), : mask.shape[1]][mask], expected["scores"].numpy()[mask], atol=1e-5
    )


def test_a_row_is_heard_as_if_it_were_alone():
    pipeline, model = transcriber(units=5)
    batch = batch_of(pipeline)
    together = model.outputs_of(batch)
    for i, length in enumerate(tf.reduce_sum(tf.cast(batch["mask"], tf.int32), axis=1).numpy()):
        alone = model.outputs_of({name: batch[name][i : i + 1, :length] for name in ("frames", "mask")})
        steps = int(alone["mask"].numpy().sum())
        np.testing.assert_allclose(alone["scores"][0], together["scores"][i, :steps], atol=1e-5)
        assert steps == int(together["mask"][i].numpy().sum()) == -(-int(length) // 2)


def test_the_loss_is_nats_a_symbol():
    pipeline, model = transcriber(QUIET)
    for weight in model.trainable_variables:
        weight.assign(tf.zeros_like(weight))
    batch = batch_of(pipeline, [tone("c", 400)])
    # All of 5 symbols (the blank among them) are as likely: a `c` for some steps in a row, or in two places.
    steps = int(batch["mask"].numpy().sum() + 1) // 2
    paths = steps * (steps + 1) / 2
    assert float(model.loss_of(batch, training=False)) == pytest.approx(steps * np.log(4) - np.log(paths), rel=1e-4)


def test_frames_are_hidden_in_training_alone():
    pipeline, model = transcriber({"time_share": 0.9, "time_width": 30})
    batch = batch_of(pipeline)
    losses = {float(model.loss_of(batch, training=True)) for _ in range(4)}
    assert len(losses) > 1
    assert len({float(model.loss_of(batch, training=False)) for _ in range(4)}) == 1


def test_members_share_their_scores():
    pipeline, model = transcriber(QUIET, members=2)
    batch = batch_of(pipeline)
    one, other = (member.outputs_of(batch) for member in model.members)
    together = model.outputs_of(batch)
    np.testing.assert_allclose(together["scores"], (one["scores"] + other["scores"]) / 2, atol=1e-5)
    np.testing.assert_array_equal(together["mask"], one["mask"])


def test_it_learns_what_it_hears():
    pipeline, model = transcriber(QUIET, units=16)
    batch = batch_of(pipeline)
    step = TrainingStep(model, keras.optimizers.Adam(0.02), Training(jit_compile=False))
    for _ in range(120):
        step(batch)
    assert step.read()["first_bad_step"] == 0
    outputs = {name: value.numpy() for name, value in model.outputs_of(batch).items()}
    assert pipeline.decode(outputs, {"rows": np.arange(len(EXAMPLES))}) == pipeline.references(EXAMPLES)
