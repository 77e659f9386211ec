"""The report of made-up results."""

import dataclasses
import json

import pytest
from seqtasks.benchmarks import report
from seqtasks.benchmarks.cases import Case

from seqtasks.cli import main as cli


def row(shape, **medians):
    return {
        "case": dataclasses.asdict(Case("LSTM", shape)),
        "operations": 1e6,
        "variants": {
            name.replace("_", " "): {"median": median, "p20": 1.0, "p80": 9.0, "calls": 3, "memory_mib": None}
            for name, median in medians.items()
        },
    }


RESULTS = {
    "machine": report.machine(2, "cpu"),
    "versions": {"keras": "3"},
    "peak": 1e9,
    "rows": [
        row("S1", seqtasks=2.0, keras=8.0, keras_jit=4.0, torch=3.0),
        row("S2", seqtasks=4.0, keras=32.0, keras_jit=36.0),
    ],
}


def test_the_best_of_each_library_counts():
    assert report.ratios(RESULTS["rows"][0]) == {"keras": 2.0, "torch": 1.5}
    text = report.markdown(RESULTS)
    assert "| S1 | 2 (1 to 9) | 8 (1 to 9) | 4 (1 to 9) | 3 (1 to 9) | 2.00 | 1.50 | 50% |" in text
    # The square root of 2 * 8; PyTorch took part once.
    assert "| geometric mean |  |  |  |  | **4.00** | **1.50** |  |" in text


def test_titles_tell_cases_apart():
    case = dataclasses.asdict(Case("GRU", "S0", "inference", True, 2, True, "bfloat16"))
    assert report.title(case) == "GRU, inference, bidirectional, 2 layers, masked, bfloat16"


def test_all_three_files_are_written(tmp_path):
    text = report.write(RESULTS, tmp_path / "new")
    assert (tmp_path / "new/results.md").read_text("utf-8") == text
    assert json.loads((tmp_path / "new/results.json").read_text("utf-8")) == RESULTS
    assert (tmp_path / "new/results.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["layers", "--layer", "Transformer"], "'Transformer' is not one of 'LSTM', 'GRU'"),
        (["layers", "--shape", "S9"], "'S9' is not one of"),
        (["layers", "--threads", "0"], "0 is not in the range"),
    ],
)
def test_a_wrong_argument_is_refused(arguments, message, capsys):
    assert cli.main(["benchmark", *arguments]) == 2
    assert message in capsys.readouterr().err
