"""`seqtasks inspect agreement`: does a language model make verbs agree with their subjects."""

import bisect
import json
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqtasks.config import Config
from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.files import replacing
from seqtasks.sections import NextSymbol

PAIRS = 2000
CHANCE = 0.5
# Nearer than this, in nats, two texts are the same symbols to a model, as where it knows neither form of a verb: they
# differ by rounding alone, for each stands in a batch of its own.
TIE = 1e-4

_PARADIGM = "BLiMP's paradigm"
_DISTANCES = (0, 1, 3, 5, 9, 13)
_ATTRACTORS = (0, 1, 2, 3)


@dataclass(frozen=True)
class Subject:
    """A language model to be examined.

    Args:
        folder: The folder of its run or export.
        cell: Its recurrent cell.
        seed: Its seed.
        cut: Whether its texts are cut into words already.
    """

    folder: Path
    cell: str
    seed: int
    cut: bool = False


@dataclass(frozen=True)
class Judgement:
    """What a model preferred.

    Args:
        name: What to call the model.
        pairs: Pairs `{"good", "bad"}` with what else is known of them.
        margins: log P(good) - log P(bad) of each, float64 `[N]`.
    """

    name: str
    pairs: list[dict]
    margins: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Whether the model preferred the good text, bool `[N]`; a tie is wrong."""
        return self.margins > TIE

    @property
    def ties(self) -> int:
        """How many pairs it found equally likely."""
        return int((np.abs(self.margins) <= TIE).sum())

    def accuracy(self, group_of: Callable[[dict], str]) -> dict[str, tuple[float, int]]:
        """Returns the accuracy and the number of pairs of each group.

        Args:
            group_of: Tells a pair's group.
        """
        groups = [group_of(pair) for pair in self.pairs]
        counts = Counter(groups)
        right = Counter(group for group, right in zip(groups, self.right, strict=True) if right)
        return {group: (right[group] / count, count) for group, count in counts.items()}


@dataclass(frozen=True)
class Agreement:
    """How often models preferred the good text of a pair.

    Args:
        title: What the pairs are, in words.
        judgements: One a model.
    """

    title: str
    judgements: list[Judgement]

    @property
    def groupings(self) -> dict[str, tuple[list[str], Callable[[dict], str]]]:
        """By what the pairs are told apart: the groups in order, and a function from a pair to its group."""
        pairs = [pair for judgement in self.judgements for pair in judgement.pairs]
        if "paradigm" in pairs[0]:
            names = list(dict.fromkeys(pair["paradigm"] for pair in pairs))
            return {_PARADIGM: (names, lambda pair: pair["paradigm"])}
        return {
            "words between the noun and its verb": (
                [_bin(start, _DISTANCES) for start in _DISTANCES],
                lambda pair: _bin(pair["distance"], _DISTANCES),
            ),
            "attractors: nouns of the other number between them": (
                [_bin(start, _ATTRACTORS) for start in _ATTRACTORS],
                lambda pair: _bin(pair["attractors"], _ATTRACTORS),
            ),
        }

    def table(self) -> str:
        """Returns accuracies by group and over all pairs, beside chance's, and how many pairs there are."""
        lines = [f"accuracy: {self.title}"]
        for title, (groups, group_of) in self.groupings.items():
            rows = [*self._rows(groups, group_of), *self._rows(["all"], lambda pair: "all")]
            names = [judgement.name for judgement in self.judgements]
            rows.insert(0, ["", "pairs", "chance", *names])
            widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
            lines += ["", f"by {title}"]
            for first, *others in rows:
                cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
                lines.append("  ".join([first.ljust(widths[0]), *cells]))
        ties = [
            f"{judgement.name}: ties, which count as wrong, in {judgement.ties:,} of {len(judgement.pairs):,} pairs; "
            "it may know neither form of the verb"
            for judgement in self.judgements
            if judgement.ties
        ]
        return "\n".join([*lines, *([""] if ties else []), *ties])

    def plot(self, path) -> None:
        """Draws accuracy by distance, or by paradigm, a line for each model.

        Args:
            path: The PNG file to write.
        """
        from matplotlib.figure import Figure

        title, (groups, group_of) = next(iter(self.groupings.items()))
        found = [judgement.accuracy(group_of) for judgement in self.judgements]
        groups = [group for group in groups if any(group in one for one in found)]
        figure = Figure(figsize=(max(8.0, 1.5 * len(groups)), 4.5), layout="constrained")
        axis = figure.subplots()
        for i, (judgement, accuracies) in enumerate(zip(self.judgements, found, strict=True)):
            # Side by side: models that are never wrong would hide one another.
            places = np.arange(len(groups)) + 0.08 * (i - (len(found) - 1) / 2)
            heights = [accuracies.get(group, (np.nan, 0))[0] for group in groups]
            line = "" if title == _PARADIGM else "-"
            axis.plot(places, heights, marker="o", markersize=5, linewidth=1, linestyle=line, label=judgement.name)
        axis.axhline(CHANCE, color="gray", linestyle=":", linewidth=1, label="chance")
        names = [textwrap.fill(group.replace("_", " "), 16) for group in groups]
        counts = [_count(found, group) for group in groups]
        labels = [f"{name}\n({count})" for name, count in zip(names, counts, strict=True)]
        axis.set_xticks(range(len(groups)), labels)
        axis.set_xlim(-0.5, len(groups) - 0.5)
        axis.set_xlabel(f"{title} (number of pairs)")
        axis.set_ylabel("accuracy")
        axis.set_title(self.title, fontsize="medium", wrap=True)
        axis.grid(alpha=0.3)
        axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=110, format="png")

    def _rows(self, groups: list[str], group_of) -> list[list[str]]:
        found = [judgement.accuracy(group_of) for judgement in self.judgements]
        return [
            [
                group,
                _count(found, group),
                f"{CHANCE:.3f}",
                *(f"{one[group][0]:.3f}" if group in one else "-" for one in found),
            ]
            for group in groups
        ]


def agreement(
    runs: Sequence,
    *,
    pairs: int | None = None,
    blimp: Sequence[str] = (),
    data_dir=None,
    output_dir="runs",
) -> Agreement:
    """Tells how often language models find a sentence likelier than the same with its verb in the wrong number.

    The pairs are generated, by `seqtasks.data.builtin.agreement.minimal_pairs`, with the seed of each model's run:
    they combine words that its training sentences, if they were generated too, do not. Or they are BLiMP's.

    Args:
        runs: Runs' or exports' folders, or tasks' names for their latest runs. A single one may stand alone.
        pairs: How many pairs to generate; 2000 when None.
        blimp: Paradigms of BLiMP to take instead.
        data_dir: Where TFDS keeps BLiMP.
        output_dir: Where runs are kept.

    Returns:
        An `Agreement`.

    Raises:
        SeqtasksError: With one clear line, for whatever the user can mend.

    Reference:
        Linzen et al., Assessing the Ability of LSTMs to Learn Syntax-Sensitive Dependencies, TACL 2016; Warstadt et
        al., BLiMP: The Benchmark of Linguistic Minimal Pairs for English, TACL 2020.
    """
    from seqtasks.data.builtin.agreement import minimal_pairs
    from seqtasks.serving.language import load_language_predictor

    runs, blimp = [runs] if isinstance(runs, str | Path) else list(runs), [blimp] if isinstance(blimp, str) else blimp
    subjects = subjects_of(runs, output_dir)
    if blimp and pairs is not None:
        raise UsageError("pairs counts generated pairs, and BLiMP has its own: give one of pairs and blimp")
    count = PAIRS if pairs is None else pairs
    if count < 1:
        raise UsageError(f"pairs must be at least 1. Received: {pairs}")
    if blimp:
        from seqtasks.data.blimp import as_the_model_writes, read_blimp

        read = read_blimp(dict.fromkeys(blimp), data_dir and str(data_dir))
        taken = {subject.seed: read for subject in subjects}
        title = "minimal pairs of BLiMP"
    else:
        taken = {subject.seed: minimal_pairs(subject.seed, count) for subject in subjects}
        title = f"generated minimal pairs (seed {', '.join(map(str, sorted(taken)))})"
    judgements = []
    for subject, name in zip(subjects, _names(subjects), strict=True):
        predictor, asked = load_language_predictor(subject.folder), taken[subject.seed]
        if blimp:
            asked = as_the_model_writes(asked, predictor, subject.cut)
        judgements.append(judge(predictor, asked, name))
    return Agreement(title, judgements)


def subjects_of(runs: Sequence, output_dir="runs") -> list[Subject]:
    """Finds language models, without TensorFlow.

    Args:
        runs: As for `agreement`.
        output_dir: Where runs are kept.

    Raises:
        UsageError: If there is no such run, or it is none of a language model.
        SeqtasksError: If it is damaged.
    """
    from seqtasks.serving.export import DESCRIPTION
    from seqtasks.training.run_folder import RunFolder, is_export, resolve

    if not runs:
        raise UsageError("no run was given")
    subjects = []
    for run in runs:
        folder = resolve(run, output_dir)
        file = folder / DESCRIPTION if is_export(folder) else RunFolder(folder).config
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            task, config = values["task"], Config.from_dict(values["config"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SeqtasksError(f"{file} cannot be read: {error!r}") from None
        if not isinstance(config.targets, NextSymbol):
            raise UsageError(f"{folder} is no language model but of task {task}. Use a run of a task such as word_lm")
        cut = getattr(config.inputs, "tokenizer", None) == "blanks" and config.inputs.unit == "word"
        subjects.append(Subject(folder, config.model.cell, config.training.seed, cut))
    return subjects


def judge(predictor, pairs: list[dict], name: str) -> Judgement:
    """Scores both texts of each pair.

    Args:
        predictor: Has `score`, see `seqtasks.serving.language.LanguagePredictor`.
        pairs: Pairs `{"good", "bad"}`.
        name: What to call the model.
    """
    scores = predictor.score([pair[kind] for kind in ("good", "bad") for pair in pairs])
    found = np.array([score["log_probability"] for score in scores], np.float64).reshape(2, -1)
    return Judgement(name, pairs, found[0] - found[1])


def _names(subjects: list[Subject]) -> list[str]:
    """Returns what to call the models: their cells, and where those are the same their seeds or folders too."""
    for name in ("{0.cell}", "{0.cell} seed {0.seed}", "{0.cell} {0.folder}"):
        names = [name.format(subject) for subject in subjects]
        if len(set(names)) == len(names):
            break
    return names


def _bin(value: int, starts: Sequence[int]) -> str:
    """Returns the name of the range that a number lies in, of those that begin at `starts`: `"0"`, `"1-2"`, `"3+"`."""
    index = bisect.bisect_right(starts, value) - 1
    if index == len(starts) - 1:
        return f"{starts[index]}+"
    last = starts[index + 1] - 1
    return str(last) if starts[index] == last else f"{starts[index]}-{last}"


def _count(found: list[dict[str, tuple[float, int]]], group: str) -> str:
    """Returns how many pairs of a group each model was given, from the fewest to the most."""
    counts = sorted({one.get(group, (0.0, 0))[1] for one in found})
    return f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,}-{counts[-1]:,}"
