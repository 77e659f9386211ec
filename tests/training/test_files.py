import pytest

from seqtasks.training.files import append_json_line, read_json_lines, replacing, write_json_lines


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write():
        with replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_made_and_the_new_file_replaces_the_old(tmp_path):
    path = tmp_path / "new" / "a.txt"
    for text in ("one", "two"):
        with replacing(path) as temporary:
            temporary.write_text(text)
    assert path.read_text() == "two"


def test_json_lines_leave_out_a_line_that_was_cut_off(tmp_path):
    path = tmp_path / "rows.jsonl"
    assert read_json_lines(path) == []
    write_json_lines(path, [{"a": 1}])
    append_json_line(path, {"b": "é"})
    with open(path, "a") as file:
        file.write('{"c": ')
    assert read_json_lines(path) == [{"a": 1}, {"b": "é"}]
