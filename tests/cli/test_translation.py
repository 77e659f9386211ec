"""The verbs on a run that translates."""

import json
import shutil
import subprocess
import sys

import pytest

from seqtasks.cli import main as cli


@pytest.fixture(scope="module")
def predictor(translation_run):
    from seqtasks.serving.predict import load_predictor

    return load_predictor(translation_run)


@pytest.fixture
def call(monkeypatch, capsys, translation_run, predictor, tmp_path):
    """Runs a verb on the run, loaded once, in an empty folder: `call(verb, *arguments)` gives output lines."""
    from seqtasks.cli import start
    from seqtasks.serving import predict

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(start, "start_tensorflow", lambda: None)
    monkeypatch.setattr(predict, "load_predictor", lambda run, output_dir: predictor)

    def call(verb, *arguments):
        code = cli.main([verb, str(translation_run), *map(str, arguments)])
        captured = capsys.readouterr()
        assert code == 0
        assert all(line.startswith("Note: ") for line in captured.err.splitlines())
        return captured.out.splitlines()

    return call


@pytest.fixture
def run_of(tmp_path):
    """Makes what can be told of a run without its model: `run_of(task, **model)` gives the folder."""
    from seqtasks import registry

    def run_of(task, **model):
        definition, folder = registry.get(task), tmp_path / "runs" / task / "20260101-000000"
        folder.mkdir(parents=True)
        config = definition.config.to_dict()
        config["model"] |= model
        values = {"task": task, "family": definition.family, "config": config}
        (folder / "config.json").write_text(json.dumps(values))
        return folder

    return run_of


@pytest.fixture
def refused(monkeypatch, capsys):
    """Runs a verb that must end before TensorFlow is started: `refused(*arguments)` gives the line it ends with."""
    from seqtasks.cli import start

    def fail():
        raise AssertionError("TensorFlow was started")

    monkeypatch.setattr(start, "start_tensorflow", fail)

    def refused(*arguments):
        code = cli.main([*map(str, arguments)])
        captured = capsys.readouterr()
        assert (code, captured.out) == (2, "")
        assert captured.err.startswith("Error: ")
        assert captured.err.count("\n") == 1
        return captured.err.removeprefix("Error: ").rstrip("\n")

    return refused


def test_translations(call, predictor):
    texts = ["forty two", "", "nine hundred and ninety nine"]
    found = predictor.predict(texts)
    assert call("predict", *texts) == [one["output"] for one in found]
    assert [json.loads(line) for line in call("predict", *texts, "--format", "json")] == found
    assert call("predict", *texts, "--format", "tsv") == [
        f"{one['score']:.6f}\t{one['output']}\t{one['text']}" for one in found
    ]


def test_several_translations(call, predictor):
    (found,) = predictor.n_best(["forty two"])
    assert len(found["outputs"]) == 3
    pairs = list(zip(found["scores"], found["outputs"], strict=True))
    assert call("predict", "forty two", "--n-best") == [f"{score:.3f}  {output}" for score, output in pairs]
    assert [json.loads(line) for line in call("predict", "forty two", "--n-best", "--format", "json")] == [found]
    assert call("predict", "forty two", "--n-best", "--format", "tsv") == [
        f"{score:.6f}\t{output}\tforty two" for score, output in pairs
    ]


@pytest.mark.parametrize("text", ["forty two", "", "caf\udce9 東京 $x$"])
def test_a_picture_of_the_attention(call, predictor, text, tmp_path, recwarn):
    lines = call("predict", text, "--attention", "new/map.png")
    assert lines == [predictor.predict([text])[0]["output"]]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["map.png"]
    assert (tmp_path / "new" / "map.png").read_bytes().startswith(b"\x89PNG")
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]


def test_a_picture_is_replaced_only_by_force(call, refused, translation_run, tmp_path, monkeypatch):
    from seqtasks.cli import start

    picture = tmp_path / "map.png"
    picture.write_bytes(b"kept")
    arguments = ["predict", translation_run, "six", "--attention", "map.png"]
    assert refused(*arguments) == "map.png exists. Replace it with --force"
    assert picture.read_bytes() == b"kept"
    monkeypatch.setattr(start, "start_tensorflow", lambda: None)
    assert cli.main([*map(str, arguments), "--force", "--n-best"]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["six", "--attention", "."], ". is a folder, not a file to write"),
        (["six", "--attention", ""], ". is a folder, not a file to write"),
        (["six", "--attention", "/dev/null/map.png"], "/dev/null is no folder that can be written to"),
        (["six", "two", "--attention", "map.png"], "--attention draws one text. Received: several"),
        (["--attention", "map.png"], "nothing to predict from"),
    ],
)
def test_a_picture_that_cannot_be(refused, translation_run, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in refused("predict", translation_run, *arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("task", "family"), [("ner", "many_to_many"), ("word_lm", "one_to_many")])
@pytest.mark.parametrize("option", [["--n-best"], ["--attention", "map.png"]])
def test_options_of_translation_alone(refused, run_of, task, family, option):
    folder = run_of(task)
    message = refused("predict", folder, "a text", *option)
    do = "translate or transcribe" if option[0] == "--n-best" else "translate"
    assert message == f"{option[0]} is for models that {do}. Received: {folder}, whose family is {family}"


def test_a_model_without_attention_has_no_picture(refused, run_of):
    folder = run_of("translation", attention="none")
    message = refused("predict", folder, "a text", "--n-best", "--attention", "map.png")
    assert message == f"--attention: {folder} has no attention to show. Train one with -s attention=multiplicative"


def test_pairs_are_scored(call, predictor, tmp_path):
    right, wrong = predictor.score(["forty two"] * 2, ["42", "999"])
    assert call("score", "forty two ||| 999", "forty two\t42") == [
        "log P      perplexity  text",
        f"{right['log_probability']:<9.3f}  {right['perplexity']:<10.2f}  forty two ||| 42",
        f"{wrong['log_probability']:<9.3f}  {wrong['perplexity']:<10.2f}  forty two ||| 999",
        f"likeliest: 'forty two ||| 42', by {right['log_probability'] - wrong['log_probability']:.3f} nats "
        "before the next",
    ]
    file = tmp_path / "pairs.tsv"
    file.write_text("forty two\t999\nforty two|||42\n", encoding="utf-8")
    assert [json.loads(line) for line in call("score", "-f", file, "--format", "json", "--details")] == [wrong, right]
    (line,) = call("score", "forty two ||| 42", "--format", "json")
    assert json.loads(line).keys() == {"source", "target", "log_probability", "perplexity", "length"}
    (line,) = call("score", "forty two ||| 42", "--format", "tsv")
    assert line == f"{right['log_probability']:.6f}\t{right['perplexity']:.6f}\tforty two ||| 42"
    lines = call("score", "forty two ||| 42", "--details")
    assert [line.split() for line in lines[2:]] == [
        [f"{value:.3f}", token] for value, token in zip(right["log_probabilities"], ["4", "2", "<EOS>"], strict=True)
    ]


def test_an_empty_target_is_a_pair_too(call):
    (line,) = call("score", "six |||", "--format", "json")
    assert (json.loads(line)["target"], json.loads(line)["length"]) == ("", 1)


@pytest.mark.parametrize("text", ["forty two", "a ||| b ||| c", "a\tb\tc", ""])
def test_what_is_no_pair(refused, translation_run, text):
    message = refused("score", translation_run, "six ||| 6", text)
    shown = repr(" ".join(text.split(" ")))
    assert message == f'a pair is written "SOURCE ||| TARGET", or with a tab between them. Received: {shown}'


def test_evaluate(call, translation_run, tmp_path):
    stored = json.loads((translation_run / "evaluation" / "test.json").read_text())
    rows = (translation_run / "evaluation" / "test.predictions.jsonl").read_text()
    (line,) = call("evaluate", "--format", "json", "--predictions", "found.jsonl")
    assert json.loads(line) == {"split": "test", "examples": 60, **stored}
    assert (tmp_path / "found.jsonl").read_text() == rows


def test_predictions_are_not_written_where_a_folder_is(refused, translation_run, tmp_path):
    message = refused("evaluate", translation_run, "--predictions", tmp_path)
    assert message == f"{tmp_path} is a folder, not a file to write"


def test_inspect_of_a_run(call, translation_run):
    text = "\n".join(call("inspect"))
    for line in ("targets.unit = character", "train: 880 examples, ", "target: ", "exact_match", " Decoder "):
        assert line in text
    stored = json.loads((translation_run / "evaluation" / "test.json").read_text())
    assert f"{stored['exact_match']:.4f}" in text


def test_generate_is_refused(translation_run, predictor, capsys, monkeypatch):
    monkeypatch.setattr("seqtasks.serving.predict.load_predictor", lambda run, **_: predictor)
    assert cli.main(["generate", str(translation_run)]) == 2
    message = f"Error: {translation_run} is no language model. Use predict, or a run of a task such as word_lm\n"
    assert capsys.readouterr().err == message


def test_an_export_tells_what_it_is(refused, tmp_path, run_of):
    folder = tmp_path / "saved_models" / "translation" / "1"
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    run = run_of("translation", attention="none")
    shutil.copy(run / "config.json", folder / "seqtasks.json")
    assert "has no attention to show" in refused("predict", folder, "six", "--attention", tmp_path / "map.png")
    assert "a pair is written" in refused("score", folder, "six")


def test_mistakes_are_found_without_tensorflow(translation_run, tmp_path):
    code = (
        "import sys; from seqtasks.cli.main import main; run = sys.argv[1]; main(['score', run, 'six']); "
        "main(['predict', run, 'six', 'two', '--attention', 'map.png']); print('tensorflow' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(translation_run)]
    done = subprocess.run(command, text=True, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == "False\n"
    assert done.stderr.count("Error: ") == 2
