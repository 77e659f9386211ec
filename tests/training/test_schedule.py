import numpy as np
import pytest

from seqtasks.errors import UsageError
from seqtasks.sections import Training
from seqtasks.training.schedule import WarmupSchedule, build_optimizer


def rates(decay, warmup=0, total=10, peak=2.0):
    schedule = WarmupSchedule(peak, decay, warmup, total)
    return [float(schedule(step)) for step in range(total + 2)]


def test_constant():
    assert rates("constant") == [2.0] * 12


def test_warmup_rises_to_the_peak_and_its_first_step_learns():
    np.testing.assert_allclose(rates("constant", warmup=4)[:6], [0.5, 1.0, 1.5, 2.0, 2.0, 2.0])


def test_linear_reaches_zero_at_the_end_and_stays_there():
    np.testing.assert_allclose(rates("linear"), [*np.linspace(2, 0, 11), 0], atol=1e-6)


def test_cosine_is_half_way_down_in_the_middle():
    values = rates("cosine")
    np.testing.assert_allclose([values[0], values[5], values[10]], [2, 1, 0], atol=1e-6)
    assert np.all(np.diff(values[:11]) < 0)


def test_decay_starts_after_the_warmup():
    values = rates("linear", warmup=5, total=10)
    np.testing.assert_allclose(values[4:11], [2, 2, 1.6, 1.2, 0.8, 0.4, 0], atol=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamw", "nadam", "sgd"])
def test_every_optimizer_can_be_built(name):
    optimizer = build_optimizer(Training(optimizer=name, learning_rate=0.25), 10)
    assert float(optimizer.learning_rate) == 0.25


def test_weight_decay_needs_adamw():
    with pytest.raises(UsageError, match=r"needs training\.optimizer=adamw.*optimizer=adam, weight_decay=0\.1"):
        build_optimizer(Training(weight_decay=0.1), 10)
    assert build_optimizer(Training(optimizer="adamw", weight_decay=0.1), 10).weight_decay == 0.1
