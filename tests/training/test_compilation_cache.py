import os

import pytest

from seqtasks.training.compilation_cache import enable_compilation_cache


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("TF_XLA_FLAGS", "")
    monkeypatch.delenv("SEQTASKS_COMPILATION_CACHE", raising=False)
    return tmp_path


def test_names_a_folder_of_this_machine(environment):
    enable_compilation_cache()
    (folder,) = (environment / "seqtasks").iterdir()
    assert os.environ["TF_XLA_FLAGS"] == f"--tf_xla_persistent_cache_directory={folder}"


def test_twice_is_once(environment):
    enable_compilation_cache()
    flags = os.environ["TF_XLA_FLAGS"]
    enable_compilation_cache()
    assert os.environ["TF_XLA_FLAGS"] == flags


def test_keeps_other_flags(monkeypatch):
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_clustering_debug")
    enable_compilation_cache()
    assert os.environ["TF_XLA_FLAGS"].startswith("--tf_xla_clustering_debug --tf_xla_persistent_cache_directory=")


def test_leaves_a_cache_of_the_users_alone(monkeypatch):
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_persistent_cache_directory=/elsewhere")
    enable_compilation_cache()
    assert os.environ["TF_XLA_FLAGS"] == "--tf_xla_persistent_cache_directory=/elsewhere"


def test_can_be_turned_off(monkeypatch):
    monkeypatch.setenv("SEQTASKS_COMPILATION_CACHE", "off")
    enable_compilation_cache()
    assert os.environ["TF_XLA_FLAGS"] == ""


def test_a_folder_that_cannot_be_made_turns_it_off(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    enable_compilation_cache()
    assert os.environ["TF_XLA_FLAGS"] == ""
