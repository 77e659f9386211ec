"""Generated pieces of music: a melody over chords that follow common progressions and end in a cadence.

A piece has 4, 6 or 8 bars of four beats and one chord a bar. Its progression of four chords starts
over after four bars, and so does its melody; the last two bars are always the dominant and the tonic.
The melody holds chord tones on the first and third beat and moves stepwise between them. Two middle
voices and a bass accompany it, each moving as little as it can.
"""

import random
from itertools import combinations

from seqtasks.task import Example

SIZES = {"train": 400, "validation": 100, "test": 100}
FRAMES_PER_QUARTER = 2
BAR = 4 * FRAMES_PER_QUARTER

_HALF = BAR // 2
_MAJOR, _MINOR = "major", "minor"
_TONICS = {
    _MAJOR: {"C": 0, "G": 7, "D": 2, "A": 9, "F": 5, "Bb": 10},
    _MINOR: {"A": 9, "E": 4, "B": 11, "D": 2, "G": 7, "C": 0},
}
_SCALES = {_MAJOR: (0, 2, 4, 5, 7, 9, 11), _MINOR: (0, 2, 3, 5, 7, 8, 10)}
# Minor keys borrow the dominant's leading tone, and the step below it so that the melody has no gap.
_DOMINANT_OF_MINOR = (0, 2, 3, 5, 7, 9, 11)

TONIC, SUPERTONIC, MEDIANT, SUBDOMINANT, DOMINANT, SUBMEDIANT, SUBTONIC = range(7)
_PROGRESSIONS = {
    _MAJOR: (
        (TONIC, SUBDOMINANT, DOMINANT, TONIC),
        (SUPERTONIC, DOMINANT, TONIC, SUBMEDIANT),
        (SUBMEDIANT, SUBDOMINANT, TONIC, DOMINANT),
        (TONIC, SUBMEDIANT, SUBDOMINANT, DOMINANT),
        (TONIC, DOMINANT, SUBMEDIANT, SUBDOMINANT),
    ),
    _MINOR: (
        (TONIC, SUBDOMINANT, DOMINANT, TONIC),
        (SUPERTONIC, DOMINANT, TONIC, SUBMEDIANT),
        (TONIC, SUBMEDIANT, MEDIANT, SUBTONIC),
        (TONIC, SUBMEDIANT, SUBDOMINANT, DOMINANT),
        (TONIC, SUBTONIC, SUBMEDIANT, DOMINANT),
    ),
}

# The lengths of a bar's notes, in frames.
_RHYTHMS = ((2, 2, 2, 2), (4, 2, 2), (2, 2, 4), (3, 1, 2, 2), (3, 1, 4), (2, 1, 1, 2, 2), (4, 2, 1, 1), (6, 2))
_BEFORE_LAST = ((2, 2, 2, 2), (4, 2, 2), (3, 1, 2, 2))
_LAST = (BAR,)
# How likely the melody leaps so many places from one strong beat to the next; the last is for all wider ones.
_LEAPS = (0.3, 1, 1, 0.7, 0.4, 0.1, 0.001)
_MELODY_RANGE = range(67, 84)
_MIDDLE_RANGE = range(50, 69)
_BASS_RANGE = range(38, 54)


def generate(seed: int = 1) -> dict[str, list[Example]]:
    """Returns pieces by split, the same ones for the same seed, no two alike.

    Args:
        seed: Seed of everything random.
    """
    rng = random.Random(seed)
    seen: set[str] = set()
    return {split: [_new_piece(rng, seen) for _ in range(size)] for split, size in SIZES.items()}


def _new_piece(rng: random.Random, seen: set[str]) -> Example:
    while True:
        piece = _piece(rng)
        if str(piece["frames"]) not in seen:
            seen.add(str(piece["frames"]))
            return piece


def _piece(rng: random.Random) -> Example:
    mode = rng.choice((_MAJOR, _MINOR))
    name = rng.choice(list(_TONICS[mode]))
    bars = rng.choice((4, 6, 8))
    progression = rng.choice(_PROGRESSIONS[mode]) * 2
    degrees = [*progression[: bars - 2], DOMINANT, TONIC]
    chords = [_Chord(degree, mode, _TONICS[mode][name]) for degree in degrees]
    melody = _melody(rng, chords)
    accompany = rng.choice((_held, _struck, _broken))
    frames, voices = [], None
    for bar, chord in enumerate(chords):
        line = melody[bar * BAR : (bar + 1) * BAR]
        voices = _voices(chord, line, voices)
        last = bar == bars - 1
        accompaniment = [voices[:3]] * BAR if last else accompany(chord, *voices[:3])
        frames += [sorted({pitch, *below}) for pitch, below in zip(line, accompaniment, strict=True)]
    return {"frames": frames, "key": f"{name} {mode}"}


class _Chord:
    """A triad of a key, and the scale that goes with it.

    A place of the scale is a degree plus seven for every octave; place 0 is the tonic in MIDI's first octave.
    """

    def __init__(self, degree: int, mode: str, tonic: int):
        self.tonic = tonic
        self.scale = _DOMINANT_OF_MINOR if (mode, degree) == (_MINOR, DOMINANT) else _SCALES[mode]
        self.degrees = tuple((degree + third) % 7 for third in (0, 2, 4))
        self.root, self.third, self.fifth = ((tonic + self.scale[degree]) % 12 for degree in self.degrees)
        self.leading_tone = (tonic + 11) % 12

    def pitch(self, place: int) -> int:
        return self.tonic + 12 * (place // 7) + self.scale[place % 7]

    def places(self, pitches: range) -> list[int]:
        """Returns the places of the chord's own tones within a range of pitches."""
        return [place for place in range(75) if place % 7 in self.degrees and self.pitch(place) in pitches]

    def tones(self, pitches: range) -> list[int]:
        return [self.pitch(place) for place in self.places(pitches)]


def _melody(rng: random.Random, chords: list[_Chord]) -> list[int]:
    """Returns the melody's pitch in every frame."""
    pillars = _pillars(rng, chords)
    motifs = [rng.choice(_RHYTHMS) for _ in range(2)]
    rhythms = [motifs[bar % 2] for bar in range(len(chords) - 2)] + [rng.choice(_BEFORE_LAST), _LAST]
    line: list[int] = []
    for bar, (chord, rhythm) in enumerate(zip(chords, rhythms, strict=True)):
        onsets = [sum(rhythm[:i]) for i in range(len(rhythm))]
        place = None
        for onset, length in zip(onsets, rhythm, strict=True):
            half = onset // _HALF
            if onset % _HALF == 0:
                place = pillars[2 * bar + half]
            else:
                within = [other for other in onsets if other // _HALF == half and other % _HALF]
                target = pillars[2 * bar + half + 1]
                place = _step(place, target, len(within) - within.index(onset))
            line += [chord.pitch(place)] * length
    return line


def _pillars(rng: random.Random, chords: list[_Chord]) -> list[int]:
    """Returns the places of the melody on the first and third beat of every bar."""
    last = [place for place in chords[-1].places(_MELODY_RANGE) if place % 7 == TONIC]
    pillars: list[int] = []
    for bar, chord in enumerate(chords[:-1]):
        if 4 <= bar < len(chords) - 2:
            pillars += pillars[2 * (bar - 4) : 2 * (bar - 3)]
            continue
        for half in range(2):
            choices = chord.places(_MELODY_RANGE)
            if bar == len(chords) - 2 and half:
                # The leading tone or the second degree, a step from the tonic.
                choices = [place for place in choices if any(abs(place - tonic) == 1 for tonic in last)]
            before = pillars[-1] if pillars else rng.choice(choices)
            weights = [_LEAPS[min(abs(place - before), len(_LEAPS) - 1)] for place in choices]
            pillars += rng.choices(choices, weights)
    return pillars + [min(last, key=lambda tonic: abs(tonic - pillars[-1]))] * 2


def _step(place: int, target: int, left: int) -> int:
    """Returns the next place on the way to a target that is `left` notes after it."""
    way = target - place
    if abs(way) <= 1:
        # No room to pass through: the neighbour on the far side, or above.
        return place - way if way else place + 1
    return place + (1 if way > 0 else -1) * max(1, abs(way) // (left + 1))


def _voices(chord: _Chord, line: list[int], before: tuple[int, ...] | None) -> tuple[int, int, int, int]:
    """Returns bass, tenor, alto and the melody's first pitch, near those of the bar before."""
    candidates = [
        (bass, tenor, alto, line[0])
        for bass in _BASS_RANGE
        if bass % 12 == chord.root
        for tenor, alto in combinations(chord.tones(_MIDDLE_RANGE), 2)
        if bass + 3 <= tenor and alto < min(line)
    ]
    return min(candidates, key=lambda voices: (_cost(chord, voices, before), voices))


def _cost(chord: _Chord, voices: tuple[int, ...], before: tuple[int, ...] | None) -> int:
    heard = [pitch % 12 for pitch in voices]
    cost = 20 * (chord.third not in heard) + 4 * (chord.fifth not in heard)
    cost += 20 * (heard.count(chord.leading_tone) > 1) + 2 * max(0, voices[2] - voices[1] - 9)
    if before is None:
        # An open middle of the ranges leaves room to move either way.
        return cost + abs(voices[0] - 45) + abs(voices[1] - 55) + abs(voices[2] - 62)
    cost += sum(abs(new - old) for new, old in zip(voices[:3], before[:3], strict=True))
    for low, high in combinations(range(4), 2):
        interval = (voices[high] - voices[low]) % 12
        moved = voices[low] != before[low]
        cost += 8 * (moved and interval in (0, 7) and interval == (before[high] - before[low]) % 12)
    return cost


def _held(_chord: _Chord, bass: int, tenor: int, alto: int) -> list[tuple[int, ...]]:
    """Four voices that sing together."""
    return [(bass, tenor, alto)] * BAR


def _struck(chord: _Chord, bass: int, tenor: int, alto: int) -> list[tuple[int, ...]]:
    """Bass on the strong beats, root and fifth in turn, and chords on the weak ones."""
    fifth = bass + (chord.fifth - chord.root) % 12
    fifth -= 12 if fifth >= tenor else 0
    beats = ((bass,), (tenor, alto), (fifth,), (tenor, alto))
    return [beat for beat in beats for _ in range(FRAMES_PER_QUARTER)]


def _broken(_chord: _Chord, bass: int, tenor: int, alto: int) -> list[tuple[int, ...]]:
    """The bass held, and the middle voices in turn."""
    return [(bass, tenor if frame % 2 == 0 else alto) for frame in range(BAR)]
