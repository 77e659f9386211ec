import io
import json

import pytest

from seqtasks.cli import main as cli
from seqtasks.cli.prediction_format import FORMATS
from seqtasks.errors import RefusedError
from seqtasks.serving.text_inputs import TextInputs

LABELLED = {"text": "a fine\tfilm", "label": "pos", "score": 0.75, "probabilities": {"neg": 0.25, "pos": 0.75}}
TAGGED = {"text": "Ada sang", "tokens": ["Ada", "sang"], "tags": ["B-PER", "O"], "scores": [1.0, 1.0], "entities": []}
TRANSLATED = {"text": "a\tdog", "output": "ein  Hund", "score": -0.5}
SEVERAL = {**TRANSLATED, "outputs": ["ein  Hund", "Hund"], "scores": [-0.5, -1.25], "log_probabilities": [-1.5, -2.5]}


class Echo:
    """Predicts a text's length."""

    raw = TextInputs()

    def predict(self, texts):
        return [{"text": text, "label": str(len(text)), "score": 1.0, "probabilities": {}} for text in texts]


@pytest.fixture
def predict(monkeypatch, capsys, tmp_path):
    """Runs `seqtasks predict RUN ...` without a model: `predict(*arguments, stdin="")` gives the texts predicted."""
    from seqtasks.cli import start
    from seqtasks.serving import predict as serving

    monkeypatch.setattr(serving, "load_predictor", lambda run, output_dir: Echo())
    monkeypatch.setattr(start, "start_tensorflow", lambda: None)
    (tmp_path / "config.json").write_text("{}")

    def predict(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = cli.main(["predict", str(tmp_path), "--format", "json", *map(str, arguments)])
        assert code == 0
        return [json.loads(line)["text"] for line in capsys.readouterr().out.splitlines()]

    return predict


def test_texts_files_and_standard_input_in_their_order(predict, tmp_path):
    file = tmp_path / "texts.txt"
    file.write_text("from a file\r\n\nlast without newline", encoding="utf-8")
    assert predict("one", "-", "two", "--file", file, stdin="x\ny\n") == [
        *("one", "x", "y", "two"),
        *("from a file", "", "last without newline"),
    ]
    assert predict("--file", "-", stdin="x\n") == ["x"]


def test_more_lines_than_are_predicted_at_once(predict):
    assert predict("-", stdin="".join(f"{i}\n" for i in range(1200))) == [str(i) for i in range(1200)]


def test_bytes_that_are_no_utf8_survive(predict, tmp_path):
    file = tmp_path / "latin.txt"
    file.write_bytes("café\n".encode("cp1252"))
    assert predict("--file", file) == ["caf\udce9"]


def test_an_empty_file_gives_nothing(predict):
    assert predict("-", stdin="") == []


def test_formats():
    assert json.loads(FORMATS["json"](LABELLED)) == LABELLED
    assert FORMATS["tsv"](LABELLED) == "pos\t0.750000\ta fine film"
    assert FORMATS["tsv"](TAGGED) == "Ada\tB-PER\nsang\tO\n"
    assert FORMATS["text"](LABELLED).startswith("pos")


def test_formats_of_translations():
    assert json.loads(FORMATS["json"](SEVERAL)) == SEVERAL
    assert FORMATS["tsv"](TRANSLATED) == "-0.500000\tein Hund\ta dog"
    assert FORMATS["tsv"](SEVERAL) == "-0.500000\tein Hund\ta dog\n-1.250000\tHund\ta dog"
    assert FORMATS["text"](TRANSLATED) == "ein  Hund"
    assert FORMATS["text"](SEVERAL) == "-0.500  ein  Hund\n-1.250  Hund"


def test_bytes_that_are_no_utf8_are_escaped_wherever_they_stand():
    for prediction in ({**TRANSLATED, "text": "caf\udce9"}, {**TRANSLATED, "output": "caf\udce9"}):
        line = FORMATS["json"](prediction)
        assert "caf\\udce9" in line
        assert json.loads(line) == prediction
    assert "né" in FORMATS["json"]({**TRANSLATED, "output": "né"})


class Choosy(Echo):
    """Refuses texts of more than five letters."""

    def predict(self, texts):
        refused = {i: "too long" for i, text in enumerate(texts) if len(text) > 5}
        if refused:
            raise RefusedError(refused)
        return super().predict(texts)


@pytest.fixture
def choosy(predict, monkeypatch, tmp_path):
    """Runs `seqtasks predict RUN ...` of a model that refuses what is long, and gives the code."""
    from seqtasks.serving import predict as serving

    monkeypatch.setattr(serving, "load_predictor", lambda run, output_dir: Choosy())
    (tmp_path / "lines.txt").write_text("one\ntoo many letters\ntwo\n")
    (tmp_path / "dna.fa").write_text(">a\nACGT\n\n>b\nACGTA\nCGT\n")
    return lambda *arguments: cli.main(["predict", str(tmp_path), "--format", "tsv", *map(str, arguments)])


def test_what_is_too_long_is_told_with_its_place(choosy, capsys, tmp_path):
    for file, line in (("lines.txt", 2), ("dna.fa", 4)):
        assert choosy("--file", tmp_path / file) == 1
        captured = capsys.readouterr()
        assert captured.err.splitlines()[-1] == f"Error: {tmp_path / file}:{line}: too long"
    assert choosy("one", "many letters") == 1
    assert "'many letters': too long" in capsys.readouterr().err


def test_what_is_too_long_is_left_out_where_that_is_asked(choosy, capsys, tmp_path):
    assert choosy("--file", tmp_path / "lines.txt", "--file", tmp_path / "dna.fa", "--skip-bad-rows") == 0
    captured = capsys.readouterr()
    assert [line.split("\t")[2] for line in captured.out.splitlines()] == ["one", "two", "ACGT"]
    errors = captured.err.splitlines()
    assert errors[:2] == [
        f"Skipped: {tmp_path / 'lines.txt'}:2: too long",
        f"Skipped: {tmp_path / 'dna.fa'}:4: too long",
    ]
    assert errors[2] == "Note: left out 2 of what was given, which the model refuses"
