import io
import json

import pytest

from seqtasks.cli import generate as generate_module
from seqtasks.cli import main as cli
from seqtasks.errors import RefusedError, UsageError
from seqtasks.serving import language, scoring
from seqtasks.serving.predict import Predictor
from seqtasks.task import MANY_TO_ONE

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


class Counter:
    """Goes on by counting, to nine at most, and remembers what it was asked for."""

    def __init__(self):
        self.asked = []

    def generate(self, prompts, **wishes):
        self.asked.append((list(prompts), wishes))
        length = wishes["max_length"]
        return [
            {
                "prompt": prompt,
                "text": " ".join([prompt, *WORDS[:length]]).strip(),
                "log_probability": -1.5,
                "finished": length > len(WORDS),
            }
            for prompt in prompts
        ]


def by_length(run, texts, output_dir):
    """Finds shorter texts likelier."""
    return [
        {
            "text": text,
            "log_probability": -float(len(text)),
            "perplexity": 2.0,
            "length": 2,
            "tokens": ["a\n", "<EOS>"],
            "log_probabilities": [-0.5, 0.5 - len(text)],
        }
        for text in texts
    ]


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Runs a verb with `tmp_path` as its run: `call(verb, *arguments, stdin="")` gives code, output and errors."""
    from seqtasks.cli import start

    monkeypatch.setattr(start, "start_tensorflow", lambda: None)
    (tmp_path / "config.json").write_text('{"family": "one_to_many"}')

    def call(verb, *arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = cli.main([verb, str(tmp_path), *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def generate(call, monkeypatch):
    """Runs `seqtasks generate` without a model: `generate(*arguments)` gives the output and what was asked for."""

    def generate(*arguments):
        counter = Counter()
        monkeypatch.setattr(language, "load_language_predictor", lambda run, **options: counter)
        code, output, errors = call("generate", *arguments)
        assert (code, errors) == (0, "")
        return output, counter.asked

    return generate


@pytest.fixture
def score(call, monkeypatch):
    """Runs `seqtasks score` without a model: `score(*arguments, stdin="")` gives the lines of the output."""
    monkeypatch.setattr(scoring, "score", by_length)

    def score(*arguments, stdin=""):
        code, output, errors = call("score", *arguments, stdin=stdin)
        assert (code, errors) == (0, "")
        return output.splitlines()

    return score


def test_what_is_asked_for(generate):
    options = ["--length", "3", "--temperature", "0.5", "--top-k", "4", "--top-p", "0.9", "--seed", "-7"]
    output, asked = generate("--prompt", "a", "--prompt", "b", "--count", 2, *options)
    wishes = {"max_length": 3, "temperature": 0.5, "top_k": 4, "top_p": 0.9, "seed": -7}
    assert asked == [(["a", "a", "b", "b"], wishes)]
    assert output == "a zero one two\n" * 2 + "b zero one two\n" * 2
    output, asked = generate()
    assert asked == [([""], {"max_length": 50, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "seed": 0})]
    assert output == " ".join(WORDS) + "\n"


def test_generated_as_json(generate):
    output, _ = generate("--prompt", "naïve", "--length", 2, "--format", "json")
    assert json.loads(output) == {
        "prompt": "naïve",
        "text": "naïve zero one",
        "log_probability": -1.5,
        "finished": False,
    }


@pytest.mark.parametrize("allowed", [False, True])
def test_unknown_is_written_only_on_demand(call, monkeypatch, allowed, tmp_path):
    seen = []
    monkeypatch.setattr(language, "load_language_predictor", lambda run, **options: seen.append(options) or Counter())
    call("generate", "--output-dir", tmp_path, *["--allow-unk"] * allowed)
    assert seen == [{"output_dir": str(tmp_path), "allow_unknown": allowed}]


@pytest.mark.parametrize("length", [0, 1, 8, 9, 50])
def test_a_text_grows_on_a_terminal_into_the_same(generate, monkeypatch, length):
    whole, _ = generate("--prompt", "from", "--length", length)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    output, asked = generate("--prompt", "from", "--length", length)
    assert output == whole
    assert [wishes["max_length"] for _, wishes in asked] == {0: [0], 1: [1], 8: [8], 9: [8, 9], 50: [8, 16]}[length]


def test_a_character_is_not_shown_before_its_last_byte(monkeypatch, capsys):
    text = "ab😀東né".encode()

    class Bytes:
        def generate(self, prompts, max_length, **_):
            written = text[:max_length].decode("utf-8", "surrogateescape")
            return [{"text": written, "finished": max_length > len(text)}]

    monkeypatch.setattr(generate_module, "FIRST_PART", 1)
    shown = []
    monkeypatch.setattr(generate_module.click, "echo", lambda part="", nl=True: shown.append(part))
    for length in range(1, 20):
        shown.clear()
        generate_module._stream(Bytes(), [""], {"max_length": length})
        assert "".join(shown) == text[:length].decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate", "--temperature", "-1"], "--temperature"),
        (["generate", "--temperature", "nan"], "temperature must be at least 0. Received: nan"),
        (["generate", "--top-p", "1.5"], "--top-p"),
        (["generate", "--top-k", "-1"], "--top-k"),
        (["generate", "--length", "-1"], "--length"),
        (["generate", "--count", "0"], "--count"),
        (["generate", "--seed", "1.5"], "--seed"),
        (["generate", "--seed", str(2**31)], "seed must be at least -2147483647"),
        (["generate", "--format", "tsv"], "'tsv' is not one of"),
        (["score"], "nothing to score. Give texts, --file FILE, or -"),
        (["score", "a", "--format", "xml"], "'xml' is not one of"),
        (["score", "--file", "none.txt"], "--file none.txt: No such file"),
    ],
)
def test_usage_errors_end_with_2_and_one_line(call, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(language, "load_language_predictor", lambda run, **_: language.LanguagePredictor({}))
    code, output, errors = call(*arguments)
    assert (code, output) == (2, "")
    assert message in errors
    assert errors.startswith("Error: ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("verb", [["generate"], ["score", "a"]])
def test_what_is_no_language_model_is_told_in_one_line(call, monkeypatch, verb):
    def refuse(run, **_):
        raise UsageError(f"{run} is no language model. Use predict")

    monkeypatch.setattr(language, "load_language_predictor", refuse)
    monkeypatch.setattr("seqtasks.serving.predict.load_predictor", lambda run, **_: Predictor({}, MANY_TO_ONE))
    code, output, errors = call(*verb)
    assert (code, output) == (2, "")
    message = "is no language model. Use predict\n" if verb == ["generate"] else "gives no probabilities of texts. "
    assert message in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize("verb", [["generate"], ["score", "a"]])
def test_a_run_that_is_not_there(capsys, tmp_path, verb):
    assert cli.main([verb[0], str(tmp_path / "none"), *verb[1:]]) == 2
    assert "no such run" in capsys.readouterr().err


def test_readings_are_ranked(score):
    assert score("pear", "a", "the pair") == [
        "log P      perplexity  text",
        "-1.000     2.00        a",
        "-4.000     2.00        pear",
        "-8.000     2.00        the pair",
        "likeliest: 'a', by 3.000 nats before the next",
    ]
    assert score("pear", "pair")[-1] == "equally likely: 'pear' and 'pair'"
    assert score("one") == ["log P      perplexity  text", "-3.000     2.00        one"]


def test_what_comes_from_files_keeps_its_order(score, tmp_path):
    file = tmp_path / "texts.txt"
    file.write_text("from a file\n\nbe", encoding="utf-8")
    for lines in (
        score("--file", file),
        score("-", stdin="from a file\n\nbe\n"),
        score("from a file", "-", stdin="\nbe"),
    ):
        assert [line[23:] for line in lines] == ["text", "from a file", "", "be"]
    texts = [json.loads(line)["text"] for line in score("x", "-", "-f", file, "--format", "json", stdin="y\n")]
    assert texts == ["x", "y", "from a file", "", "be"]


def test_scores_as_json(score):
    (line,) = score("né", "--format", "json")
    assert json.loads(line) == {"text": "né", "log_probability": -2.0, "perplexity": 2.0, "length": 2}
    (line,) = score("né", "--format", "json", "--details")
    assert json.loads(line) == by_length("", ["né"], "")[0]


def test_scores_as_tsv(score):
    assert score("b\tb", "a", "--format", "tsv") == ["-3.000000\t2.000000\tb b", "-1.000000\t2.000000\ta"]


def test_details_are_a_line_a_symbol(score):
    assert score("abc", "--details") == [
        "log P      perplexity  text",
        "-3.000     2.00        abc",
        "     -0.500  a\\n",
        "     -2.500  <EOS>",
    ]


def test_text_that_is_no_utf8_is_shown(score, tmp_path):
    file = tmp_path / "latin.txt"
    file.write_bytes("café\n".encode("cp1252"))
    assert score("--file", file)[1].endswith("caf?")
    assert json.loads(score("--file", file, "--format", "json")[0])["text"] == "caf\udce9"


def test_nothing_in_a_file(score):
    assert score("-") == ["log P      perplexity  text"]
    assert score("-", "--format", "tsv") == []


def test_a_text_that_is_too_long_to_score_is_told_with_its_place(call, monkeypatch, tmp_path):
    def refuse(run, texts, output_dir):
        raise RefusedError({1: "too long", 2: "too long"})

    monkeypatch.setattr(scoring, "score", refuse)
    file = tmp_path / "lines.txt"
    file.write_text("a\nb\nc\n")
    code, output, errors = call("score", "--file", file)
    assert (code, output) == (1, "")
    assert errors == f"Error: {file}:2: too long\n"
