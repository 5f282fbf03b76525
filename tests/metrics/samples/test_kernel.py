"""The kernel distance: unbiased, by hand, standard error."""

import itertools

import numpy as np
import pytest

from vaecli.errors import DataError
from vaecli.metrics.samples import distances
from vaecli.metrics.samples.kernel import kernel_distance


def by_hand(x, y):
    """Return the estimator, one pair at a time."""

    def kernel(a, b):
        return (a @ b / len(a) + 1) ** 3

    within = [np.mean([kernel(a, b) for a, b in itertools.permutations(rows, 2)]) for rows in (x, y)]
    return sum(within) - 2 * np.mean([kernel(a, b) for a in x for b in y])


def test_every_pair_counts_once(rng):
    """The value is that of the definition, for sets of different sizes."""
    x, y = rng.normal(size=(9, 4)), rng.normal(size=(13, 4)) + 0.5
    assert kernel_distance(x, y).distance == pytest.approx(by_hand(x, y), rel=1e-12)
    assert kernel_distance(y, x).distance == pytest.approx(by_hand(x, y), rel=1e-12)


def test_blocks_change_nothing(rng, monkeypatch):
    """In several blocks of a few rows the sums are those of all pairs."""
    monkeypatch.setattr(distances, "BLOCK_BYTES", 8 * 60 * 7)
    x, y = rng.normal(size=(100, 3)), rng.normal(size=(60, 3)) + 1
    values = (x @ x.T / 3 + 1) ** 3
    np.fill_diagonal(values, 0)
    other = (y @ y.T / 3 + 1) ** 3
    np.fill_diagonal(other, 0)
    n, m = len(x), len(y)
    expected = (
        values.sum() / (n * (n - 1)) + other.sum() / (m * (m - 1)) - 2 * ((x @ y.T / 3 + 1) ** 3).mean()
    )
    assert kernel_distance(x, y).distance == pytest.approx(expected, rel=1e-10)


def test_zero_in_the_mean(rng):
    """Sets of one distribution are at 0 in the mean, on both sides of it."""
    draws = np.array([kernel_distance(*rng.normal(size=(2, 60, 8))).distance for _ in range(400)])
    assert abs(draws.mean()) < 3 * draws.std() / np.sqrt(len(draws))
    assert (draws < 0).mean() > 0.3


def test_the_standard_error_is_the_spread_over_draws(rng):
    """The standard error is the spread; where the distributions are equal, it is at most 1.6 of it."""
    for shift, least, most in ((0.5, 0.8, 1.2), (0.0, 0.9, 1.6)):
        results = [
            kernel_distance(rng.normal(size=(100, 5)), rng.normal(size=(150, 5)) + shift) for _ in range(200)
        ]
        spread = np.std([result.distance for result in results])
        assert least < np.mean([result.error for result in results]) / spread < most


def test_the_jackknife_of_pairs_by_hand(rng):
    """The standard error is that of the estimator itself, each pair left out in turn; the value stays."""
    x = rng.normal(size=(12, 4))
    y = 0.7 * x + 0.3 * rng.normal(size=x.shape)
    without = [by_hand(np.delete(x, i, axis=0), np.delete(y, i, axis=0)) for i in range(12)]
    result = kernel_distance(x, y, paired=True)
    assert result.distance == kernel_distance(x, y).distance
    assert result.error == pytest.approx(np.sqrt(11 * np.var(without)), rel=1e-9)


@pytest.mark.parametrize("noise", [0.2, 0.5])
def test_the_standard_error_of_pairs_is_the_spread_over_draws(rng, noise):
    """Where each sample is made from an image of the reference, the pairs are drawn, not both sets on their own."""
    results = []
    for _ in range(200):
        x = rng.normal(size=(200, 5)) + 0.5
        results.append(kernel_distance(x, 0.7 * x + noise * rng.normal(size=x.shape), paired=True))
    spread = np.std([result.distance for result in results])
    assert np.mean([result.error for result in results]) == pytest.approx(spread, rel=0.2)


def test_two_images_are_too_few(rng):
    """The jackknife leaves one out, and a pair must remain."""
    with pytest.raises(DataError, match="at least 3 images"):
        kernel_distance(rng.normal(size=(10, 3)), np.ones((2, 3)))
