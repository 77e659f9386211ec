import json
import signal

import numpy as np
import pytest

from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.training import checkpoints
from seqtasks.training.loop import TrainingInterruptedError
from seqtasks.training.progress import SilentProgress

TIMES = ("seconds", "train_seconds", "examples_per_second")


def numbers(history):
    return [{key: value for key, value in record.items() if key not in TIMES} for record in history.epochs]


def test_learns_and_keeps_the_best_epochs_weights(fit):
    history, folder, model = fit(epochs=8)
    assert history.epochs[-1]["loss"] < history.epochs[0]["loss"] / 2
    assert history.best_score == max(record["val_accuracy"] for record in history.epochs) > 0.9
    best = checkpoints.load(folder.best)
    assert best.state["epoch"] == history.best_epoch
    for variable, array in zip(model.variables, best.groups["model"], strict=True):
        np.testing.assert_array_equal(variable.numpy(), array)
    lines = [json.loads(line) for line in folder.metrics.read_text().splitlines()]
    assert lines == history.epochs
    assert list(folder.tensorboard.glob("events.out.tfevents.*"))


def test_keeps_the_last_epochs_weights_where_asked(fit):
    history, _, _ = fit(epochs=6, patience=1, keep="last", learning_rate=1e-30)
    assert history.best_epoch == len(history.epochs) == 6


def test_one_seed_gives_the_same_numbers_twice_and_another_does_not(fit):
    first, second, other = (numbers(fit(name, seed=seed)[0]) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert first == second
    assert first[0]["loss"] != other[0]["loss"]


@pytest.mark.parametrize("jit_compile", [False, True])
def test_resumed_training_is_the_same_as_training_in_one_go(fit, jit_compile):
    options = {"average": 0.9, "schedule": "constant", "warmup_steps": 5, "jit_compile": jit_compile}
    whole, _, whole_model = fit("whole", epochs=4, **options)
    fit("parts", epochs=2, **options)
    resumed, folder, resumed_model = fit("parts", epochs=4, resume=True, **options)
    assert numbers(resumed) == numbers(whole)
    assert len(folder.metrics.read_text().splitlines()) == 4
    for a, b in zip(whole_model.variables, resumed_model.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_resuming_mends_a_metrics_file_ahead_of_the_checkpoint(fit):
    _, folder, _ = fit(epochs=1)
    with open(folder.metrics, "a") as file:
        file.write('{"epoch": 2, "loss": 0.5}\n{"epo')
    history, _, _ = fit(epochs=2, resume=True)
    assert [json.loads(line) for line in folder.metrics.read_text().splitlines()] == history.epochs


def test_resuming_a_finished_run_takes_no_step(fit):
    before, _, _ = fit(epochs=2)
    after, _, _ = fit(epochs=2, resume=True)
    assert after.epochs == before.epochs


def test_stops_early_without_a_better_score(fit):
    history, _, _ = fit(epochs=50, patience=2, learning_rate=1e-30)
    assert len(history.epochs) == 3
    assert history.best_epoch == 1
    # A stopped run stays stopped.
    again, _, _ = fit(epochs=50, patience=2, learning_rate=1e-30, resume=True)
    assert len(again.epochs) == 3


def test_loss_that_is_not_a_number_names_epoch_and_step_and_keeps_the_checkpoint(fit, tiny_model):
    model = tiny_model()

    class Spoil(SilentProgress):
        def epoch_begin(self, epoch, epochs, steps):
            if epoch == 2:
                model.projection.bias.assign([float("nan"), 0.0])

    with pytest.raises(SeqtasksError, match=r"not a finite number in epoch 2, step 1\. .*learning_rate"):
        fit("run", model=model, progress=Spoil())
    state = checkpoints.load(fit("run", epochs=1, resume=True)[1].last)
    assert len(state.state["epochs"]) == 1
    assert all(np.isfinite(array).all() for array in state.groups["model"])


def test_ctrl_c_keeps_the_last_checkpoint_and_says_how_to_go_on(fit):
    whole, _, _ = fit("whole", epochs=3)

    class PressCtrlC(SilentProgress):
        def epoch_begin(self, epoch, epochs, steps):
            if epoch == 2:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(TrainingInterruptedError, match=r"in epoch 2 of 3; .*--resume .*run") as caught:
        fit("run", epochs=3, progress=PressCtrlC())
    assert caught.value.exit_code == 130
    resumed, _, _ = fit("run", epochs=3, resume=True)
    assert numbers(resumed) == numbers(whole)


def test_ctrl_c_in_the_first_epoch_can_be_resumed_too(fit):
    class PressCtrlC(SilentProgress):
        def epoch_begin(self, epoch, epochs, steps):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(TrainingInterruptedError):
        fit("run", progress=PressCtrlC())
    resumed, _, _ = fit("run", resume=True)
    assert numbers(resumed) == numbers(fit("whole")[0])


def test_a_monitor_that_nothing_scores_is_refused(fit):
    with pytest.raises(UsageError, match=r"'val_acuracy'.*Did you mean 'val_accuracy'"):
        fit(monitor="val_acuracy")


def test_a_checkpoint_of_another_model_is_refused(fit, tiny_model):
    _, folder, model = fit(epochs=1)
    checkpoints.save(folder.best, {"model": model.variables[:-1]}, {})
    with pytest.raises(SeqtasksError, match="does not fit the model"):
        checkpoints.load_weights(folder.best, model)


def test_a_damaged_checkpoint_is_named(fit):
    _, folder, model = fit(epochs=1)
    folder.best.write_bytes(folder.best.read_bytes()[:100])
    with pytest.raises(SeqtasksError, match=r"best\.npz is damaged"):
        checkpoints.load_weights(folder.best, model)
