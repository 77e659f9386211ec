"""Counts how often beam search's translation is less likely than the greedy one, over a run's test split.

    python benchmarks/beam_against_greedy.py RUN

Both are searched by log-probability alone, without a length penalty, and compared by it.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from seqtasks.serving.loading import load_run
from seqtasks.serving.predict import make_predictor
from seqtasks.serving.signatures import build_module
from seqtasks.task import ENCODER_DECODER
from seqtasks.training.preparation import read_data

ROUNDING = 1e-4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--beam", type=int, default=5)
    arguments = parser.parse_args()

    loaded = load_run(arguments.run)
    saved = json.loads((arguments.run / "config.json").read_text("utf-8"))
    examples = read_data(loaded.task, saved["data"], saved["source_options"], loaded.config).splits["test"]
    sources = [example["source"] for example in examples]
    found = {}
    for beam in (1, arguments.beam):
        config = loaded.config.override({"targets.beam": beam, "targets.length_penalty": 0.0})
        loaded.model.settings = config
        pipeline = loaded.pipeline
        pipeline.config = config
        module = build_module(loaded.task.name, ENCODER_DECODER, config, pipeline, loaded.model)
        predictor = make_predictor(module.signatures, ENCODER_DECODER, config)
        found[beam] = np.array([one["log_probabilities"][0] for one in predictor.n_best(sources)])
    gain = found[arguments.beam] - found[1]
    worse = int((gain < -ROUNDING).sum())
    print(f"beam {arguments.beam} below greedy: {worse} of {len(sources)}; above: {int((gain > ROUNDING).sum())}")
    print(f"mean log-probability: greedy {found[1].mean():.4f}, beam {found[arguments.beam].mean():.4f}")


if __name__ == "__main__":
    main()
