import errno

import pytest

from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.serving.versions import next_version, versions, write_version


def write(folder):
    (folder / "saved_model.pb").write_text("new")


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_numbers_go_on_from_the_largest(tmp_path):
    assert next_version(tmp_path / "missing") == 1
    for name in ("1", "7", "notes", ".writing-1", "-2", "8x", "²"):
        (tmp_path / name).mkdir()
    (tmp_path / "9").write_text("a file is no version")
    assert versions(tmp_path) == [1, 7]
    assert next_version(tmp_path) == 8


def test_writes_the_next_version(tmp_path):
    folder = tmp_path / "exports" / "ner"
    assert write_version(folder, write) == folder / "1"
    assert write_version(folder, write) == folder / "2"
    assert names(folder) == ["1", "2"]
    assert names(folder / "2") == ["saved_model.pb"]


def test_while_writing_the_folder_is_no_version(tmp_path):
    def look(folder):
        assert folder.parent == tmp_path
        assert folder.name.startswith(".")
        assert versions(tmp_path) == []

    write_version(tmp_path, look)


def test_published_folder_is_readable_by_a_server(tmp_path):
    assert write_version(tmp_path, write).stat().st_mode & 0o055 == 0o055


def test_existing_version_needs_force(tmp_path):
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "old").write_text("old")
    with pytest.raises(UsageError, match=r"3 exists.*--force"):
        write_version(tmp_path, write, version=3)
    assert names(tmp_path / "3") == ["old"]
    assert write_version(tmp_path, write, version=3, force=True) == tmp_path / "3"
    assert names(tmp_path / "3") == ["saved_model.pb"]
    assert names(tmp_path) == ["3"]


def test_forced_version_survives_a_failure(tmp_path):
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "old").write_text("old")

    def fail(folder):
        raise RuntimeError("no")

    with pytest.raises(SeqtasksError):
        write_version(tmp_path, fail, version=3, force=True)
    assert names(tmp_path) == ["3"]
    assert names(tmp_path / "3") == ["old"]


@pytest.mark.parametrize("version", [0, -1])
def test_refuses_versions_that_are_no_number_of_a_server(tmp_path, version):
    with pytest.raises(UsageError, match="from 1 on"):
        write_version(tmp_path, write, version=version)


@pytest.mark.parametrize(
    ("error", "message", "exit_code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device.*--export-dir", 1),
        (ValueError("first line\nsecond line"), "ValueError: first line", 1),
        (SeqtasksError("its own words"), "^its own words$", 1),
        (KeyboardInterrupt(), "interrupted", 130),
    ],
)
def test_failure_leaves_nothing_and_says_one_line(tmp_path, error, message, exit_code):
    def fail(folder):
        (folder / "variables").mkdir()
        (folder / "variables" / "half").write_text("half")
        raise error

    with pytest.raises(SeqtasksError, match=message) as caught:
        write_version(tmp_path / "exports" / "ner", fail)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == exit_code
    assert names(tmp_path) == []


def test_failure_leaves_other_exports_alone(tmp_path):
    write_version(tmp_path / "ner", write)

    def fail(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SeqtasksError):
        write_version(tmp_path / "ner", fail)
    assert names(tmp_path / "ner") == ["1"]


def test_number_taken_meanwhile_is_not_overwritten(tmp_path):
    def write_slowly(folder):
        write(folder)
        (tmp_path / "1").mkdir()
        (tmp_path / "1" / "another").write_text("")

    assert write_version(tmp_path, write_slowly) == tmp_path / "2"
    assert names(tmp_path / "1") == ["another"]


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SeqtasksError, match="could not be written"):
        write_version(tmp_path / "file" / "ner", write)
