"""Counts where an export disagrees with `predict`, over a run's whole test split.

    python benchmarks/export_agreement.py RUN EXPORT

The export answers twice: in a process that imports TensorFlow alone, and in one that has no Python
TensorFlow at all and calls the C API of its shared library. Tagging compares every tag, both from
raw text and from the corpus's own tokens; classification compares every label.
"""

import argparse
import itertools
import json
import subprocess
import sys
from pathlib import Path

from seqtasks.serving import c_api
from seqtasks.serving.loading import load_run
from seqtasks.serving.predict import load_predictor
from seqtasks.serving.verification import run_bare
from seqtasks.task import MANY_TO_MANY
from seqtasks.training.preparation import read_data

ROWS = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("export", type=Path)
    arguments = parser.parse_args()

    loaded = load_run(arguments.run)
    saved = json.loads((arguments.run / "config.json").read_text("utf-8"))
    examples = read_data(loaded.task, saved["data"], saved["source_options"], loaded.config).splits["test"]
    predictor = load_predictor(arguments.run)

    tagging = loaded.task.family == MANY_TO_MANY
    texts = [" ".join(example["tokens"]) if tagging else example["text"] for example in examples]
    checks = {"serving_default": ("text", texts, predictor.predict(texts))}
    if tagging:
        sentences = [example["tokens"] for example in examples]
        checks["tokens"] = ("tokens", sentences, predictor.predict_tokens(sentences))

    for signature, (argument, rows, predictions) in checks.items():
        order = sorted(range(len(rows)), key=lambda index, rows=rows: len(rows[index]))
        batches = [order[start : start + ROWS] for start in range(0, len(order), ROWS)]
        requests = [(signature, {argument: _pad([rows[index] for index in batch])}) for batch in batches]
        for name, run in (("TensorFlow alone", run_bare), ("C API", _run_c_api)):
            answers = run(arguments.export, requests)
            differing = compared = 0
            for batch, answer in zip(batches, answers, strict=True):
                for place, index in enumerate(batch):
                    if tagging:
                        found, expected = answer["tags"][place][: answer["length"][place]], predictions[index]["tags"]
                    else:
                        found, expected = [answer["label"][place]], [predictions[index]["label"]]
                    compared += len(expected)
                    differing += sum(a != b for a, b in itertools.zip_longest(found, expected))
            kind = "tags" if tagging else "labels"
            print(f"{signature}, {name}: {differing} of {compared} {kind} differ", flush=True)


def _run_c_api(path, requests) -> list[dict]:
    """Runs the requests in one process that loads TensorFlow's shared library only."""
    program = (
        "import json, runpy, sys\n"
        "module = runpy.run_path(sys.argv[1])\n"
        "model = module['SavedModel'](sys.argv[2])\n"
        "plain = module['_plain']\n"
        "for signature, arguments in json.load(sys.stdin):\n"
        "    outputs = model.run(signature, **arguments)\n"
        "    print(json.dumps({name: plain(value.tolist()) for name, value in outputs.items()}))\n"
        "assert not {'tensorflow', 'keras', 'seqtasks'} & set(sys.modules)\n"
    )
    process = subprocess.run(
        [sys.executable, "-P", "-c", program, c_api.__file__, str(path)],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in process.stdout.splitlines()]


def _pad(rows: list) -> list:
    if not rows or isinstance(rows[0], str):
        return rows
    width = max(map(len, rows))
    return [[*row, *[""] * (width - len(row))] for row in rows]


if __name__ == "__main__":
    main()
