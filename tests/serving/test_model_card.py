import itertools
import json
import subprocess

import numpy as np
import pytest

from seqtasks.serving.model_card import described_signatures, model_card, rest_body


def tensor(name, dtype, *shape):
    return {"name": name, "dtype": dtype, "shape": list(shape)}


TAGGER = {
    "task": "ner",
    "family": "many_to_many",
    "description": "Named-entity recognition: which words name a person, a place, an organization.",
    "data": "tfds:conll2003",
    "run": "20261123-190100",
    "labels": ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"],
    "scores": {
        "test": {"span_f1": 0.8604, "span_precision": 0.87, "span_f1/PER": 0.9},
        "validation": {"span_f1": 0.9012, "span_precision": 0.91, "span_f1/PER": 0.95},
    },
    "serving_examples": ['Ada Lovelace didn\'t live in "London" | 東京 100% `', "Ada"],
    "defaults": {},
    "signatures": {
        "serving_default": {
            "inputs": [tensor("text", "string", None)],
            "outputs": [tensor("length", "int32", None), tensor("tags", "string", None, None)],
        },
        "tokens": {
            "inputs": [tensor("tokens", "string", None, None)],
            "outputs": [tensor("tags", "string", None, None)],
        },
    },
    "config": {
        "inputs": {"type": "Tokens", "lowercase": False, "vectors": None},
        "targets": {"type": "Tags", "scheme": "BIO"},
        "model": {"type": "Recurrent", "cell": "lstm", "units": 150, "layers": 1, "bidirectional": True},
        "training": {"type": "Training", "epochs": 25, "schedule": "lin|ear"},
    },
    "versions": {"python": "3.11.7", "seqtasks": None, "tensorflow": "2.21.0", "keras": "3.15.1"},
    "created": "2026-11-25T21:49:06Z",
}
LANGUAGE = {
    **TAGGER,
    "task": "word_lm",
    "family": "one_to_many",
    "data": "builtin",
    "labels": [],
    "scores": {},
    "serving_examples": ["the dogs near the river"],
    "defaults": {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "max_length": 50, "seed": 0},
    "signatures": {
        "serving_default": {
            "inputs": [
                tensor("prompt", "string", None),
                tensor("temperature", "float32", None),
                tensor("top_k", "int32", None),
                tensor("top_p", "float32", None),
                tensor("max_length", "int32", None),
                tensor("seed", "int32", None),
            ],
            "outputs": [tensor("text", "string", None)],
        },
        "score": {
            "inputs": [tensor("text", "string", None)],
            "outputs": [tensor("perplexity", "float32", None)],
        },
    },
}
SOUND = {
    **TAGGER,
    "task": "speech",
    "family": "many_to_one",
    "labels": [f"word {n}" for n in range(50)],
    "serving_examples": ["array"],
    "signatures": {
        "serving_default": {
            "inputs": [tensor("audio", "float32", None, None), tensor("length", "int32", None)],
            "outputs": [tensor("probabilities", "float32", None, 50)],
        },
        "wav": {
            "inputs": [tensor("wav_bytes", "string", None)],
            "outputs": [tensor("probabilities", "float32", None, 50)],
        },
    },
}


def block(card, language):
    """Returns the lines of the card's blocks of code in a language."""
    blocks = [part.partition("\n")[2].rstrip("\n") for part in card.split("```")[1::2] if part.startswith(language)]
    return [line for text in blocks for line in text.split("\n")]


def sent(command, body=""):
    """Runs a line of shell with `curl` and `python` replaced by what shows their input, and returns what it sent."""
    shell = (
        'curl() { [ "$2" = @- ] && cat || printf %s "$2"; }; python() { cat; }; base64() { printf Zm9v; }\n' + command
    )
    return subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True).stdout


def test_card_says_what_it_is_how_well_it_does_and_what_goes_in_and_out():
    card = model_card(TAGGER)
    assert card.startswith("# ner\n\nNamed-entity recognition: which words name")
    assert "- Network: bidirectional lstm, 1 x 150 units\n" in card
    assert "- Data: `tfds:conll2003`\n" in card
    assert "- Labels: `O`, `B-PER`," in card
    assert "| span_f1        | 0.8604 |     0.9012 |" in card
    assert "span_f1/PER" not in card
    assert "| `serving_default` | `text` string[B] | `length` int32[B]; `tags` string[B, ?] |\n" in card
    assert '| `training.schedule` | `"lin\\|ear"` |\n' in card
    assert "| tensorflow | 2.21.0 |\n" in card
    assert "| seqtasks | unknown |\n" in card


@pytest.mark.parametrize("description", [TAGGER, LANGUAGE, SOUND])
def test_tables_have_as_many_cells_in_every_row(description):
    lines = model_card(description).split("\n")
    ruler = None
    for above, line in itertools.pairwise(lines):
        if line.startswith("|") and set(line) <= set("|-:"):
            ruler = line.count("|")
            assert above.count("|") == ruler
        if line.startswith("| "):
            assert line.replace("\\|", "").count("|") == (ruler or line.count("|"))
        else:
            ruler = None if not line.startswith("|") else ruler


def test_generated_data_is_called_by_its_name():
    measured = model_card({**LANGUAGE, "scores": {"test": {"perplexity": 3.0}}})
    assert "`builtin`, examples that a program generated. **Not for real use**" in measured
    assert "say nothing about real data" in measured
    assert "It was not evaluated." in model_card(LANGUAGE)
    assert "generated" not in model_card(TAGGER)


def test_scores_that_only_one_split_has_are_left_out():
    card = model_card({**TAGGER, "scores": {"test": {"span_f1": 0.5, "new": 1.0}, "validation": {"span_f1": 0.6}}})
    assert "| span_f1 | 0.5000 |" in card
    assert "new" not in card
    assert "It was not evaluated." in model_card({**TAGGER, "scores": {"test": {}}})


def test_curl_sends_rows_whatever_the_example_holds():
    first, second = block(model_card(TAGGER), "sh")[:2]
    example = TAGGER["serving_examples"][0]
    assert json.loads(sent(first)) == {"instances": [example]}
    assert json.loads(sent(second)) == {"signature_name": "tokens", "instances": [example.split()]}
    assert first.endswith(" http://localhost:8501/v1/models/ner:predict")


def test_curl_sends_every_argument_that_the_row_format_needs():
    first, second = block(model_card(LANGUAGE), "sh")[:2]
    row = {"prompt": "the dogs near the river", **LANGUAGE["defaults"]}
    assert json.loads(sent(first)) == {"instances": [row]}
    assert json.loads(sent(second)) == {"signature_name": "score", "instances": ["the dogs near the river"]}


def test_curl_sends_files_in_base64(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sound.wav").write_bytes(b"foo")
    (command,) = block(model_card(SOUND), "sh")
    assert json.loads(sent(command)) == {"signature_name": "wav", "instances": [{"b64": "Zm9v"}]}
    assert rest_body(SOUND, "serving_default") is None


def test_c_api_is_fed_a_line_or_columns():
    assert sent(block(model_card(TAGGER), "sh")[-1]) == TAGGER["serving_examples"][0] + "\n"
    columns = json.loads(sent(block(model_card(LANGUAGE), "sh")[-1]))
    assert columns == {"prompt": ["the dogs near the river"], **{k: [v] for k, v in LANGUAGE["defaults"].items()}}


@pytest.mark.parametrize("description", [TAGGER, LANGUAGE, SOUND])
def test_python_compiles(description):
    lines = block(model_card(description), "python")
    compile("\n".join(lines), "card", "exec")
    assert len(lines) == (4 if description is SOUND else 5)


def test_card_of_an_export_is_true(loaded, module, tmp_path):
    import tensorflow as tf

    from seqtasks.serving.export import save

    save(loaded, tmp_path, verified=False)
    description = json.loads((tmp_path / "seqtasks.json").read_text(encoding="utf-8"))
    description |= {"signatures": described_signatures(module.signatures), "defaults": module.defaults}
    loaded_signatures = tf.saved_model.load(str(tmp_path)).signatures
    for name, entry in description["signatures"].items():
        specs = loaded_signatures[name].structured_input_signature[1]
        assert {t["name"]: (t["dtype"], t["shape"]) for t in entry["inputs"]} == {
            key: (spec.dtype.name, spec.shape.as_list()) for key, spec in specs.items()
        }
        assert {t["name"]: (t["dtype"], t["shape"]) for t in entry["outputs"]} == {
            key: (spec.dtype.name, spec.shape.as_list())
            for key, spec in loaded_signatures[name].structured_outputs.items()
        }
    folder = f"saved_models/{loaded.task.name}/VERSION"
    *lines, last = block(model_card(description), "python")
    code = "\n".join([*lines, f"answer = {last}"])
    assert folder in code
    names = {}
    exec(code.replace(folder, str(tmp_path)), names)
    assert len(next(iter(names["answer"].values()))) == 1
    np.testing.assert_equal(set(names["answer"]), {t["name"] for t in entry["outputs"]})
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "A request may have 2,048 rows.\nA text may have 20,000 symbols" in card
