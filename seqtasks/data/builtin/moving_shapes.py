"""Generated clips of a shape that does something, among shapes that do nothing.

No single frame gives the activity away. What a shape does goes round and round: one that moves to the
left comes back in on the right, one that has grown starts over small, and every clip begins somewhere on
the way. So place, size and colour in any one frame are spread alike for all activities, and only the
order of the frames tells them apart. `meet` and `part` have two such shapes, the others have shapes that
stand still beside the one.
"""

import numpy as np

from seqtasks.task import Example

SIZES = {"train": 600, "validation": 100, "test": 100}
FRAMES = 16
SIZE = 32

_SMALLEST, _LARGEST = 2.5, 6.5
# Between the middles of two shapes; half the frame's size is the farthest there is.
_NEAREST, _FARTHEST = 5.0, 15.0
# Pixels a frame.
_SPEEDS = (1.0, 2.5)
# Rounds of a clip, for all that goes to and fro.
_ROUNDS = (0.7, 1.6)
_NOISE = 10.0
_LEAST_CONTRAST = 70


def generate(seed: int = 1) -> dict[str, list[Example]]:
    """Returns clips by split, the same ones for the same seed, with equally many of each activity.

    Args:
        seed: Seed of everything random.
    """
    rng = np.random.default_rng(seed)
    splits = {}
    for split, size in SIZES.items():
        names = [ACTIVITIES[i % len(ACTIVITIES)] for i in range(size)]
        rng.shuffle(names)
        splits[split] = [{"frames": _clip(rng, name), "label": name} for name in names]
    return splits


def show(*activities: str, seed: int = 1) -> list[np.ndarray]:
    """Returns a clip of each activity, uint8 `[FRAMES, SIZE, SIZE, 3]`.

    Args:
        activities: Some of `ACTIVITIES`.
        seed: Seed of everything random.
    """
    rng = np.random.default_rng(seed)
    return [_clip(rng, name) for name in activities]


def _clip(rng: np.random.Generator, name: str) -> np.ndarray:
    """Returns a clip, uint8 `[FRAMES, SIZE, SIZE, 3]`."""
    start = rng.uniform(0, SIZE, 2)
    still = np.zeros((FRAMES, 2))
    radius = np.full(FRAMES, rng.uniform(_SMALLEST, _LARGEST))
    count = rng.integers(1, 3)
    if name in _PAIRS:
        angle, half = rng.uniform(0, 2 * np.pi), _PAIRS[name](rng)[:, None] / 2
        way = half * (np.cos(angle), np.sin(angle))
        shapes = [(start + way, radius), (start - way, np.full(FRAMES, rng.uniform(_SMALLEST, _LARGEST)))]
        count -= 1
    else:
        path = _PATHS[name](rng) if name in _PATHS else still
        shapes = [(start + path, _RADII[name](rng) if name in _RADII else radius)]
    for _ in range(count):
        place = rng.uniform(0, SIZE, 2) + still
        shapes.append((place, np.full(FRAMES, rng.uniform(_SMALLEST, _LARGEST))))
    background = rng.uniform(0, 255, 3)
    clip = np.tile(background + rng.normal(0, 2 * _NOISE, (1, SIZE, SIZE, 1)), (FRAMES, 1, 1, 1))
    # Which is drawn over which tells nothing either.
    for index in rng.permutation(len(shapes)):
        clip += _cover(rng, *shapes[index])[..., None] * (_colour(rng, background) - clip)
    clip += rng.normal(0, _NOISE, clip.shape)
    return np.clip(np.round(clip), 0, 255).astype(np.uint8)


def _cover(rng: np.random.Generator, place: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Returns how much of each pixel a shape covers, `[FRAMES, SIZE, SIZE]`; the frame's edges meet."""
    grid = np.arange(SIZE) + 0.5
    x, y = (np.abs((grid - at[:, None] + SIZE / 2) % SIZE - SIZE / 2) for at in place.T)
    x, y = x[:, None, :], y[:, :, None]
    distance = _SHAPES[rng.integers(len(_SHAPES))](x, y)
    return np.clip(radius[:, None, None] - distance + 0.5, 0, 1)


def _colour(rng: np.random.Generator, background: np.ndarray) -> np.ndarray:
    while True:
        colour = rng.uniform(0, 255, 3)
        if np.abs(colour - background).mean() >= _LEAST_CONTRAST:
            return colour


def _straight(x: float, y: float):
    """Moves at an even pace; down is further down the rows."""

    def path(rng: np.random.Generator) -> np.ndarray:
        return np.arange(FRAMES)[:, None] * rng.uniform(*_SPEEDS) * (x, y)

    return path


def _circle(turn: int):
    """Moves in a circle; 1 is clockwise, as rows count downwards."""

    def path(rng: np.random.Generator) -> np.ndarray:
        angle = 2 * np.pi * (rng.uniform() + turn * rng.uniform(*_ROUNDS) * np.arange(FRAMES) / FRAMES)
        return rng.uniform(4, 9) * np.stack([np.cos(angle), np.sin(angle)], axis=1)

    return path


def _sawtooth(low: float, high: float, turn: int):
    """Goes evenly from one value to the other, and starts over."""

    def values(rng: np.random.Generator) -> np.ndarray:
        return low + (high - low) * ((rng.uniform() + turn * rng.uniform(*_ROUNDS) * np.arange(FRAMES) / FRAMES) % 1)

    return values


_PATHS = {
    "moves left": _straight(-1, 0),
    "moves right": _straight(1, 0),
    "moves up": _straight(0, -1),
    "moves down": _straight(0, 1),
    "circles clockwise": _circle(1),
    "circles counterclockwise": _circle(-1),
}
_RADII = {"grows": _sawtooth(_SMALLEST, _LARGEST, 1), "shrinks": _sawtooth(_SMALLEST, _LARGEST, -1)}
_PAIRS = {"meet": _sawtooth(_NEAREST, _FARTHEST, -1), "part": _sawtooth(_NEAREST, _FARTHEST, 1)}
_SHAPES = (
    lambda x, y: np.hypot(x, y),
    lambda x, y: np.maximum(x, y) * 1.1,
    lambda x, y: (x + y) * 0.8,
    lambda x, y: np.maximum(np.minimum(x, y) * 3, np.maximum(x, y)),
)

ACTIVITIES = (*_PATHS, *_RADII, *_PAIRS)
"""What can happen in a clip."""
