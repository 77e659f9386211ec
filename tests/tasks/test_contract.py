"""What every registered task must do, whatever it is: a new task file is tested without a new test."""

import dataclasses
import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seqtasks.serving.c_api
from seqtasks import registry
from seqtasks.serving.language_signatures import DEFAULTS
from seqtasks.serving.raw_inputs import raw_inputs
from seqtasks.serving.rows import dense
from seqtasks.serving.verification import plain
from seqtasks.task import ENCODER_DECODER, MANY_TO_MANY, ONE_TO_MANY, TRANSCRIPTION

BATCH, LETTERS = 32, 400
TEXTS = ("", "Zoë naïvely paid 3.50 € in 東京 😀.", "A very long text, " * 200)
SETTINGS = {"training.epochs": 1, "training.batch_size": BATCH, "training.jit_compile": False}
# After one step a translation ends nowhere, and every beam search would go on to the limit.
SHORT = {"targets.max_length": 24}
# What a `TranslationPredictor` calls its signatures.
METHODS = {"serving_default": "predict", "n_best": "n_best", "score": "score", "attention": "alignments"}


def few_examples(task):
    """Returns the task with one batch of its built-in training split, and few other examples."""

    def builtin(seed):
        splits = task.sources.builtin(seed)
        return {name: [*map(short, rows[: BATCH if name == "train" else BATCH // 2])] for name, rows in splits.items()}

    return dataclasses.replace(task, sources=dataclasses.replace(task.sources, builtin=builtin))


def short(example: dict) -> dict:
    """Returns the beginning of a long text that has a tag for every letter, as DNA has; else the example."""
    if not isinstance(example.get("tags"), str):
        return example
    return example | {"text": example["text"][:LETTERS], "tags": example["tags"][:LETTERS]}


@dataclasses.dataclass
class Trained:
    """A task after one training step, its export, and what the export answered in a process of its own: to the requests
    of its verification, which try every signature, and to ours."""

    task: object
    result: object
    export: Path
    verified: list
    answers: list


@pytest.fixture(scope="module", params=registry.names())
def trained(request, tmp_path_factory):
    import seqtasks
    from seqtasks.serving import loading, signatures, verification

    folder = tmp_path_factory.mktemp(request.param)
    get, run_bare, verified, answers = registry.get, verification.run_bare, [], []
    task = get(request.param)

    def run_bare_with_ours(path, requests):
        """Lets the process that verifies the export answer our requests too."""
        ours = [*requests_of(task).items(), ("serving_default", arguments_of(task, []))]
        found = run_bare(path, [*requests, *ours])
        verified.extend(zip(requests, found, strict=False))
        answers.extend(found[len(requests) :])
        return found[: len(requests)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "get", lambda name: few_examples(get(name)))
        patch.chdir(folder)
        settings = SETTINGS | (SHORT if task.family == ENCODER_DECODER else {})
        result = seqtasks.run(request.param, settings=settings, skip_bad_rows=True, quiet=True)
        # The run is loaded once, and its functions traced once, for all that is asked of it.
        patch.setattr(loading, "load_run", functools.cache(loading.load_run))
        patch.setattr(signatures, "build_module", built_once(signatures.build_module))
        patch.setattr(verification, "run_bare", run_bare_with_ours)
        export = seqtasks.export(result.folder)
        yield Trained(task, result, folder / export, verified, answers)


def built_once(build_module):
    """Returns the function with a memory: a model has one module."""
    modules = {}

    def build(name, family, config, pipeline, model, *options):
        if id(model) not in modules:
            modules[id(model)] = build_module(name, family, config, pipeline, model, *options)
        return modules[id(model)]

    return build


@pytest.fixture(scope="module")
def predicted(trained):
    """Predictions of the reloaded run."""
    import seqtasks

    return seqtasks.predict(trained.result.folder, inputs_of(trained.task))


def inputs_of(task) -> list:
    raw = raw_inputs(task.config_for("builtin"))
    return [*task.serving_inputs(), *(TEXTS if raw.key == "text" else raw.hard)]


def requests_of(task) -> dict[str, dict]:
    """Returns the signatures to try, and their arguments."""
    rows = inputs_of(task)
    requests = {"serving_default": arguments_of(task, rows)}
    if task.family == ENCODER_DECODER:
        pairs = {"source": rows, "target": [*rows[-2::-1], ""]}
        requests |= {"n_best": {"text": rows}, "score": pairs, "attention": pairs}
    return requests


def arguments_of(task, rows) -> dict:
    """Returns the arguments of `serving_default`: the rows, and for a language model how each is to go on."""
    if task.family != ONE_TO_MANY:
        raw = raw_inputs(task.config_for("builtin"))
        given = raw.arguments("serving_default", [raw.load(row) for row in rows])
        return plain({name: dense(values) for name, values in given.items()})
    wishes = {**DEFAULTS, "seed": 0}
    arguments = {name: [value] * len(rows) for name, value in wishes.items()}
    return {"prompt": rows, **arguments, "seed": list(range(len(rows)))}


def test_no_task_file_is_broken():
    assert registry.broken() == []


@pytest.mark.parametrize("name", registry.names())
def test_definition(name):
    task = registry.get(name)
    assert task.description.endswith(".")
    assert len(task.serving_inputs()) > 0
    assert task.config_for("builtin") != task.config
    first, again, other = (task.sources.builtin(seed) for seed in (1, 1, 2))
    assert set(first) == {"train", "validation", "test"}
    assert same(first, again)
    assert not same(first, other)
    assert all(len(rows) >= 100 for rows in first.values())


def same(one, other):
    """Returns whether examples are equal, arrays among them."""
    if isinstance(one, dict):
        return set(one) == set(other) and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return np.array_equal(one, other)


def test_one_training_step(trained):
    (epoch,) = trained.result.history
    assert np.isfinite(epoch["loss"])
    assert trained.task.monitor in epoch
    assert set(trained.result.scores) == {"validation", "test"}
    assert (trained.result.folder / "checkpoints" / "best.npz").is_file()


def test_reloaded_run_predicts_as_before(trained, predicted):
    samples = trained.result.samples
    assert len(samples) == len(trained.task.serving_inputs())
    for before, after in zip(samples, predicted, strict=False):
        assert_alike(before, after)


def test_reloaded_run_scores_as_before(trained):
    import seqtasks

    scores = seqtasks.evaluate(trained.result.folder).scores
    assert scores == pytest.approx(trained.result.scores["test"], abs=1e-6)


def test_predictions(trained, predicted):
    raw = raw_inputs(trained.task.config_for("builtin"))
    for text, prediction in zip(inputs_of(trained.task), predicted, strict=True):
        if trained.task.family == ONE_TO_MANY:
            assert prediction["prompt"] == text
            assert prediction["text"].startswith(text)
            assert prediction["log_probability"] < 0
            continue
        assert prediction[raw.key] == raw.show(raw.load(text))
        if trained.task.family == TRANSCRIPTION:
            assert set(prediction) == {raw.key, "transcript", "log_probability"}
            assert prediction["log_probability"] <= 0
        elif trained.task.family == ENCODER_DECODER:
            assert set(prediction) == {"text", "output", "score"}
            assert type(prediction["output"]) is str
            assert text or not prediction["output"]
            assert prediction["score"] <= 0
        elif trained.task.family == MANY_TO_MANY:
            assert len(prediction["tokens"]) == len(prediction["tags"]) == len(prediction["scores"])
            assert bool(prediction["tokens"]) == bool(text)
        else:
            assert sum(prediction["probabilities"].values()) == pytest.approx(1, abs=1e-4)


def test_export_predicts_the_same(trained, predicted):
    import seqtasks

    for here, there in zip(predicted, seqtasks.predict(trained.export, inputs_of(trained.task)), strict=True):
        assert_alike(here, there)


def test_bare_process_answers_the_same(trained, predicted):
    *answers, nothing = trained.answers
    assert_answers(trained, predicted, answers)
    assert nothing
    assert not any(nothing.values())


def test_c_api_answers_the_same(trained, predicted):
    program = """
import json, runpy, sys
_, script, export = sys.argv
module = runpy.run_path(script)
model = module["SavedModel"](export)
for signature, arguments in json.load(sys.stdin):
    outputs = model.run(signature, **arguments)
    print(json.dumps({name: module["_plain"](array.tolist()) for name, array in outputs.items()}))
sys.exit(any(name.split(".")[0] in ("tensorflow", "keras", "seqtasks") for name in sys.modules))
"""
    requests = [*requests_of(trained.task).items(), *(request for request, _ in trained.verified)]
    process = subprocess.run(
        [sys.executable, "-c", program, seqtasks.serving.c_api.__file__, str(trained.export)],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    answers = [*map(json.loads, process.stdout.splitlines())]
    assert_answers(trained, predicted, answers[: -len(trained.verified)])
    for (request, there), here in zip(trained.verified, answers[-len(trained.verified) :], strict=True):
        assert set(here) == set(there)
        for name, values in there.items():
            assert_close(here[name], values, f"{name} of {str(request)[:200]}")


def test_report_is_whole(trained):
    folder, report = trained.result.folder, (trained.result.folder / "report.md").read_text()
    pictures = re.findall(r"!\[.+\]\((.+)\)", report)
    assert "learning_curves.png" in pictures
    assert ("attention.png" in pictures) == (trained.task.family == ENCODER_DECODER)
    assert sorted(pictures) == sorted(file.name for file in folder.glob("*.png"))
    assert (folder / "samples.txt").read_text() in report
    for split in ("validation", "test"):
        assert (folder / "evaluation" / f"{split}.predictions.jsonl").read_text().count("\n") >= 1


def assert_close(here, there, what):
    """Asserts that two nested lists agree: exactly but for the rounding of numbers."""
    flat = np.ravel(np.array(there, dtype=object))
    if len(flat) and not isinstance(flat[0], str):
        np.testing.assert_allclose(here, there, rtol=1e-4, atol=1e-4, err_msg=what)
    else:
        assert here == there, what


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
    """Asserts that the outputs of the signatures of `requests_of` say what `predict` says."""
    if trained.task.family == ENCODER_DECODER:
        for signature, outputs in zip(requests_of(trained.task), answers, strict=True):
            assert_translated(trained, signature, outputs)
        return
    (answers,) = answers
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
        elif trained.task.family == TRANSCRIPTION:
            assert answers["transcript"][row] == prediction["transcript"]
            assert answers["log_probability"][row] == pytest.approx(prediction["log_probability"], rel=1e-4, abs=1e-4)
        else:
            assert answers["label"][row] == prediction["label"]
            probabilities = dict(zip(answers["classes"][row], answers["probabilities"][row], strict=True))
            assert probabilities == pytest.approx(prediction["probabilities"], abs=1e-5)


def assert_translated(trained, signature, outputs):
    """Asserts that a signature's outputs say what the predictor of the reloaded run does."""
    from seqtasks.serving.predict import load_predictor

    ask = getattr(load_predictor(trained.result.folder), METHODS[signature])
    for row, expected in enumerate(ask(*requests_of(trained.task)[signature].values())):
        found = {name: values[row] for name, values in outputs.items()}
        if signature == "attention":
            length, width = expected.weights.shape
            assert found["source_tokens"][:width] == expected.source
            assert found["target_tokens"][:length] == expected.target
            assert np.array(found["weights"])[:length, :width] == pytest.approx(expected.weights, abs=1e-5)
            continue
        for name, value in found.items():
            if isinstance(value, list):  # the rest is padding, or no translation
                value = value[: len(expected[name])]
            close = not isinstance(np.ravel(value)[0], str)
            assert value == (pytest.approx(expected[name], rel=1e-5, abs=1e-5) if close else expected[name])
