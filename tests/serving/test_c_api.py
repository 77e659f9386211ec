import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seqtasks.serving.c_api
from seqtasks.serving.predict import Predictor
from seqtasks.task import MANY_TO_MANY

from .standin import TEXTS

SCRIPT = Path(seqtasks.serving.c_api.__file__)

# The process ends with an error if Python's tensorflow, or anything of ours, was imported.
WITHOUT_TENSORFLOW = """
import runpy, sys
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
imported = {"tensorflow", "keras", "seqtasks"} & {name.partition(".")[0] for name in sys.modules}
sys.exit(f"imported: {imported}" if imported else 0)
"""


def run(*arguments, text):
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, str(SCRIPT), *map(str, arguments)],
        input=text.encode(errors="surrogateescape"),
        capture_output=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr.decode()
    return process.stdout.decode()


def call(folder, signature, rows):
    name = "tokens" if signature == "tokens" else "text"
    return json.loads(run(folder, signature, "--json", text=json.dumps({name: rows})))


def test_answers_as_predict(exported, loaded, module):
    texts = [*TEXTS, "two\nlines", "caf\udce9 in London"]
    answers = call(exported, "serving_default", texts)
    predicted = Predictor(module.signatures, loaded.task.family).predict(texts)
    if loaded.task.family == MANY_TO_MANY:
        assert [tags[:length] for tags, length in zip(answers["tags"], answers["length"], strict=True)] == [
            prediction["tags"] for prediction in predicted
        ]
        assert answers["tokens"][3][: answers["length"][3]] == predicted[3]["tokens"]
    else:
        assert answers["label"] == [prediction["label"] for prediction in predicted]
        np.testing.assert_allclose(answers["score"], [p["score"] for p in predicted], atol=1e-6)


def test_no_rows(exported, module):
    for signature in module.signatures:
        assert set(map(str, call(exported, signature, []).values())) == {"[]"}


def test_lines(exported, loaded):
    lines = run(exported, "serving_default", text="Ada in London\n\nZoë\n").splitlines()
    assert len(lines) == 3
    if loaded.task.family != MANY_TO_MANY:
        assert set(json.loads(lines[0])) == {"label", "score", "classes", "probabilities"}
        return
    assert json.loads(lines[0])["tokens"] == ["Ada", "in", "London"]
    assert json.loads(lines[2])["ends"] == [4, 0, 0]
    by_tokens = run(exported, "tokens", text="Ada in London\n\nZoë\n").splitlines()
    assert [json.loads(line)["tags"] for line in by_tokens] == [json.loads(line)["tags"] for line in lines]


@pytest.mark.parametrize("arguments", [("nowhere", "serving_default"), (None, "unknown")])
def test_failures_are_errors(exported, arguments):
    folder, signature = arguments
    process = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder or exported), signature],
        input=b"a\n",
        capture_output=True,
        check=False,
    )
    assert process.returncode == 1
    assert b"RuntimeError" in process.stderr
