"""What every registered task must do, whatever it is: a new task file is tested without a new test."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seqtasks.serving.c_api
from seqtasks import registry
from seqtasks.serving.language_signatures import DEFAULTS
from seqtasks.task import MANY_TO_MANY, ONE_TO_MANY

BATCH = 32
TEXTS = ("", "Zoë naïvely paid 3.50 € in 東京 😀.", "A very long text, " * 200)


def few_examples(task):
    """Returns the task with one batch of its built-in training split, and few other examples."""

    def builtin(seed):
        splits = task.sources.builtin(seed)
        return {name: rows[: BATCH if name == "train" else BATCH // 2] for name, rows in splits.items()}

    return dataclasses.replace(task, sources=dataclasses.replace(task.sources, builtin=builtin))


@dataclasses.dataclass
class Trained:
    """A task after one training step, and its export."""

    task: object
    result: object
    export: Path


@pytest.fixture(scope="module", params=registry.names())
def trained(request, tmp_path_factory):
    import seqtasks

    folder = tmp_path_factory.mktemp(request.param)
    settings = {"training.epochs": 1, "training.batch_size": BATCH, "training.jit_compile": False}
    get = registry.get
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "get", lambda name: few_examples(get(name)))
        patch.chdir(folder)
        result = seqtasks.run(request.param, settings=settings, skip_bad_rows=True, quiet=True)
        export = seqtasks.export(result.folder)
        yield Trained(get(request.param), result, folder / export)


@pytest.fixture(scope="module")
def predicted(trained):
    """Predictions of the reloaded run."""
    import seqtasks

    return seqtasks.predict(trained.result.folder, inputs_of(trained))


def inputs_of(trained) -> list[str]:
    return [*trained.task.serving_examples, *TEXTS]


def request_of(trained, rows) -> dict:
    """Returns the arguments of `serving_default`: the rows, and for a language model how each is to go on."""
    if trained.task.family != ONE_TO_MANY:
        return {"text": rows}
    wishes = {**DEFAULTS, "seed": 0}
    arguments = {name: [value] * len(rows) for name, value in wishes.items()}
    return {"prompt": rows, **arguments, "seed": list(range(len(rows)))}


def test_no_task_file_is_broken():
    assert registry.broken() == []


@pytest.mark.parametrize("name", registry.names())
def test_definition(name):
    task = registry.get(name)
    assert task.description.endswith(".")
    assert len(task.serving_examples) > 0
    assert task.config_for("builtin") != task.config
    first, again, other = (task.sources.builtin(seed) for seed in (1, 1, 2))
    assert set(first) == {"train", "validation", "test"}
    assert first == again
    assert first != other
    assert all(len(rows) >= 100 for rows in first.values())


def test_one_training_step(trained):
    (epoch,) = trained.result.history
    assert np.isfinite(epoch["loss"])
    assert trained.task.monitor in epoch
    assert set(trained.result.scores) == {"validation", "test"}
    assert (trained.result.folder / "checkpoints" / "best.npz").is_file()


def test_reloaded_run_predicts_as_before(trained, predicted):
    samples = trained.result.samples
    assert len(samples) == len(trained.task.serving_examples)
    for before, after in zip(samples, predicted, strict=False):
        assert_alike(before, after)


def test_reloaded_run_scores_as_before(trained):
    import seqtasks

    scores = seqtasks.evaluate(trained.result.folder).scores
    assert scores == pytest.approx(trained.result.scores["test"], abs=1e-6)


def test_predictions(trained, predicted):
    for text, prediction in zip(inputs_of(trained), predicted, strict=True):
        if trained.task.family == ONE_TO_MANY:
            assert prediction["prompt"] == text
            assert prediction["text"].startswith(text)
            assert prediction["log_probability"] < 0
            continue
        assert prediction["text"] == text
        if trained.task.family == MANY_TO_MANY:
            assert len(prediction["tokens"]) == len(prediction["tags"]) == len(prediction["scores"])
            assert bool(prediction["tokens"]) == bool(text)
        else:
            assert sum(prediction["probabilities"].values()) == pytest.approx(1, abs=1e-4)


def test_export_predicts_the_same(trained, predicted):
    import seqtasks

    for here, there in zip(predicted, seqtasks.predict(trained.export, inputs_of(trained)), strict=True):
        assert_alike(here, there)


def test_bare_process_answers_the_same(trained, predicted):
    from seqtasks.serving.verification import run_bare

    requests = [("serving_default", request_of(trained, rows)) for rows in (inputs_of(trained), [])]
    answers, nothing = run_bare(trained.export, requests)
    assert_answers(trained, predicted, answers)
    assert not any(nothing.values())


def test_c_api_answers_the_same(trained, predicted):
    program = (
        "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__'); "
        "sys.exit(any(n.split('.')[0] in ('tensorflow', 'keras', 'seqtasks') for n in sys.modules))"
    )
    process = subprocess.run(
        [
            sys.executable,
            "-c",
            program,
            seqtasks.serving.c_api.__file__,
            str(trained.export),
            "serving_default",
            "--json",
        ],
        input=json.dumps(request_of(trained, inputs_of(trained))),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert_answers(trained, predicted, json.loads(process.stdout))


def assert_alike(here, there):
    """Asserts that two predictions agree: exactly but for the rounding of scores."""
    assert set(here) == set(there)
    for name, value in here.items():
        if name == "entities":
            assert [{**e, "score": None} for e in value] == [{**e, "score": None} for e in there[name]]
        elif name in ("scores", "score", "probabilities", "log_probability"):
            assert there[name] == pytest.approx(value, rel=1e-5, abs=1e-5)
        else:
            assert there[name] == value


def assert_answers(trained, predicted, answers):
    """Asserts that a signature's outputs say what `predict` says."""
    for row, prediction in enumerate(predicted):
        if trained.task.family == MANY_TO_MANY:
            length = answers["length"][row]
            assert answers["tokens"][row][:length] == prediction["tokens"]
            assert answers["tags"][row][:length] == prediction["tags"]
            assert answers["scores"][row][:length] == pytest.approx(prediction["scores"], abs=1e-5)
        elif trained.task.family == ONE_TO_MANY:
            assert answers["text"][row] == prediction["text"]
            assert answers["finished"][row] == prediction["finished"]
            assert answers["log_probability"][row] == pytest.approx(prediction["log_probability"], rel=1e-5)
        else:
            assert answers["label"][row] == prediction["label"]
            probabilities = dict(zip(answers["classes"][row], answers["probabilities"][row], strict=True))
            assert probabilities == pytest.approx(prediction["probabilities"], abs=1e-5)
