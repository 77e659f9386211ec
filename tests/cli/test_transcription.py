"""How `seqtasks predict` writes transcripts, and labels of sounds."""

import json

import pytest

from seqtasks.cli.prediction_format import FORMATS, formatter

HEARD = {"file": "calls/a\tb.wav", "transcript": "three seven", "log_probability": -0.25}
RANKED = {**HEARD, "transcripts": ["three seven", "three"], "log_probabilities": [-0.25, -3.5]}
RESCORED = {**RANKED, "lm_log_probabilities": [-2.0, -1.0], "scores": [-1.25, -4.0]}
LABELLED = {"file": "a.wav", "label": "yes", "score": 0.875, "probabilities": {"yes": 0.875, "no": 0.125}}


@pytest.mark.parametrize(
    ("style", "several", "prediction", "expected"),
    [
        ("text", False, HEARD, "three seven"),
        ("text", True, HEARD, "calls/a b.wav\tthree seven"),
        ("text", True, RANKED, "-0.250  three seven\n-3.500  three"),
        ("text", False, RESCORED, "-1.250  three seven\n-4.000  three"),
        ("tsv", False, HEARD, "-0.250000\tthree seven\tcalls/a b.wav"),
        ("tsv", True, RANKED, "-0.250000\tthree seven\tcalls/a b.wav\n-3.500000\tthree\tcalls/a b.wav"),
        ("tsv", True, RESCORED, "-1.250000\tthree seven\tcalls/a b.wav\n-4.000000\tthree\tcalls/a b.wav"),
        ("text", True, LABELLED, "yes 0.88  a.wav"),
        ("tsv", True, LABELLED, "yes\t0.875000\ta.wav"),
    ],
)
def test_what_is_written(style, several, prediction, expected):
    assert formatter(style, several)(prediction) == expected


@pytest.mark.parametrize("prediction", [HEARD, RANKED, RESCORED, LABELLED])
def test_json_holds_everything(prediction):
    assert json.loads(FORMATS["json"](prediction)) == prediction
