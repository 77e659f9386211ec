from collections import Counter

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from seqtasks.data.builtin import moving_shapes
from seqtasks.data.builtin.moving_shapes import ACTIVITIES, FRAMES, SIZE, SIZES


@pytest.fixture(scope="module")
def splits():
    return moving_shapes.generate(1)


@pytest.fixture(scope="module")
def arrays(splits):
    """The clips from 0 to 1, and their labels, of train and test."""
    return [
        (np.stack([row["frames"] for row in splits[name]]) / np.float32(255), [row["label"] for row in splits[name]])
        for name in ("train", "test")
    ]


def accuracy(classifier, features, arrays):
    (train, labels), (test, expected) = arrays
    return classifier.fit(features(train), labels).score(features(test), expected)


def linear():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))


def coarse(frame):
    """Returns the colours of the cells of an 8x8 grid."""
    return frame.reshape(len(frame), 8, SIZE // 8, 8, SIZE // 8, 3).mean((2, 4)).reshape(len(frame), -1)


def motion(clips):
    """Returns how what stands out from the background moves, turns and swells, from differences of frames."""
    background = np.median(clips, axis=(1, 2, 3), keepdims=True)
    seen = np.maximum(np.abs(clips - background).sum(-1) - 0.35, 0)
    change, between = np.diff(seen, axis=1), (seen[:, 1:] + seen[:, :-1]) / 2
    speeds = []
    for axis in (3, 2):
        slope = (np.roll(between, -1, axis) - np.roll(between, 1, axis)) / 2
        speeds.append(-(change * slope).sum((2, 3)) / ((slope**2).sum((2, 3)) + 1))
    x, y = speeds
    turn = x[:, :-1] * y[:, 1:] - y[:, :-1] * x[:, 1:]
    swelling = change.sum((2, 3)) / (between.sum((2, 3)) + 1)
    still = [np.abs(change).sum((2, 3)).mean(1), x.std(1), y.std(1), swelling.std(1)]
    return np.stack([*(np.mean(a, 1) for a in (x, y, turn)), *(np.median(a, 1) for a in (turn, swelling)), *still], 1)


def test_deterministic_in_the_seed(monkeypatch):
    monkeypatch.setattr(moving_shapes, "SIZES", {"train": 20, "test": 10})
    first, again, other = (moving_shapes.generate(seed) for seed in (1, 1, 2))
    for name, rows in first.items():
        assert [row["label"] for row in rows] == [row["label"] for row in again[name]]
        assert all(np.array_equal(row["frames"], same["frames"]) for row, same in zip(rows, again[name], strict=True))
        assert not np.array_equal(rows[0]["frames"], other[name][0]["frames"])


def test_clips_are_well_formed(splits):
    assert 8 <= len(ACTIVITIES) <= 10
    for name, rows in splits.items():
        assert Counter(row["label"] for row in rows) == dict.fromkeys(ACTIVITIES, SIZES[name] // len(ACTIVITIES))
        for row in rows:
            assert row["frames"].shape == (FRAMES, SIZE, SIZE, 3)
            assert row["frames"].dtype == np.uint8
            # Something stands out, and something happens.
            assert row["frames"].std() > 12
    assert len({row["frames"].tobytes() for rows in splits.values() for row in rows}) == sum(SIZES.values())


@pytest.mark.parametrize("time", [0, 7, FRAMES - 1])
def test_no_single_frame_gives_the_activity_away(arrays, time):
    def pixels(clips):
        return clips[:, time].reshape(len(clips), -1)

    assert accuracy(NearestCentroid(), pixels, arrays) < 0.2
    assert accuracy(RidgeClassifier(100), pixels, arrays) < 0.2
    assert accuracy(RidgeClassifier(1), lambda clips: coarse(clips[:, time]), arrays) < 0.2


def test_differences_of_frames_do(arrays):
    classifier = linear()
    assert accuracy(classifier, motion, arrays) > 0.7
    # Backwards, a clip shows the opposite, which is listed beside it.
    test, labels = arrays[1]
    opposite = [ACTIVITIES[ACTIVITIES.index(label) ^ 1] for label in labels]
    assert classifier.score(motion(test[:, ::-1]), opposite) > 0.7


def test_activities_are_what_they_are_called(arrays):
    (clips, labels), _ = arrays
    labels, found = np.array(labels), motion(clips)
    middles = {name: np.median(found[labels == name], axis=0) for name in ACTIVITIES}
    x, y, turn, _, swelling = range(5)
    assert middles["moves right"][x] > 0.2 > 0.05 > abs(middles["moves up"][x])
    assert middles["moves left"][x] < -0.2
    assert middles["moves down"][y] > 0.2
    assert middles["moves up"][y] < -0.2
    # Rows count downwards, so that turning from right to down is clockwise.
    assert middles["circles clockwise"][turn] > 0.02
    assert middles["circles counterclockwise"][turn] < -0.02
    assert middles["grows"][swelling] > 0.01
    assert middles["shrinks"][swelling] < -0.01


def test_clips_to_show():
    clips = moving_shapes.show("grows", "moves left")
    assert [(clip.shape, clip.dtype) for clip in clips] == [((FRAMES, SIZE, SIZE, 3), np.uint8)] * 2
    assert all(map(np.array_equal, clips, moving_shapes.show("grows", "moves left")))
    assert not np.array_equal(clips[0], moving_shapes.show("grows", seed=2)[0])
