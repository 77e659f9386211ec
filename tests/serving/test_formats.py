import dataclasses
import json
import sys

import numpy as np
import pytest

from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.serving import formats, litert_format
from seqtasks.serving.formats import convert, write


def untrained(folder, name, **settings):
    """Returns a loaded run of a registered task with weights as they are drawn."""
    import keras

    from seqtasks import registry
    from seqtasks.architectures import build_model
    from seqtasks.serving.loading import LoadedRun, pipeline_class

    keras.utils.set_random_seed(1)
    task = registry.get(name)
    config = task.config_for("builtin").override({"model.units": 4, **settings})
    pipeline = pipeline_class(task.family, config.targets).fit(config, task.sources.builtin(0)["train"][:50])
    (folder / "vocabulary").mkdir(parents=True)
    (folder / "vocabulary" / "words.txt").write_text("the words")
    return LoadedRun(folder, task, config, pipeline, build_model(config, pipeline), "builtin")


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("runs") / "20260101-000000", "sentiment")


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    settings = {"inputs.character_embedding_size": 3, "inputs.character_units": 3, "inputs.affixes": False}
    return untrained(tmp_path_factory.mktemp("runs") / "20260101-000000", "ner", **settings)


_SHARED = {}


def _shared(networks_of, loaded):
    if id(loaded) not in _SHARED:
        _SHARED[id(loaded)] = loaded, list(networks_of(loaded))
    return _SHARED[id(loaded)][1]


@pytest.fixture(autouse=True)
def traced_once(monkeypatch):
    """Lets tests share what is traced of a run's network."""
    from seqtasks.serving import network

    networks_of = network.networks_of
    monkeypatch.setattr(network, "networks_of", lambda loaded: _shared(networks_of, loaded))


@pytest.fixture
def echo(monkeypatch):
    """A format whose files answer as the network itself, plus `echo.error`."""

    class Echo:
        error, failure = 0.0, None

        def to_bytes(self, function):
            if self.failure:
                raise self.failure
            self.function = function
            return b"bytes"

        def run(self, content):
            assert content == b"bytes"

            def run(inputs):
                names = [spec.name for spec in self.function.input_signature]
                found = self.function(*(inputs[name] for name in names))
                return {name: value.numpy() + self.error for name, value in found.items()}

            return run

    echo = Echo()
    monkeypatch.setitem(formats.FORMATS, "echo", formats._Format("Echo", "txt", lambda: None, echo.to_bytes, echo.run))
    return echo


def test_network_of_a_classifier_becomes_litert(classifier, tmp_path):
    result = write(classifier, "litert", tmp_path / "out")
    assert result.file == tmp_path / "out" / "network.tflite"
    assert result.takes == "features"
    assert result.difference["probabilities"] < 1e-6
    assert result.inputs > 4
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "network.json",
        "network.tflite",
        "vocabulary",
    ]
    check_examples(tmp_path / "out", classifier)


def test_network_of_a_tagger_becomes_litert(tagger, tmp_path):
    result = write(tagger, "litert", tmp_path / "out")
    assert result.difference["tags"] == 0
    assert result.difference["scores"] < 1e-5
    check_examples(tmp_path / "out", tagger)


def check_examples(folder, loaded):
    """Runs the file as a program would that knows no more than what stands in its folder."""
    description = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    assert description["task"] == loaded.task.name
    signature = litert_format.load((folder / "network.tflite").read_bytes())
    assert len(description["examples"]) == len(loaded.task.serving_inputs())
    for example in description["examples"]:
        inputs = {
            tensor["name"]: np.array(example["inputs"][tensor["name"]], tensor["dtype"])
            for tensor in description["inputs"]
        }
        found = signature(inputs)
        assert set(found) == {tensor["name"] for tensor in description["outputs"]}
        for name, value in example["outputs"].items():
            np.testing.assert_allclose(found[name], value, atol=1e-5)
        if "probabilities" in found:
            assert found["probabilities"].shape == (1, len(description["labels"]))


@pytest.mark.parametrize("which", ["classifier", "tagger"])
def test_what_is_compared_is_the_exported_model(which, request, echo, tmp_path):
    from seqtasks.serving.signatures import build_module

    loaded = request.getfixturevalue(which)
    assert all(value < 1e-5 for value in write(loaded, "echo", tmp_path / "out").difference.values())
    (first, *_) = json.loads((tmp_path / "out" / "network.json").read_text(encoding="utf-8"))["examples"]
    module = build_module(loaded.task.name, loaded.task.family, loaded.config, loaded.pipeline, loaded.model)
    import tensorflow as tf

    answer = module.signatures["serving_default"](tf.constant([first["given"]]))
    if which == "classifier":
        np.testing.assert_allclose(first["outputs"]["probabilities"], answer["probabilities"], atol=1e-6)
    else:
        names = [tag.decode() for tag in answer["tags"].numpy()[0]]
        labels = json.loads((tmp_path / "out" / "network.json").read_text(encoding="utf-8"))["labels"]
        assert [labels[tag] for tag in first["outputs"]["tags"][0]] == names


@pytest.mark.parametrize(("error", "message"), [(0.01, "are 0.01 off; nothing was written"), (np.nan, "are nan off")])
def test_answers_that_differ_are_refused(classifier, echo, tmp_path, error, message):
    echo.error = error
    with pytest.raises(SeqtasksError, match=rf"'sentiment': as Echo its probabilities {message}"):
        write(classifier, "echo", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_converter_that_fails_is_told_in_a_line(classifier, echo, tmp_path):
    echo.failure = ValueError("  \nloc(fused[x]): error: 'tf.Strange' op is not known\nmore\n")
    with pytest.raises(
        SeqtasksError, match=r"'sentiment': the network cannot become Echo: 'tf.Strange' op is not known$"
    ):
        write(classifier, "echo", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_file_that_does_not_run_is_told_in_a_line(classifier, echo, monkeypatch, tmp_path):
    def run(inputs):
        raise RuntimeError("axis == 1 was false\nin Mul")

    monkeypatch.setattr(echo, "run", lambda content: run)
    monkeypatch.setitem(formats.FORMATS, "echo", dataclasses.replace(formats.FORMATS["echo"], load=echo.run))
    with pytest.raises(SeqtasksError, match=r"cannot become Echo: axis == 1 was false$"):
        write(classifier, "echo", tmp_path / "out")


def test_clips_go_in_raw_where_the_format_can(echo, tmp_path):
    loaded = untrained(tmp_path / "run", "video")
    assert write(loaded, "echo", tmp_path / "raw").takes == "raw"
    description = json.loads((tmp_path / "raw" / "network.json").read_text(encoding="utf-8"))
    assert description["inputs"][-1] == {"name": "length", "dtype": "int32", "shape": [1]}
    to_bytes = echo.to_bytes

    def refuse_raw(function):
        if function.input_signature[-1].name == "length":
            raise ValueError("no raw input")
        return to_bytes(function)

    formats.FORMATS["echo"] = dataclasses.replace(formats.FORMATS["echo"], convert=refuse_raw)
    assert write(loaded, "echo", tmp_path / "features").takes == "features"
    description = json.loads((tmp_path / "features" / "network.json").read_text(encoding="utf-8"))
    assert [tensor["name"] for tensor in description["inputs"]] == ["frames", "mask"]


def test_a_folder_is_replaced_whole(classifier, echo, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("")
    write(classifier, "echo", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    assert not (tmp_path / "out" / "old").exists()


def make_run(folder, family):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"family": family, "task": "x"}))
    return folder


def test_what_is_refused_before_anything_is_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = make_run(tmp_path / "run", "many_to_one")
    (tmp_path / "export" / "1").mkdir(parents=True)
    (tmp_path / "export" / "1" / "saved_model.pb").touch()
    with pytest.raises(UsageError, match=r"unknown format 'onx'\. Did you mean 'onnx'\?"):
        convert(run, "onx", "out")
    with pytest.raises(UsageError, match=r"is an export.* Give the run's folder or the task"):
        convert("export/1", "litert", "out")
    with pytest.raises(UsageError, match="Train one with: seqtasks run ner"):
        convert("ner", "litert", "out")
    with pytest.raises(UsageError, match=r"run exists\. Replace it with --force"):
        convert(run, "litert", run)
    for family in ("one_to_many", "encoder_decoder", "transcription"):
        with pytest.raises(SeqtasksError, match=f"a {family} model cannot become LiteRT: .*seqtasks export"):
            convert(make_run(tmp_path / family, family), "litert", "out")
    assert not (tmp_path / "out").exists()


def test_missing_packages_are_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(SeqtasksError, match=r'ONNX needs more packages: .* pip install "seqtasks\[onnx\]"'):
        convert(make_run(tmp_path / "run", "many_to_one"), "onnx", tmp_path / "out")


@pytest.fixture
def onnx():
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    pytest.importorskip("tf2onnx", reason="tf2onnx is not installed")


@pytest.mark.filterwarnings("ignore")  # of what the converter calls
def test_network_of_a_classifier_becomes_onnx(onnx, classifier, tmp_path):
    result = write(classifier, "onnx", tmp_path / "out")
    assert result.file.name == "network.onnx"
    assert result.difference["probabilities"] < 1e-6


@pytest.mark.filterwarnings("ignore")
def test_what_reads_backward_becomes_onnx(onnx, tmp_path):
    settings = {"inputs.character_embedding_size": 3, "inputs.character_units": 3, "inputs.affixes": False}
    result = write(
        untrained(tmp_path / "run", "ner", **settings, **{"model.head": "softmax"}), "onnx", tmp_path / "out"
    )
    assert max(result.difference.values()) < 1e-6


@pytest.mark.filterwarnings("ignore")
def test_a_crf_does_not_become_onnx(onnx, tagger, tmp_path):
    with pytest.raises(SeqtasksError, match=r"cannot become ONNX: .*train with -s head=softmax, or take litert"):
        write(tagger, "onnx", tmp_path / "out")
    assert not list(tmp_path.iterdir())
