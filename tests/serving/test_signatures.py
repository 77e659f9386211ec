import numpy as np
import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.task import MANY_TO_MANY

from .standin import CLASSES, TAGS, TEXTS, make_tagging


def call(module, signature, rows):
    import tensorflow as tf

    function = module.signatures[signature]
    (spec,) = function.input_signature
    tensor = tf.constant(rows, tf.string) if len(rows) else tf.zeros([0] * spec.shape.rank, tf.string)
    return {name: value.numpy() for name, value in function(tensor).items()}


@pytest.fixture
def tagging(loaded, module):
    if loaded.task.family != MANY_TO_MANY:
        pytest.skip("tagging only")
    return module


@pytest.fixture
def classification(loaded, module):
    if loaded.task.family == MANY_TO_MANY:
        pytest.skip("classification only")
    return module


def test_tagging_outputs(tagging):
    rows = len(TEXTS)
    outputs = call(tagging, "serving_default", TEXTS)
    width = int(outputs["length"].max())
    types = {name: (value.dtype.kind, value.shape) for name, value in outputs.items()}
    assert types == {
        "tokens": ("O", (rows, width)),
        "tags": ("O", (rows, width)),
        "scores": ("f", (rows, width)),
        "starts": ("i", (rows, width)),
        "ends": ("i", (rows, width)),
        "length": ("i", (rows,)),
    }
    assert outputs["length"].tolist()[:3] == [6, 0, 0]
    assert width == 700
    for text, length, *row in zip(
        TEXTS, *(outputs[n] for n in ("length", "tokens", "starts", "ends", "tags", "scores")), strict=True
    ):
        tokens, starts, ends, tags, scores = (values[:length] for values in row)
        assert [text.encode()[start:end] for start, end in zip(starts, ends, strict=True)] == tokens.tolist()
        assert {tag.decode() for tag in tags} <= set(TAGS)
        assert ((scores > 0) & (scores <= 1)).all()
        assert all(not values[length:].any() for values in row)


def test_tokens_signature_is_aligned_with_its_input(tagging):
    by_text = call(tagging, "serving_default", ["Ada lived in London", "London"])
    rows = [[b"Ada", b"lived", b"in", b"London", b"", b""], [b"London"] + [b""] * 5, [b""] * 6]
    outputs = call(tagging, "tokens", rows)
    assert set(outputs) == {"tags", "scores", "length"}
    assert outputs["length"].tolist() == [4, 1, 0]
    assert outputs["tags"].shape == outputs["scores"].shape == (3, 6)
    assert outputs["tags"][:2, :4].tolist() == by_text["tags"].tolist()
    np.testing.assert_allclose(outputs["scores"][:2, :4], by_text["scores"], atol=1e-6)
    assert not outputs["tags"][:, 4:].any()


def test_classification_outputs(classification):
    rows = len(TEXTS)
    outputs = call(classification, "serving_default", TEXTS)
    assert outputs["classes"].tolist() == [[name.encode() for name in CLASSES]] * rows
    assert outputs["probabilities"].shape == (rows, 3)
    assert outputs["probabilities"].dtype == outputs["score"].dtype == np.float32
    np.testing.assert_allclose(outputs["probabilities"].sum(axis=1), 1, rtol=1e-5)
    chosen = outputs["probabilities"].argmax(axis=1)
    assert outputs["label"].tolist() == [CLASSES[index].encode() for index in chosen]
    np.testing.assert_array_equal(outputs["score"], outputs["probabilities"].max(axis=1))


@pytest.mark.parametrize("rows", [[], [""], ["", ""], [b"\xff\xfe broken \x80", "fine"], ["a\x00b"]])
def test_any_rows_run(module, rows):
    for name, value in call(module, "serving_default", rows).items():
        assert len(value) == len(rows), name


def test_no_rows_of_tokens(tagging):
    outputs = call(tagging, "tokens", [])
    assert outputs["tags"].shape == (0, 0)
    assert outputs["length"].shape == (0,)


def test_a_row_does_not_depend_on_its_neighbours(module):
    together = call(module, "serving_default", TEXTS)
    for row, text in enumerate(TEXTS):
        for name, value in call(module, "serving_default", [text]).items():
            one, of_all = value[0], together[name][row]
            of_all = of_all[: len(one)] if value.ndim > 1 else of_all
            if value.dtype.kind == "f":
                np.testing.assert_allclose(one, of_all, atol=1e-6)
            else:
                assert np.array_equal(one, of_all), (name, text[:50])


def test_unknown_family_is_refused():
    run = make_tagging()
    from seqtasks.serving.signatures import build_module

    with pytest.raises(
        SeqtasksError, match=r"a tree task cannot be exported\. Known: many_to_many, .*, encoder_decoder"
    ):
        build_module("parsing", "tree", run.config, run.pipeline, run.model)
