"""Standard errors of precision, recall, density and coverage: halves by hand, the spread over draws, odd sets."""

import numpy as np
import pytest

from vaecli.metrics.samples import distances
from vaecli.metrics.samples.compare import NEIGHBOURS, compare
from vaecli.metrics.samples.halves import CUTS, DRAWN, REAL, Balls
from vaecli.metrics.samples.neighbours import neighbours


def halves_of(images, stream):
    """Return which images (N,) are in the first half of each cut, (CUTS, N)."""
    cuts = Balls(images, (1,), stream).cuts
    return [(cuts >> np.uint64(cut)) & np.uint64(1) == 1 for cut in range(CUTS)]


def means(values):
    return np.array([getattr(values, name).mean() for name in NEIGHBOURS])


def variances_of(values):
    return np.array([getattr(values, name).var() for name in NEIGHBOURS])


@pytest.mark.parametrize("block_bytes", [distances.BLOCK_BYTES, 8 * 70 * 9])
def test_the_metrics_of_halves(rng, monkeypatch, block_bytes):
    """The errors are those that the definition gives if the metrics of each half are computed on their own."""
    monkeypatch.setattr(distances, "BLOCK_BYTES", block_bytes)
    x, y = rng.normal(size=(80, 3)), rng.normal(size=(70, 3)) * 0.8 + 0.3
    squares, variances = [], []
    for real, drawn in zip(halves_of(x, REAL), halves_of(y, DRAWN), strict=True):
        assert (real.sum(), drawn.sum()) == (40, 35)
        halves = neighbours(x[real], y[drawn]), neighbours(x[~real], y[~drawn])
        squares.append(np.square(means(halves[0]) - means(halves[1])))
        variances.append(np.mean([variances_of(half) for half in halves], axis=0))
    result = neighbours(x, y)
    factors = np.maximum(1, variances_of(result) / np.mean(variances, axis=0))
    expected = np.sqrt(factors * np.mean(squares, axis=0)) / 2
    assert [result.errors[name] for name in NEIGHBOURS] == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.5, 1.0), (0.0, 0.85)])
def test_the_standard_error_is_the_spread_over_draws(rng, shift, scale):
    """Over many draws of both sets, the standard deviation of each metric is the mean of its standard error.

    With the spread over the images of one set alone, the balls taken as they are, density has 0.5 to 0.7 of it.
    """
    results = [
        neighbours(rng.normal(size=(150, 6)), rng.normal(size=(200, 6)) * scale + shift) for _ in range(100)
    ]
    spread = np.std([means(result) for result in results], axis=0, ddof=1)
    errors = np.mean([[result.errors[name] for name in NEIGHBOURS] for result in results], axis=0)
    assert errors / spread == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(("noise", "shift"), [(0.3, 0.5), (0.7, 0.3)])
def test_the_standard_error_of_pairs_is_the_spread_over_draws(rng, noise, shift):
    """Where each sample is made from an image of the reference, a pair is in one half."""
    results = []
    for _ in range(100):
        x = rng.normal(size=(200, 6))
        results.append(neighbours(x, 0.7 * x + noise * rng.normal(size=x.shape) + shift, paired=True))
    spread = np.std([means(result) for result in results], axis=0, ddof=1)
    errors = np.mean([[result.errors[name] for name in NEIGHBOURS] for result in results], axis=0)
    assert errors / spread == pytest.approx(1, abs=0.25)


def test_fewer_images_than_neighbours_in_a_half(rng):
    """The fewest images that have five neighbours have finite errors, and so have images that are all equal."""
    result = compare(rng.normal(size=(7, 2)), rng.normal(size=(6, 2)))
    assert np.isfinite(list(result.errors.values())).all()
    same = neighbours(rng.normal(size=(50, 2)), np.ones((50, 2)))
    assert np.isfinite(list(same.errors.values())).all()


def test_shares_of_0_or_1_have_an_error(rng):
    """Where all halves have the same share, the error is that of a share of so many images, not 0."""
    reference = rng.normal(size=(100, 3))
    far = neighbours(reference, rng.normal(size=(90, 3)) + 50)
    expected = [np.sqrt(2 * (n + 2) / (n + 4) ** 3) for n in (90, 100, 100)]
    names = ("precision", "recall", "coverage")
    assert [getattr(far, name).mean() for name in names] == [0, 0, 0]
    assert [far.errors[name] for name in names] == pytest.approx(expected)
    same = neighbours(reference, reference, paired=True)
    assert [same.recall.mean(), same.coverage.mean()] == [1, 1]
    assert same.errors["recall"] == same.errors["coverage"] == pytest.approx(expected[1])


def test_the_same_twice(rng):
    """The cuts are random, but always the same."""
    x, y = rng.normal(size=(2, 60, 3))
    assert neighbours(x, y).errors == neighbours(x, y).errors
