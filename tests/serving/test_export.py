import contextlib
import json
import resource

import numpy as np
import pytest

from seqtasks.config import Config
from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.serving.export import export
from seqtasks.serving.text_inputs import TextInputs
from seqtasks.serving.verification import trials, verify


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_export_holds_the_model_and_its_description(exported, loaded, module):
    import tensorflow as tf

    parts = {"README.md", "assets", "assets.extra", "fingerprint.pb", "saved_model.pb", "seqtasks.json", "variables"}
    if "tokens" not in module.signatures:  # sentences of different lengths cannot be joined by TF Serving
        parts.add("batching_params.pbtxt")
    assert set(names(exported)) == parts
    description = json.loads((exported / "seqtasks.json").read_text(encoding="utf-8"))
    assert description["task"] == loaded.task.name
    assert description["family"] == loaded.task.family
    assert description["scores"] == {"test": {"accuracy": 0.5}}
    assert Config.from_dict(description["config"]) == loaded.config
    assert description["versions"]["tensorflow"] == tf.__version__
    outputs = {name: sorted(f.get_concrete_function().structured_outputs) for name, f in module.signatures.items()}
    assert {
        name: [output["name"] for output in entry["outputs"]] for name, entry in description["signatures"].items()
    } == outputs
    assert (exported / "README.md").read_text().startswith(f"# {loaded.task.name}\n")
    assert (exported / "assets.extra" / "tf_serving_warmup_requests").stat().st_size > 0


def test_export_stores_used_weights_once(exported, loaded):
    import tensorflow as tf

    stored = [
        shape
        for name, shape in tf.train.list_variables(str(exported / "variables" / "variables"))
        if "_CHECKPOINTABLE" not in name
    ]
    used = [tuple(v.shape) for layer in (loaded.model.embedding, loaded.model.projection) for v in layer.variables]
    assert sorted(map(tuple, stored)) == sorted(used)


def test_versions_follow_each_other(run_of, loaded, tmp_path):
    folder = tmp_path / loaded.task.name
    assert export(run_of, export_dir=tmp_path, verify=False) == folder / "1"
    assert export(run_of, export_dir=tmp_path, verify=False) == folder / "2"
    with pytest.raises(UsageError, match="--force"):
        export(run_of, export_dir=tmp_path, version=2, verify=False)
    assert names(folder) == ["1", "2"]


def test_save_that_fails_leaves_nothing(run_of, loaded, tmp_path, monkeypatch):
    import tensorflow as tf

    save = tf.saved_model.save

    def fill_the_disk(module, path, **options):
        save(module, path, **options)
        raise tf.errors.ResourceExhaustedError(None, None, f"{path}/saved_model.pb; No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", fill_the_disk)
    with pytest.raises(SeqtasksError, match="could not be written: No space left on device\\.") as caught:
        export(run_of, export_dir=tmp_path / "exports")
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == []


def test_disk_that_takes_no_more(run_of, tmp_path):
    with limited_file_size(10_000), pytest.raises(SeqtasksError, match="could not be written: File too large"):
        export(run_of, export_dir=tmp_path / "exports")
    assert names(tmp_path) == []


def test_export_is_not_exported_again(monkeypatch, exported):
    monkeypatch.setattr("seqtasks.training.run_folder.resolve", lambda run, output_dir="runs": exported)
    with pytest.raises(UsageError, match="is an export already"):
        export(exported)


def test_verification_sees_another_answer(exported, module):
    weight = module.weights[0]
    before = weight.numpy()
    try:
        weight.assign(np.flip(before) * 3 + 1)
        with pytest.raises(SeqtasksError, match="gives another"):
            verify(exported, trials(module, TextInputs(), ["Ada lived in London"]), module.signatures)
    finally:
        weight.assign(before)


def test_verification_sees_a_model_that_does_not_load(tmp_path, module):
    with pytest.raises(SeqtasksError, match="does not run in a process that has only TensorFlow"):
        verify(tmp_path, trials(module, TextInputs(), ["Ada"]), module.signatures)


@contextlib.contextmanager
def limited_file_size(size):
    """Makes the operating system refuse to write longer files, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
