import json

import numpy as np
import pytest

from seqtasks import registry
from seqtasks.data.builtin.agreement import minimal_pairs
from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.training import agreement as probe
from seqtasks.training.agreement import Agreement, Judgement, agreement, judge, subjects_of


class Partial:
    """Finds likelier what its `preference` says, or all texts equally likely if that is 0."""

    def __init__(self, good=(), preference=1.0):
        self.good, self.preference = set(good), preference

    def score(self, texts):
        return [
            {"log_probability": -20.0 + (self.preference if text in self.good else 0.0), "tokens": [text]}
            for text in texts
        ]


def pair(distance, attractors=0):
    return {"good": f"good {distance}", "bad": f"bad {distance}", "distance": distance, "attractors": attractors}


PAIRS = minimal_pairs(seed=5, count=60)
GOOD = [one["good"] for one in PAIRS]


@pytest.mark.parametrize(("preference", "accuracy"), [(1.0, 1.0), (-1.0, 0.0), (0.0, 0.0), (np.nan, 0.0)])
def test_who_prefers_the_good_is_right_and_ties_are_wrong(preference, accuracy):
    judgement = judge(Partial(GOOD, preference), PAIRS, "fake")
    assert judgement.accuracy(lambda pair: "all") == {"all": (accuracy, 60)}
    assert judgement.ties == (60 if preference == 0 else 0)


def test_texts_that_differ_by_rounding_tie():
    judgement = judge(Partial(GOOD, 1e-5), PAIRS, "fake")
    assert judgement.ties == 60
    assert not judgement.right.any()


def test_pairs_fall_into_bins_of_distance_and_of_attractors():
    pairs = [pair(distance, attractors) for distance, attractors in zip(range(15), [0, 1, 2, 3, 4] * 3, strict=True)]
    margins = np.where(np.arange(15) < 9, 1.0, -1.0)
    found = Agreement("made by hand", [Judgement("fake", pairs, margins)])
    (distances, of_distance), (attractors, of_attractors) = found.groupings.values()
    (judgement,) = found.judgements
    assert distances == ["0", "1-2", "3-4", "5-8", "9-12", "13+"]
    assert judgement.accuracy(of_distance) == {
        "0": (1.0, 1),
        "1-2": (1.0, 2),
        "3-4": (1.0, 2),
        "5-8": (1.0, 4),
        "9-12": (0.0, 4),
        "13+": (0.0, 2),
    }
    assert attractors == ["0", "1", "2", "3+"]
    assert judgement.accuracy(of_attractors) == {
        "0": (2 / 3, 3),
        "1": (2 / 3, 3),
        "2": (2 / 3, 3),
        "3+": (0.5, 6),
    }


def test_the_table_has_counts_chance_and_every_run():
    pairs = [pair(0), pair(0), pair(7, 3)]
    judgements = [Judgement("rnn", pairs, np.array([1.0, -1, 0])), Judgement("lstm", pairs[1:], np.array([1.0, 1]))]
    lines = Agreement("made by hand", judgements).table().splitlines()
    assert lines[0] == "accuracy: made by hand"
    cells = [line.split() for line in lines]
    assert ["pairs", "chance", "rnn", "lstm"] in cells
    assert ["0", "1-2", "0.500", "0.500", "1.000"] in cells
    assert ["1-2", "0", "0.500", "-", "-"] in cells
    assert ["5-8", "1", "0.500", "0.000", "1.000"] in cells
    assert ["3+", "1", "0.500", "0.000", "1.000"] in cells
    assert cells.count(["all", "2-3", "0.500", "0.333", "1.000"]) == 2
    assert lines[-1].startswith("rnn: ties, which count as wrong, in 1 of 3 pairs")


def test_the_picture_leaves_groups_without_pairs_out(tmp_path):
    found = Agreement("made by hand", [Judgement("rnn", [pair(0), pair(20)], np.array([1.0, 1]))])
    found.plot(tmp_path / "new" / "agreement.png")
    assert (tmp_path / "new" / "agreement.png").read_bytes().startswith(b"\x89PNG")


def make_run(folder, cell="lstm", seed=1, task="word_lm", file="config.json"):
    definition = registry.get(task)
    changes = {"cell": cell, "training.seed": seed}
    values = {"task": task, "config": definition.config.override(changes).to_dict()}
    folder.mkdir(parents=True)
    (folder / file).write_text(json.dumps(values))
    return folder


@pytest.fixture
def predictors(monkeypatch):
    """Stand-ins for runs' predictors by the runs' folders' names, and the runs that were loaded."""
    from seqtasks.serving import language

    found = {}
    monkeypatch.setattr(language, "load_language_predictor", lambda folder: found[folder.name])
    return found


def test_each_run_is_given_the_pairs_of_its_seed(tmp_path, predictors):
    runs = [make_run(tmp_path / f"seed{seed}", seed=seed) for seed in (5, 6)]
    # What one prefers are the good texts of seed 5 alone.
    predictors |= {"seed5": Partial(GOOD), "seed6": Partial(GOOD)}
    found = agreement(runs, pairs=60)
    assert found.title == "generated minimal pairs (seed 5, 6)"
    assert [judgement.pairs for judgement in found.judgements] == [PAIRS, minimal_pairs(seed=6, count=60)]
    assert found.judgements[0].right.all()
    assert found.judgements[1].right.mean() < 0.2


def test_runs_are_called_by_what_tells_them_apart(tmp_path, predictors):
    runs = [make_run(tmp_path / name, cell, seed) for name, cell, seed in (("a", "rnn", 1), ("b", "rnn", 2))]
    runs += [make_run(tmp_path / "c", "rnn", 2), make_run(tmp_path / "d", "gru", 1)]
    predictors |= {run.name: Partial() for run in runs}

    def names(*chosen):
        return [judgement.name for judgement in agreement([runs[i] for i in chosen], pairs=2).judgements]

    assert names(0, 3) == ["rnn", "gru"]
    assert names(0, 1) == ["rnn seed 1", "rnn seed 2"]
    assert names(1, 2) == [f"rnn {tmp_path}/b", f"rnn {tmp_path}/c"]


def test_2000_pairs_are_the_default_and_a_single_run_may_stand_alone(tmp_path, predictors):
    runs = [make_run(tmp_path / cell, cell) for cell in ("rnn", "gru")]
    predictors |= {"rnn": Partial(), "gru": Partial()}
    found = agreement(runs)
    assert [judgement.name for judgement in found.judgements] == ["rnn", "gru"]
    assert len(found.judgements[0].pairs) == 2000
    assert agreement(str(runs[0]), pairs=3).judgements[0].name == "rnn"


def test_blimp_by_paradigm(tmp_path, predictors, monkeypatch):
    pairs = [{"good": f"good {i}", "bad": f"bad {i}", "paradigm": "ab"[i // 4] * 3} for i in range(6)]
    monkeypatch.setattr("seqtasks.data.blimp.read_blimp", lambda names, data_dir: pairs)
    predictors["run"] = Partial([f"good {i}" for i in range(3)])
    found = agreement([make_run(tmp_path / "run")], blimp=["aaa", "bbb"])
    cells = [line.split() for line in found.table().splitlines()]
    assert ["aaa", "4", "0.500", "0.750"] in cells
    assert ["bbb", "2", "0.500", "0.000"] in cells
    assert ["all", "6", "0.500", "0.500"] in cells
    found.plot(tmp_path / "blimp.png")
    with pytest.raises(UsageError, match="one of pairs and blimp"):
        agreement([tmp_path / "run"], blimp=["aaa"], pairs=3)


def test_subjects_are_runs_and_exports_of_language_models(tmp_path):
    run = make_run(tmp_path / "run", "gru", seed=3)
    export = make_run(tmp_path / "export" / "1", "rnn", file="seqtasks.json")
    (export / "saved_model.pb").write_bytes(b"")
    subjects = subjects_of([run, export.parent])
    assert [(one.folder, one.cell, one.seed) for one in subjects] == [(run, "gru", 3), (export, "rnn", 1)]


def test_what_is_no_language_model_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is no language model but of task sentiment"):
        subjects_of([make_run(tmp_path / "sentiment", task="sentiment")])
    with pytest.raises(UsageError, match="no such run or export"):
        subjects_of([tmp_path / "none"])
    with pytest.raises(UsageError, match="no run was given"):
        agreement([])
    with pytest.raises(UsageError, match="pairs must be at least 1"):
        agreement([make_run(tmp_path / "run")], pairs=0)
    (tmp_path / "run" / "config.json").write_text('{"task": ')
    with pytest.raises(SeqtasksError, match=r"config\.json cannot be read"):
        subjects_of([tmp_path / "run"])


@pytest.mark.parametrize(
    ("starts", "values", "expected"),
    [((0, 1, 3), (0, 1, 2, 3, 99), "0 1-2 1-2 3+ 3+"), ((0, 1), (0, 1), "0 1+")],
)
def test_bins(starts, values, expected):
    assert " ".join(probe._bin(value, starts) for value in values) == expected
