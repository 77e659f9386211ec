"""A stand-in run of each family, its serving module and its export."""

import pytest

from .standin import make_classification, make_tagging


@pytest.fixture(scope="session", params=["tagging", "classification"])
def loaded(request, tmp_path_factory):
    """A loaded run of each family."""
    run = make_tagging() if request.param == "tagging" else make_classification()
    run.folder = tmp_path_factory.mktemp("runs") / "20240101-000000"
    (run.folder / "evaluation").mkdir(parents=True)
    (run.folder / "evaluation" / "test.json").write_text('{"accuracy": 0.5}', encoding="utf-8")
    return run


@pytest.fixture(scope="session")
def module(loaded):
    """The serving module of `loaded`."""
    from seqtasks.serving.signatures import build_module

    return build_module(loaded.task.name, loaded.task.family, loaded.config, loaded.pipeline, loaded.model)


@pytest.fixture(scope="session")
def exported(loaded, tmp_path_factory):
    """The folder of `loaded`'s export, verified."""
    from seqtasks.serving.export import save

    folder = tmp_path_factory.mktemp("export")
    save(loaded, folder)
    return folder


@pytest.fixture
def run_of(monkeypatch, loaded):
    """Makes `export` and `predict` find `loaded` under the name `"some-run"`."""
    monkeypatch.setattr("seqtasks.training.run_folder.resolve", lambda run, output_dir="runs": loaded.folder)
    monkeypatch.setattr("seqtasks.serving.loading.load_run", lambda folder: loaded)
    return "some-run"
