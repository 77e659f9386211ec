import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from seqtasks.decoding.sampling import choose, random_numbers

from .conftest import filtered

numbers_of = tf.function(random_numbers)
RNG = np.random.default_rng(0)
SCORES = np.array([0.3, -1.0, 2.0, 1.2, -0.4, 0.9, -3.0])
DRAWS = 20_000
FILTERS = {
    "plain": {},
    "cold": {"temperature": 0.5},
    "hot": {"temperature": 3.0},
    "top_k": {"top_k": 3},
    "top_p": {"top_p": 0.8},
    "both": {"top_k": 4, "top_p": 0.9},
    "all": {"top_k": 5, "top_p": 0.7, "temperature": 1.7},
}


def draw(scores, numbers, temperature=1.0, top_k=0, top_p=1.0):
    """Draws once a row; wishes may be one for all rows."""
    rows = len(numbers)
    return choose(
        tf.cast(np.broadcast_to(scores, (rows, np.shape(scores)[-1])), tf.float32),
        tf.cast(numbers, tf.float32),
        tf.cast(np.broadcast_to(temperature, rows), tf.float32),
        tf.cast(np.broadcast_to(top_k, rows), tf.int32),
        tf.cast(np.broadcast_to(top_p, rows), tf.float32),
    ).numpy()


@pytest.mark.parametrize("name", FILTERS)
def test_symbols_come_as_often_as_they_are_likely(name):
    wanted = filtered(SCORES, **FILTERS[name])
    found = np.bincount(draw(SCORES, RNG.random(DRAWS), **FILTERS[name]), minlength=len(SCORES))
    assert not found[wanted == 0].any()
    assert stats.chisquare(found[wanted > 0], DRAWS * wanted[wanted > 0]).pvalue > 1e-3


@pytest.mark.parametrize("wishes", [{}, {"top_k": 3}, {"top_p": 0.1}, {"top_k": 2, "top_p": 0.5}])
def test_no_temperature_takes_the_likeliest(wishes):
    assert draw(SCORES, RNG.random(100), temperature=0, **wishes).tolist() == [2] * 100
    assert draw([1.0, 3.0, 3.0], RNG.random(9), temperature=0).tolist() == [1] * 9


def test_filters_exclude_what_they_should_and_nothing_else():
    for _ in range(50):
        scores = RNG.normal(size=6)
        wishes = {
            "temperature": RNG.choice([0.7, 1.0, 2.0]),
            "top_k": RNG.integers(0, 9),
            "top_p": RNG.choice([0.0, 0.3, 0.6, 0.95, 1.0]),
        }
        wanted = filtered(scores, **wishes)
        found = np.bincount(draw(scores, RNG.random(2000), **wishes), minlength=6) / 2000
        assert not found[wanted == 0].any(), wishes
        assert found[wanted > 0.02].all(), wishes
        np.testing.assert_allclose(found, wanted, atol=0.06, err_msg=str(wishes))


@pytest.mark.parametrize(
    ("wishes", "kept"),
    [
        ({"top_k": 1}, {2}),
        ({"top_k": 2}, {2, 3, 5}),  # equally likely
        ({"top_k": 100}, {0, 1, 2, 3, 4, 5}),
        ({"top_p": 0.0}, {2}),
        ({"top_k": 4, "top_p": 0.0}, {2}),
    ],
)
def test_filters_at_their_ends(wishes, kept):
    scores = np.array([0.0, -1.0, 2.0, 1.0, -0.5, 1.0])
    assert set(draw(scores, RNG.random(2000), **wishes).tolist()) == kept


@pytest.mark.parametrize("wishes", [{}, {"top_k": 5}, {"top_p": 0.99}])
def test_what_must_not_be_drawn_is_not(wishes):
    barred = np.array([-np.inf, 1.0, -np.inf, 0.5, -np.inf])
    for temperature in (1e-4, 1.0, 1e4):
        found = draw(barred, [0.0, 0.3, 0.999, 1 - 2**-24], temperature=temperature, **wishes)
        assert set(found.tolist()) <= {1, 3}


@pytest.mark.parametrize("temperature", [1e-6, 1e-20, 1e-37])
def test_hardly_any_temperature_takes_the_likeliest(temperature):
    assert draw(50 * SCORES, RNG.random(100), temperature=temperature).tolist() == [2] * 100
    assert draw(50 * SCORES, RNG.random(100), temperature=temperature, top_k=3, top_p=0.9).tolist() == [2] * 100


def test_a_row_does_not_know_of_the_others():
    rows = 60
    scores, numbers = RNG.normal(size=(rows, 9)), RNG.random(rows)
    wishes = {
        "temperature": RNG.choice([0.0, 0.5, 1.0, 2.0], rows),
        "top_k": RNG.choice([0, 2, 5, 50], rows),
        "top_p": RNG.choice([1.0, 0.9, 0.2], rows),
    }
    together = draw(scores, numbers, **wishes)
    free = (wishes["top_k"] == 0) & (wishes["top_p"] == 1)
    assert 0 < free.sum() < rows
    for rest in (np.arange(rows)[::-1], np.flatnonzero(free), np.flatnonzero(~free)):
        part = draw(scores[rest], numbers[rest], **{name: values[rest] for name, values in wishes.items()})
        np.testing.assert_array_equal(part, together[rest])
    for i in range(rows):
        alone = draw(scores[[i]], numbers[[i]], **{name: values[[i]] for name, values in wishes.items()})
        assert alone[0] == together[i]


def test_many_symbols_come_as_often_as_they_are_likely():
    size, draws = 1000, 60_000
    scores = RNG.normal(size=size)
    wanted = draws * np.exp(scores) / np.exp(scores).sum()
    found = np.zeros(size)
    for _ in range(20):
        found += np.bincount(draw(scores, RNG.random(draws // 20)), minlength=size)
    often = wanted > 5
    assert stats.chisquare(found[often], wanted[often] * found[often].sum() / wanted[often].sum()).pvalue > 1e-3


def test_rounding_hardly_ever_moves_a_draw():
    scores, numbers = RNG.normal(size=(1000, 5000)) * 2, RNG.random(1000)
    rounded = scores * (1 + RNG.normal(size=scores.shape) * 1e-6)
    assert (draw(scores, numbers) != draw(rounded, numbers)).sum() <= 1


@pytest.mark.parametrize("wishes", [{}, {"top_k": 3}])
def test_no_rows(wishes):
    assert draw(SCORES, [], **wishes).shape == (0,)


def test_more_steps_leave_the_first_random_numbers_as_they_are():
    seeds = tf.constant([0, 1, -5, 2**31 - 1, 1])
    longest = random_numbers(seeds, 200).numpy()
    assert longest.shape == (5, 200)
    for length in (0, 1, 63, 64, 65, 128):
        np.testing.assert_array_equal(random_numbers(seeds, tf.constant(length)), longest[:, :length])
    np.testing.assert_array_equal(longest[1], longest[4])
    assert len(np.unique(longest[:4])) > 790


def test_random_numbers_follow_from_the_seed_alone():
    together = random_numbers(tf.range(-20, 20), 70)
    np.testing.assert_array_equal(random_numbers(tf.range(19, -21, -1), 70), together[::-1])
    np.testing.assert_array_equal(random_numbers(tf.constant([7]), 70)[0], together[27])


def test_random_numbers_are_even_over_seeds_and_steps():
    numbers = numbers_of(tf.range(1000), 130).numpy()
    assert numbers.dtype == np.float32
    assert 0 <= numbers.min() < numbers.max() < 1
    for part in (numbers, numbers[:, 0], numbers[:, 64], numbers[5]):
        assert stats.kstest(part.ravel(), "uniform").pvalue > 1e-3
    for one, other in ((numbers[:-1, 0], numbers[1:, 0]), (numbers[:, 0], numbers[:, 64]), (numbers[3], numbers[4])):
        assert stats.pearsonr(one, other).pvalue > 1e-3


def test_random_numbers_of_no_rows():
    assert random_numbers(tf.zeros([0], tf.int32), 3).shape == (0, 3)
