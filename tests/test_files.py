import json

import pytest

from seqtasks.files import append_json_line, read_json_lines, replacing, write_json, write_json_lines, write_text


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
    for cut in (b'{"c": ', '{"c": "é'.encode()[:-1]):
        whole = path.read_bytes()
        path.write_bytes(whole + cut)
        assert read_json_lines(path) == [{"a": 1}, {"b": "é"}]
        path.write_bytes(whole)


def test_json_lines_keep_line_ends_of_unicode_within_a_row(tmp_path):
    rows = [{"a": "one\u2028two\u0085three\nfour\r"}, {"b": "\x1c"}]
    write_json_lines(tmp_path / "rows.jsonl", rows)
    assert read_json_lines(tmp_path / "rows.jsonl") == rows


def test_text_is_written_as_it_is(tmp_path):
    write_text(tmp_path / "new" / "a.txt", "é\r\nb\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "é\r\nb\n".encode()


def test_values_that_are_not_json_leave_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"é": [1, None]})
    before = path.read_text(encoding="utf-8")
    assert json.loads(before) == {"é": [1, None]}
    assert "é" in before
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    with pytest.raises(TypeError):
        write_json_lines(path, [{"a": 1}, {"a": object()}])
    assert path.read_text(encoding="utf-8") == before
    assert list(tmp_path.iterdir()) == [path]
