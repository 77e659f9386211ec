"""The loaders of music on real corpora, where they are at hand."""

from collections import Counter

import pytest

from seqtasks.data.midi_files import MidiFiles
from seqtasks.data.sources import ReadOptions
from seqtasks.data.tfds import read
from seqtasks.data.tfds_midi import TfdsMidi


@pytest.fixture(scope="module")
def chorales(corpora):
    folder = corpora / "files/music/jsb_chorales"
    return {name: MidiFiles().read(folder / name, ReadOptions()) for name in ("jsb-chorales-quarter.json", "midi")}


def sizes(dataset):
    return {split: (len(pieces), sum(len(p["frames"]) for p in pieces)) for split, pieces in dataset.splits.items()}


def intervals(frames):
    """Returns the frames as seen from their lowest pitch, which no transposition changes."""
    return [[pitch - frame[0] for pitch in frame] for frame in frames]


def test_chorales_have_the_published_counts(chorales):
    for dataset in chorales.values():
        assert sizes(dataset) == {"train": (229, 13_807), "validation": (76, 4_602), "test": (77, 4_725)}


@pytest.mark.parametrize(("split", "whole"), [("train", 141), ("validation", 43), ("test", 44)])
def test_chorales_of_both_sources_agree(chorales, split, whole):
    """The two hold the same pieces in another order, in JSON moved to C and up an octave.

    They come from two editions, which differ in passing notes and in the octave of some basses.
    """
    rolls, played = ([piece["frames"] for piece in dataset.splits[split]] for dataset in chorales.values())
    seen = {number: intervals(roll) for number, roll in enumerate(rolls)}
    matched, same, wholly = set(), 0, 0
    for frames in played:
        wanted = intervals(frames)
        alike = {n: sum(map(list.__eq__, wanted, roll)) for n, roll in seen.items() if len(roll) == len(frames)}
        best = max(alike, key=alike.get)
        matched.add(best)
        shifts = Counter(roll[0] - frame[0] for roll, frame in zip(rolls[best], frames, strict=True) if roll and frame)
        shift = shifts.most_common(1)[0][0]
        assert 6 <= shift <= 17
        equal = [[pitch + shift for pitch in frame] == roll for roll, frame in zip(rolls[best], frames, strict=True)]
        same += sum(equal)
        wholly += all(equal)
    assert len(matched) == len(rolls)
    assert wholly == whole
    assert same / sum(map(len, rolls)) > 0.975


def test_groove(corpora):
    dataset = read("groove/full-midionly", TfdsMidi(), ReadOptions(data_dir=str(corpora / "tfds")))
    assert sizes(dataset) == {"train": (897, 283_928), "validation": (124, 36_152), "test": (129, 34_959)}
    styles = {piece["key"] for pieces in dataset.splits.values() for piece in pieces}
    assert {"funk", "jazz", "rock"} <= styles
    assert len(styles) == 18
