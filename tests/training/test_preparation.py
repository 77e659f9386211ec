import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from seqtasks import registry
from seqtasks.data.dataset import Dataset
from seqtasks.data.pipeline import Encoded
from seqtasks.errors import DataError, UsageError
from seqtasks.sections import Bases, Symbols
from seqtasks.training.preparation import (
    encode_within_limits,
    parse_features,
    read_config_file,
    refuse_unseen_labels,
    resolve_config,
)


def test_later_changes_win(tmp_path):
    task = registry.get("ner")
    file = tmp_path / "changes.toml"
    file.write_text("units = 11\n[training]\nepochs = 12\nseed = 13\n")
    config = resolve_config(task, "builtin", {"training.seed": "14"}, file, seed=15)
    assert (config.model.units, config.training.epochs, config.training.seed) == (11, 12, 15)
    assert resolve_config(task, "builtin", {"training.seed": "14"}, file).training.seed == 14
    assert resolve_config(task, "builtin", {}, file).training.seed == 13


def test_overrides_for_builtin_data_are_for_builtin_data_only():
    task = registry.get("ner")
    assert resolve_config(task, "tfds:conll2003") == task.config
    assert resolve_config(task, "builtin") == task.config_for("builtin")


def test_a_runs_config_file_gives_that_runs_configuration(tmp_path):
    task = registry.get("sentiment")
    config = resolve_config(task, "builtin", {"units": 9, "targets.classes": "a,b"})
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"task": "sentiment", "config": config.to_dict()}))
    assert resolve_config(task, "x.csv", config_file=file) == config


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "", r"must be a \.json or \.toml file"),
        ("a.json", "{", "Expecting property name"),
        ("a.toml", "a = [", "Invalid"),
        ("a.json", "[1]", "sections with fields are needed"),
    ],
)
def test_a_config_file_that_cannot_be_read_is_named(tmp_path, name, text, message):
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        read_config_file(file)
    assert str(file) in str(caught.value)


def test_a_missing_config_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none\.json: No such file"):
        read_config_file(tmp_path / "none.json")


def test_features():
    assert parse_features("text=a b, label=c") == {"text": "a b", "label": "c"}
    assert parse_features(None) == parse_features("") == {}
    for bad in ("text", "text=", "=a"):
        with pytest.raises(UsageError, match="NAME=COLUMN"):
            parse_features(bad)


class Labels:
    def unseen_labels(self, examples):
        return sorted({example["label"] for example in examples} - {"a", "b"})


def dataset(*labels):
    examples = [{"text": "x", "label": label} for label in labels]
    return Dataset({"train": [], "validation": examples, "test": examples[:1]}, "things.csv")


def test_a_label_never_seen_in_training_is_refused():
    with pytest.raises(DataError, match=r"things\.csv, example 2: the validation split .* 'c'.*--skip-bad-rows"):
        refuse_unseen_labels(Labels(), dataset("a", "c"), ("validation", "test"), False)


def test_by_file_and_line_where_they_are_known():
    data = dataset("a", "c")
    data.places["validation"] = [("things.csv", 2), ("things.csv", 4)]
    with pytest.raises(DataError, match=r"^things\.csv:4: the validation split has labels .* 'c'"):
        refuse_unseen_labels(Labels(), data, ("validation", "test"), False)


def test_or_such_examples_are_left_out_and_counted():
    data = dataset("a", "c", "b", "d")
    refuse_unseen_labels(Labels(), data, ("validation", "test"), True)
    assert [example["label"] for example in data.splits["validation"]] == ["a", "b"]
    assert data.skipped == 2
    assert "left out 2 validation examples" in data.notes[0]


def test_but_not_all_of_a_split():
    with pytest.raises(DataError, match="no example of the validation split"):
        refuse_unseen_labels(Labels(), dataset("c"), ("validation",), True)


def test_a_source_brings_its_own_settings():
    task = dataclasses.replace(registry.get("ner"), overrides={"tfds:wikiann": {"units": 7}})
    assert task.config_for("tfds:wikiann").model.units == 7
    assert task.config_for("tfds:wikiann/en").model.units == 7
    assert task.config_for("tfds:wikiann2") == task.config
    assert task.config_for("builtin") == task.config


class Letters:
    """Encodes texts as their letters."""

    ends = False

    def __init__(self, **inputs):
        self.config = SimpleNamespace(inputs=Symbols(unit="character", longest_text=3, **inputs))

    def encode(self, examples, labelled=True):
        lengths = [len(example["text"]) + self.ends for example in examples]
        return Encoded(np.concatenate([[0], np.cumsum(lengths)]))


def texts(*given):
    examples = [{"text": text, "label": "a"} for text in given]
    return Dataset({"test": examples}, "x", places={"test": [("x.txt", 2 * i) for i in range(len(given))]})


def test_a_text_longer_than_the_model_takes_is_refused_by_file_and_line():
    with pytest.raises(DataError, match=r"^x\.txt:2: too long: 4 characters, at most 3 are taken.*--skip-bad-rows$"):
        encode_within_limits(Letters(), texts("abc", "abcd"), "test", False)
    with pytest.raises(DataError, match="too long"):
        encode_within_limits(Letters(), texts("abcd"), "test", True)


def test_or_it_is_left_out_and_counted():
    data = texts("abc", "abcd", "", "abcde")
    assert encode_within_limits(Letters(), data, "test", True).lengths.tolist() == [3, 0]
    assert [example["text"] for example in data.splits["test"]] == ["abc", ""]
    assert data.places["test"] == [("x.txt", 0), ("x.txt", 4)]
    assert (data.skipped, data.notes) == (2, ["left out 2 test examples of more than 3 characters"])


def test_the_end_of_a_text_does_not_count_and_windows_have_no_limit():
    ending = Letters()
    ending.ends = True
    assert encode_within_limits(ending, texts("abc"), "test", False).lengths.tolist() == [4]
    assert len(encode_within_limits(Letters(context="document"), texts("abcdefgh"), "test", False)) == 1
    genome = Letters()
    genome.config.inputs = Bases(longest_text=3, window=2)
    assert len(encode_within_limits(genome, texts("acgtacgt"), "test", False)) == 1
