"""`seqtasks generate` and `score` of music, without a model."""

import json
import sys
import wave

import pytest

from seqtasks.cli import main as cli
from seqtasks.data.midi import read_midi, write_midi
from seqtasks.data.vocabulary import Vocabulary

PIECE = "key:C_major 60 64 67 | 60 65 69 | 59"
SETTINGS = {"order": "ascending", "frames_per_quarter": 2, "drums": False}


class Composer:
    """Writes the same notes behind every prompt."""

    def generate(self, prompts, **wishes):
        self.asked, notes = (prompts, wishes), PIECE.removeprefix("key:C_major")
        return [
            {"prompt": prompt, "text": (prompt + notes).strip(), "log_probability": -1.0, "finished": True}
            for prompt in prompts
        ]


@pytest.fixture
def folder(tmp_path):
    """A run of music."""
    run = tmp_path / "run"
    (run / "vocabulary").mkdir(parents=True)
    config = {"inputs": SETTINGS, "targets": {"type": "NextFrame", "notes": "chain"}}
    (run / "config.json").write_text(json.dumps({"task": "music", "config": config}))
    Vocabulary(["<EOS>", "|", "60", "key:C_major", "key:A_minor"]).save(run / "vocabulary" / "symbols.txt")
    return run


@pytest.fixture
def composer(monkeypatch):
    from seqtasks.cli import start
    from seqtasks.serving import language

    composer = Composer()
    monkeypatch.setattr(language, "load_language_predictor", lambda run, **options: composer)
    monkeypatch.setattr(start, "start_tensorflow", lambda: None)
    return composer


@pytest.fixture
def generate(folder, composer, capsys):
    """Runs `seqtasks generate`: `generate(*arguments)` gives exit code, output and error."""

    def generate(*arguments, run=folder, verb="generate"):
        code = cli.main([verb, str(run), *map(str, arguments)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return generate


def test_text_without_files(generate, composer):
    code, shown, _ = generate("--prompt", "C major")
    assert (code, shown) == (0, f"{PIECE}\n")
    assert composer.asked[1]["max_length"] == 400


def test_files(generate, tmp_path):
    midi, wav, png = (tmp_path / "new" / f"piece.{kind}" for kind in ("mid", "wav", "png"))
    code, shown, error = generate("--midi", midi, "--wav", wav, "--png", png, "--tempo", 120)
    assert (code, error) == (0, "")
    assert shown.split() == [str(midi), str(wav), str(png)]
    # The last frame has no end, and is left out.
    assert read_midi(midi, 2) == [[60, 64, 67], [60, 65, 69]]
    with wave.open(str(wav)) as sound:
        # Two eighths at 120 quarters a minute, and what rings on.
        assert sound.getnframes() / sound.getframerate() == pytest.approx(0.5 + 0.08, abs=0.01)
    assert png.read_bytes().startswith(b"\x89PNG")


def test_several_are_numbered(generate, tmp_path):
    prompts = ("--prompt", "", "--prompt", "a_minor")
    code, shown, _ = generate("--midi", tmp_path / "a.mid", "--count", 2, *prompts, "--format", "json")
    files = [json.loads(line)["files"] for line in shown.splitlines()]
    assert (code, files) == (0, [[str(tmp_path / f"a-{number}.mid")] for number in (1, 2, 3, 4)])
    assert sorted(path.name for path in tmp_path.glob("*.mid")) == [f"a-{number}.mid" for number in (1, 2, 3, 4)]


def test_nothing_is_replaced_without_force(generate, composer, tmp_path):
    (tmp_path / "a-2.mid").write_text("mine")
    code, _, error = generate("--midi", tmp_path / "a.mid", "--count", 2)
    assert (code, error) == (2, f"Error: {tmp_path / 'a-2.mid'} exists. Replace it with --force\n")
    assert not hasattr(composer, "asked")
    assert not (tmp_path / "a-1.mid").exists()
    assert generate("--midi", tmp_path / "a.mid", "--count", 2, "--force")[0] == 0
    assert read_midi(tmp_path / "a-2.mid", 2)
    assert generate("--wav", tmp_path)[::2] == (2, f"Error: {tmp_path} is a folder, not a file to write\n")


def test_a_piece_without_a_whole_frame_writes_nothing(generate, composer, monkeypatch, tmp_path):
    monkeypatch.setattr(sys.modules[__name__], "PIECE", "key:C_major 60 64")
    code, _, error = generate("--midi", tmp_path / "a.mid")
    assert code == 2
    assert "no whole frame" in error
    assert not (tmp_path / "a.mid").exists()


@pytest.mark.parametrize("option", ["--midi", "--wav", "--png", "--tempo"])
def test_other_models_write_no_music(generate, tmp_path, option):
    (tmp_path / "config.json").write_text(json.dumps({"config": {"targets": {"type": "NextSymbol"}}}))
    code, _, error = generate(option, 100, run=tmp_path)
    assert (code, error) == (2, f"Error: {option} is for music, and {tmp_path} writes text\n")


def test_other_models_write_text_as_before(generate, composer, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    assert generate("--prompt", "the dogs", run=tmp_path)[0] == 0
    assert composer.asked[0] == ["the dogs"]
    assert composer.asked[1]["max_length"] == 50


def test_midi_without_its_package(generate, composer, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "mido", None)
    code, _, error = generate("--midi", tmp_path / "a.mid")
    assert code == 1
    assert 'pip install "seqtasks[music]"' in error
    assert not hasattr(composer, "asked")


def test_prompts(generate, composer, tmp_path):
    write_midi(tmp_path / "first.mid", [[60, 64], [], [67]], 2)
    prompts = ["", "64 60 | 67", "a MINOR", "C_major", "key:C_major 60 |", tmp_path / "first.mid"]
    assert generate(*(word for prompt in prompts for word in ("--prompt", prompt)))[0] == 0
    read = ["", "64 60 | 67", "key:A_minor", "key:C_major", "key:C_major 60 |", "60 64 | | 67 |"]
    assert composer.asked[0] == read


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("60 128 |", "Received: '128'. Keys by name: C major, A minor"),
        ("H major", "Received: 'H', 'major'"),
        ("key:B_minor 60 |", "the model knows no key 'B minor'. Did you mean 'A minor'?"),
        ("60 | key:C_major", "Received: 'key:C_major'"),
        ("missing.mid", "missing.mid: cannot be read: No such file or directory"),
    ],
)
@pytest.mark.parametrize("verb", ["generate", "score"])
def test_bad_prompts(generate, composer, verb, prompt, message):
    arguments = ("--prompt", prompt) if verb == "generate" else (prompt,)
    code, shown, error = generate(*arguments, verb=verb)
    assert code in (1, 2)
    assert shown == ""
    assert message in error
    assert error.count("\n") == 1
    assert not hasattr(composer, "asked")
