import numpy as np
import pytest
import tensorflow as tf

from .samples import (
    SENTENCES,
    TEXTS,
    answers_after_training,
    assert_alone_as_together,
    assert_every_weight_learns,
    batch_of,
    classifier,
    tagger,
)

MAKERS = {"crf": (tagger, SENTENCES), "classes": (classifier, TEXTS)}


@pytest.mark.parametrize("name", MAKERS)
def test_every_member_learns(name):
    make, examples = MAKERS[name]
    pipeline, model = make(members=2, cell="rnn")
    batch = batch_of(pipeline, examples)
    assert_every_weight_learns(model, batch, jit_compile=False)
    assert_alone_as_together(model, batch)
    losses = [member.loss_of(batch, training=False) for member in model.members]
    assert losses[0] != losses[1]
    np.testing.assert_allclose(model.loss_of(batch, training=False), sum(losses), rtol=1e-6)


def test_scores_are_the_members_mean():
    pipeline, model = classifier(members=3, cell="rnn")
    batch = batch_of(pipeline, TEXTS)
    mean = np.mean([member(batch) for member in model.members], axis=0)
    np.testing.assert_allclose(model(batch), mean, atol=1e-6)
    np.testing.assert_allclose(model.outputs_of(batch)["probabilities"], tf.nn.softmax(mean), atol=1e-6)


def test_taggers_share_one_crf():
    _, model = tagger(members=2, cell="rnn")
    _, single = tagger(cell="rnn")
    transitions = [variable for variable in model.trainable_variables if "transitions" in variable.path]
    assert len(transitions) == 1
    shared = len(model.members[0].crf.trainable_variables)
    assert len(model.trainable_variables) == 2 * len(single.trainable_variables) - shared


def test_an_ensemble_learns_its_sentences():
    pipeline, model = tagger(members=2)
    assert answers_after_training(pipeline, model, SENTENCES) == pipeline.references(SENTENCES)
