from collections import Counter
from itertools import pairwise

import pytest

from seqtasks.data.builtin import melodies

NAMES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "Bb": 10, "B": 11}
# Written out here anew, so that the generator is not judged by its own tables.
TRIADS = {
    "major": {0: {0, 4, 7}, 2: {2, 5, 9}, 5: {5, 9, 0}, 7: {7, 11, 2}, 9: {9, 0, 4}},
    "minor": {0: {0, 3, 7}, 2: {2, 5, 8}, 3: {3, 7, 10}, 5: {5, 8, 0}, 7: {7, 11, 2}, 8: {8, 0, 3}, 10: {10, 2, 5}},
}
SCALES = {"major": {0, 2, 4, 5, 7, 9, 11}, "minor": {0, 2, 3, 5, 7, 8, 9, 10, 11}}
BAR = 8


@pytest.fixture(scope="module")
def splits():
    return melodies.generate(1)


@pytest.fixture(scope="module")
def every(splits):
    return [piece for pieces in splits.values() for piece in pieces]


def degrees(piece, pitches):
    tonic = NAMES[piece["key"].split()[0]]
    return {(pitch - tonic) % 12 for pitch in pitches}


def chord(piece, bar):
    """Returns the root of the triad of a bar: it is the bass's first pitch, and the strong beats fit its triad."""
    frames = piece["frames"][bar * BAR : (bar + 1) * BAR]
    (root,) = degrees(piece, frames[0][:1])
    triad = TRIADS[piece["key"].split()[1]][root]
    strong = [pitch for start in (0, BAR // 2) for pitch in frames[start]]
    accompaniment = [pitch for frame in frames for pitch in frame[:-1]]
    heard = degrees(piece, strong + accompaniment)
    assert heard <= triad, (piece["key"], bar, heard)
    assert len(heard) == 3 or sorted(triad - heard) == [(root + 7) % 12]
    return root


def test_deterministic_in_the_seed(splits):
    assert melodies.generate(1) == splits
    assert melodies.generate(2) != splits
    assert {name: len(pieces) for name, pieces in splits.items()} == melodies.SIZES


def test_pieces_are_well_formed_and_no_two_alike(every):
    assert {len(piece["frames"]) for piece in every} == {32, 48, 64}
    assert len({str(piece["frames"]) for piece in every}) == len(every)
    keys = Counter(piece["key"] for piece in every)
    assert len(keys) == 12
    assert min(keys.values()) > len(every) / 40
    for piece in every:
        mode = piece["key"].split()[1]
        for frame in piece["frames"]:
            assert 2 <= len(frame) <= 4
            assert frame == sorted(set(frame))
            assert 36 <= frame[0] <= frame[-1] <= 88
            assert degrees(piece, frame) <= SCALES[mode]


def test_strong_beats_hold_chords_that_end_in_a_cadence(every):
    for piece in every:
        chords = [chord(piece, bar) for bar in range(len(piece["frames"]) // BAR)]
        assert chords[-2:] == [7, 0]
        last = piece["frames"][-1]
        assert degrees(piece, [last[0], last[-1]]) == {0}
        assert piece["frames"][-BAR:] == [last] * BAR
        # Progression and melody start over after four bars.
        assert chords[4:-2] == chords[: max(0, len(chords) - 6)]
        for bar in range(4, len(chords) - 2):
            starts = [bar * BAR, bar * BAR + BAR // 2]
            tops = [(piece["frames"][start][-1], piece["frames"][start - 4 * BAR][-1]) for start in starts]
            assert all(now == before for now, before in tops)


def test_voices_move_little(every):
    steps, leading = Counter(), Counter()
    for piece in every:
        tops = [frame[-1] for frame in piece["frames"]]
        steps.update(abs(b - a) for a, b in pairwise(tops) if a != b)
        if all(len(frame) == 4 for frame in piece["frames"]):
            for before, after in pairwise(piece["frames"][::BAR]):
                leading.update(abs(b - a) for a, b in zip(before[1:3], after[1:3], strict=True))
    assert sum(steps[size] for size in (1, 2)) > 0.6 * steps.total()
    assert sum(count for size, count in steps.items() if size > 7) < 0.01 * steps.total()
    assert leading.total() > 500
    assert sum(size * count for size, count in leading.items()) < 2.5 * leading.total()
    assert sum(count for size, count in leading.items() if size > 5) < 0.04 * leading.total()


def test_the_chords_before_foretell_the_next(splits):
    """What a network with memory can learn: one chord tells something about the next, all of them tell more."""

    def sequences(pieces):
        return [[chord(piece, bar) for bar in range(len(piece["frames"]) // BAR)] for piece in pieces]

    known, asked = sequences(splits["train"]), sequences(splits["test"])

    def accuracy(context):
        follow = {}
        for chords in known:
            for i in range(1, len(chords)):
                follow.setdefault(tuple(chords[:i][-context:]), Counter())[chords[i]] += 1
        right = [
            follow[tuple(chords[:i][-context:])].most_common(1)[0][0] == chords[i]
            for chords in asked
            for i in range(1, len(chords))
        ]
        return sum(right) / len(right)

    most_common = Counter(root for chords in known for root in chords).most_common(1)[0][0]
    guessed = sum(chords[1:].count(most_common) for chords in asked) / sum(len(chords) - 1 for chords in asked)
    assert guessed + 0.2 < accuracy(1)
    assert accuracy(1) + 0.05 < accuracy(8)
