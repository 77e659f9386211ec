import json
import subprocess
import sys

import pytest

import seqtasks
from seqtasks.errors import UsageError
from seqtasks.task import ENCODER_DECODER, MANY_TO_MANY, MANY_TO_ONE, ONE_TO_MANY

FAMILIES = [MANY_TO_MANY, MANY_TO_ONE, ONE_TO_MANY, ENCODER_DECODER]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_file_registers_a_task_whose_examples_are_reproducible(tmp_path, family):
    from seqtasks import registry

    name = f"made_by_a_test_{family}"
    path = seqtasks.new_task(name, tmp_path / "made.py", family=family)
    registry.load_code(path)
    task = registry.get(name)
    assert task.family == family
    assert task.description.startswith(f"{name}: ")
    splits = task.sources.builtin(3)
    assert splits == task.sources.builtin(3) != task.sources.builtin(4)
    assert all(splits[split] for split in ("train", "validation", "test"))
    for example in splits["train"] if family == MANY_TO_MANY else ():
        assert len(example["tokens"]) == len(example["tags"])


def test_numbers_in_words_are_learned(translation_run):
    scores = json.loads((translation_run / "evaluation" / "test.json").read_text())
    assert scores["exact_match"] > 0.5


def test_numbers_in_words(tmp_path):
    from seqtasks import registry

    registry.load_code(seqtasks.new_task("words_of_numbers", tmp_path, family=ENCODER_DECODER))
    splits = registry.get("words_of_numbers").sources.builtin(1)
    words = {pair["target"]: pair["source"] for pairs in splits.values() for pair in pairs}
    assert sorted(map(int, words)) == list(range(1000))
    assert [words[number] for number in ("0", "13", "40", "58", "700", "906", "999")] == [
        *("zero", "thirteen", "forty", "fifty eight", "seven hundred", "nine hundred and six"),
        "nine hundred and ninety nine",
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_file_is_as_tidy_as_our_own(tmp_path, family):
    path = seqtasks.new_task("tidy", tmp_path, family=family)
    options = ["--isolated", "--select=E,F,I,UP,B", "--line-length=120"]
    command = [sys.executable, "-m", "ruff", "check", *options, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_is_overwritten_without_force(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("precious")
    with pytest.raises(UsageError, match=r"exists\. Replace it with --force"):
        seqtasks.new_task("mine", path)
    assert path.read_text() == "precious"
    seqtasks.new_task("mine", path, force=True)
    assert path.read_text() != "precious"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a-b", {}, r"letters, digits and _\. Received: 'a-b'"),
        ("ner", {}, "there is a task 'ner' already: .*ner.py"),
        ("mine", {"family": "many_to_few"}, "Did you mean 'many_to_one'"),
    ],
)
def test_bad_requests_are_refused(tmp_path, name, options, message):
    with pytest.raises(UsageError, match=message):
        seqtasks.new_task(name, tmp_path, **options)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        seqtasks.new_task("mine", tmp_path / "none" / "mine.py")
