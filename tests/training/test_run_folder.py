import json

import pytest

from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.training.run_folder import RunFolder, is_export, resolve


def make_run(output_dir, task="ner", name=None):
    folder = RunFolder.create(task, output_dir, name)
    folder.write_config({"task": task})
    return folder


def test_two_runs_in_one_second_get_two_folders_and_latest_is_the_second(tmp_path):
    first, second = make_run(tmp_path), make_run(tmp_path)
    assert first.path != second.path
    assert resolve("ner", tmp_path) == second.path
    assert (tmp_path / "ner" / "latest").resolve() == second.path.resolve()


def test_name_is_part_of_the_folder(tmp_path):
    assert make_run(tmp_path, name="wide").path.name.endswith("-wide")
    for bad in ("a/b", "", ".x"):
        with pytest.raises(UsageError, match="--name"):
            RunFolder.create("ner", tmp_path, bad)


def test_a_run_is_found_by_folder_by_latest_and_by_task(tmp_path):
    run = make_run(tmp_path)
    for way in (run.path, str(run.path), tmp_path / "ner" / "latest", tmp_path / "ner"):
        assert resolve(way, tmp_path).resolve() == run.path.resolve()
    assert resolve("ner", tmp_path) == run.path


def test_without_links_the_newest_folder_is_the_latest(tmp_path):
    for stamp in ("20250101-000000", "20250301-000000", "20250201-000000"):
        folder = RunFolder(tmp_path / "ner" / stamp)
        folder.path.mkdir(parents=True)
        folder.write_config({})
    assert resolve("ner", tmp_path).name == "20250301-000000"


def test_an_export_is_found_by_version_and_by_the_folder_above(tmp_path):
    for version in ("2", "10", "9"):
        (tmp_path / "ner" / version).mkdir(parents=True)
        (tmp_path / "ner" / version / "saved_model.pb").touch()
    assert resolve(tmp_path / "ner").name == "10"
    assert resolve(tmp_path / "ner" / "2").name == "2"
    assert is_export(tmp_path / "ner" / "2")


def test_what_is_missing_is_told_with_what_to_do(tmp_path):
    with pytest.raises(UsageError, match=r"has no run in .* Train one with: seqtasks run ner"):
        resolve("ner", tmp_path)
    with pytest.raises(UsageError, match=r"'nre' is no folder and no task\. Did you mean 'ner'"):
        resolve("nre", tmp_path)
    with pytest.raises(UsageError, match="no such run or export"):
        resolve("runs/ner/none", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"no config\.json.*no saved_model\.pb"):
        resolve(tmp_path / "empty", tmp_path)


def test_a_damaged_config_is_named(tmp_path):
    run = make_run(tmp_path)
    run.config.write_text(json.dumps({"task": "ner"})[:-3])
    with pytest.raises(SeqtasksError, match=r"config\.json is damaged"):
        run.read_config()


def test_a_discarded_run_leaves_nothing_and_latest_is_the_one_before(tmp_path):
    first, second = make_run(tmp_path), make_run(tmp_path)
    second.discard()
    assert resolve("ner", tmp_path) == first.path
    first.discard()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_hold_runs_is_refused(tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(UsageError, match=r"--output-dir .*file is not a folder"):
        RunFolder.check_writable(file / "runs")
    RunFolder.check_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == [file]
