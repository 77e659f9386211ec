"""Ours and Keras's, on a shape that takes no time."""

import numpy as np
import pytest
from seqtasks.benchmarks import cases, fit, tensorflow_variants
from seqtasks.benchmarks.cases import Case


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setitem(cases.SHAPES, "S1", (4, 3, 2, 5))


@pytest.mark.parametrize("layer", cases.LAYERS)
def test_ours_and_kerass_agree(layer):
    # Building our variant holds both to the same outputs and gradients.
    calls = tensorflow_variants.variants(Case(layer, "S1", mask=True))
    (last_gradient,) = calls["seqtasks"]()()
    (kerass,) = calls["keras"]()()
    assert last_gradient.shape == kerass.shape


def test_what_does_not_agree_is_not_timed(monkeypatch):
    monkeypatch.setitem(tensorflow_variants.KERAS, "LSTM", tensorflow_variants.KERAS["LinearLSTM"])
    with pytest.raises(AssertionError, match="differ by"):
        tensorflow_variants.variants(Case("LSTM", "S1"))["seqtasks"]()


def test_exports_give_the_same_numbers():
    case = Case("LSTM", "S1", "portable", bidirectional=True, layers=2, mask=True)
    outputs = [build()() for build in tensorflow_variants.variants(case).values()]
    np.testing.assert_allclose(*outputs, atol=1e-5)


def test_fit_times_both_models(monkeypatch):
    for name, value in {"WORDS": 20, "WIDTH": 3, "LENGTH": 4, "BATCH": 2, "_JIT": (False,)}.items():
        monkeypatch.setattr(fit, name, value)
    times = fit.measure(steps=2, rounds=1)
    assert set(times) == {"seqtasks jit_compile=False", "keras jit_compile=False"}
    assert all(values["median"] > 0 for values in times.values())
