"""Counts where an export disagrees with `predict` or `generate`, over a run's test split.

    python benchmarks/export_agreement.py RUN EXPORT

The export answers in a process that imports TensorFlow alone, and in one that has no Python TensorFlow at all and
calls the C API of its shared library. Tagging compares every tag, both from raw text and from the corpus's own tokens;
classification every label; transcription every transcript; translation every translation. A language model goes on
from 100 beginnings of test texts, each with a seed of its own, both in batches and one by one.
"""

import argparse
import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seqtasks.serving import c_api
from seqtasks.serving.language_signatures import DEFAULTS
from seqtasks.serving.loading import load_run
from seqtasks.serving.predict import load_predictor
from seqtasks.serving.rows import dense, encoded
from seqtasks.serving.verification import plain, run_bare
from seqtasks.task import ENCODER_DECODER, MANY_TO_MANY, ONE_TO_MANY, TRANSCRIPTION
from seqtasks.training.preparation import read_data

ROWS, PROMPTS, PROMPT_LENGTH = 64, 100, 20


@dataclass
class Check:
    """One comparison.

    Args:
        signature: The export's signature.
        arguments: Its arguments by name, a row each.
        expected: What the run's model says, a list for each row.
        found: Takes the same out of a batch's answers and a row's place.
        kind: What is compared.
        rows: Rows of a batch.
    """

    signature: str
    arguments: dict[str, list]
    expected: list[list]
    found: Callable[[dict, int], list]
    kind: str
    rows: int = ROWS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("export", type=Path)
    arguments = parser.parse_args()

    loaded = load_run(arguments.run)
    saved = json.loads((arguments.run / "config.json").read_text("utf-8"))
    examples = read_data(loaded.task, saved["data"], saved["source_options"], loaded.config).splits["test"]
    families = {
        MANY_TO_MANY: _tagging,
        ONE_TO_MANY: _language,
        ENCODER_DECODER: _translation,
        TRANSCRIPTION: _transcription,
    }
    checks = families.get(loaded.task.family, _classification)(examples, load_predictor(arguments.run))
    for check in checks:
        first = next(iter(check.arguments.values()))
        order = sorted(range(len(first)), key=lambda index, rows=first: len(rows[index]))
        batches = [order[start : start + check.rows] for start in range(0, len(order), check.rows)]
        requests = [
            (check.signature, {name: plain(dense([rows[i] for i in batch])) for name, rows in check.arguments.items()})
            for batch in batches
        ]
        for name, run in (("TensorFlow alone", run_bare), ("C API", _run_c_api)):
            differing = compared = 0
            for batch, answer in zip(batches, run(arguments.export, requests), strict=True):
                for place, index in enumerate(batch):
                    expected = check.expected[index]
                    compared += len(expected)
                    pairs = itertools.zip_longest(check.found(answer, place), expected)
                    differing += sum(a != b for a, b in pairs)
            manner = f"{check.signature}, {check.rows} at once, {name}"
            print(f"{manner}: {differing} of {compared} {check.kind} differ", flush=True)


def _tagging(examples, predictor) -> list[Check]:
    def tags(answer, place):
        return answer["tags"][place][: answer["length"][place]]

    if "tokens" not in examples[0]:  # DNA, where every letter has a tag
        sequences = [example["text"] for example in examples]
        found = [prediction["tags"] for prediction in predictor.predict(sequences)]
        return [Check("serving_default", {"text": sequences}, found, tags, "tags", rows=1)]
    sentences = [example["tokens"] for example in examples]
    texts = [" ".join(sentence) for sentence in sentences]
    from_text = [prediction["tags"] for prediction in predictor.predict(texts)]
    from_tokens = [prediction["tags"] for prediction in predictor.predict_tokens(sentences)]
    return [
        Check("serving_default", {"text": texts}, from_text, tags, "tags"),
        Check("tokens", {"tokens": [[*map(encoded, tokens)] for tokens in sentences]}, from_tokens, tags, "tags"),
    ]


def _classification(examples, predictor) -> list[Check]:
    return _raw(examples, predictor, "label", "labels")


def _transcription(examples, predictor) -> list[Check]:
    return _raw(examples, predictor, "transcript", "transcripts")


def _raw(examples, predictor, output, kind) -> list[Check]:
    """Returns a check of each signature that takes the task's raw input in a way of its own."""
    # A sound's text is what is said in it.
    given = [next(example[key] for key in ("audio", "frames", "text") if key in example) for example in examples]
    loaded = [predictor.raw.load(value) for value in given]
    expected = [[prediction[output]] for prediction in predictor.predict(loaded)]
    names = [name for name in ("serving_default", "wav") if predictor.has(name)]
    return [Check(name, predictor.raw.arguments(name, loaded), expected, _one(output), kind) for name in names]


def _translation(examples, predictor) -> list[Check]:
    texts = [example["source"] for example in examples]
    outputs = [[prediction["output"]] for prediction in predictor.predict(texts)]
    return [Check("serving_default", {"text": texts}, outputs, _one("output"), "translations")]


def _language(examples, predictor) -> list[Check]:
    whole = "\n".join(example["text"] for example in examples)
    starts = range(0, len(whole), max(len(whole) // PROMPTS, 1))
    prompts = [whole[start : start + PROMPT_LENGTH].strip() for start in starts][:PROMPTS]
    texts = [[written["text"]] for written in predictor.generate(prompts)]
    arguments = {name: [value] * len(prompts) for name, value in DEFAULTS.items()}
    arguments = {"prompt": prompts, **arguments, "seed": [*range(len(prompts))]}
    return [Check("serving_default", arguments, texts, _one("text"), "texts", rows) for rows in (ROWS, 1)]


def _one(output: str) -> Callable[[dict, int], list]:
    return lambda answer, place: [answer[output][place]]


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


if __name__ == "__main__":
    main()
