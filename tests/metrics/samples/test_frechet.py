"""The Fréchet distance: closed forms, sets of lower rank, bias, standard error."""

import numpy as np
import pytest

from vaecli.errors import DataError
from vaecli.metrics.samples.frechet import ROWS, frechet


def with_moments(rng, count, mean, covariance):
    """Return features (N, F) whose mean and covariance are exactly these."""
    raw = rng.normal(size=(count, len(mean)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T)).T)
    return white @ np.linalg.cholesky(covariance).T + mean


def test_closed_form_of_scaled_and_shifted_gaussians(rng):
    """FD(N(0, I), N(m, s^2 I)) = |m|^2 + F (1 - s)^2."""
    mean = rng.normal(size=8)
    reference = with_moments(rng, 500, np.zeros(8), np.eye(8))
    samples = with_moments(rng, 400, mean, 0.49 * np.eye(8))
    assert frechet(reference, samples).distance == pytest.approx(mean @ mean + 8 * 0.3**2, rel=1e-10)


def test_closed_form_of_covariances_that_commute(rng):
    """With the same axes the distance is the squared difference of the standard deviations."""
    axes = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    a, b = rng.uniform(0.1, 3, size=(2, 6))
    reference = with_moments(rng, 300, np.ones(6), axes @ np.diag(a**2) @ axes.T)
    samples = with_moments(rng, 350, np.ones(6), axes @ np.diag(b**2) @ axes.T)
    assert frechet(reference, samples).distance == pytest.approx(np.square(a - b).sum(), rel=1e-9)


def test_covariances_that_do_not_commute(rng):
    """The distance equals the one by the eigenvalues of S1^(1/2) S2 S1^(1/2), and is symmetric."""
    x, y = (rng.normal(size=(200, 5)) @ rng.normal(size=(5, 5)) for _ in range(2))
    first, second = np.cov(x.T), np.cov(y.T)
    values, vectors = np.linalg.eigh(first)
    root = vectors @ np.diag(np.sqrt(values)) @ vectors.T
    trace = np.sqrt(np.linalg.eigvalsh(root @ second @ root)).sum()
    expected = np.square(x.mean(0) - y.mean(0)).sum() + np.trace(first + second) - 2 * trace
    assert frechet(x, y).distance == pytest.approx(expected, rel=1e-9)
    assert frechet(y, x).distance == pytest.approx(expected, rel=1e-9)


def test_sets_of_lower_rank_are_exact(rng):
    """Equal sets of few images in many dimensions are at 0, and at exactly 1 after a shift by 1."""
    few = rng.normal(size=(20, 64)) * 5
    assert frechet(few, few).distance == pytest.approx(0, abs=1e-10)
    assert frechet(few, few + np.eye(64)[0]).distance == pytest.approx(1, abs=1e-10)


def test_a_constant_set_has_the_variance_of_the_other(rng):
    """Samples that are all equal have no covariance: what is left is the shift and the reference's variance."""
    reference = rng.normal(size=(400, 5))
    expected = reference.var(axis=0, ddof=1).sum() + np.square(reference.mean(0) - 2).sum()
    result = frechet(reference, np.full((300, 5), 2.0))
    assert result.distance == pytest.approx(expected, rel=1e-10)
    assert np.isfinite(result.error)


def test_blocks_change_nothing(rng):
    """More images than fit in a block give the moments of all of them."""
    reference = rng.normal(size=(2 * ROWS + 7, 3)) + 10
    expected = np.square(reference.std(axis=0, ddof=1)).sum()
    constant = np.tile(reference.mean(axis=0), (5, 1))
    assert frechet(reference, constant).distance == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("dimensions", "count"), [(16, 500), (16, 2000), (64, 1000)])
def test_bias_of_finite_sets(rng, dimensions, count):
    """Two sets of one N(0, I) are at 2 F / n + F (F + 1) / (2 (n - 1)) in the mean, not at 0."""
    draws = [frechet(*rng.normal(size=(2, count, dimensions))).distance for _ in range(10)]
    expected = 2 * dimensions / count + dimensions * (dimensions + 1) / (2 * (count - 1))
    assert np.mean(draws) == pytest.approx(expected, rel=0.1)


def test_the_standard_error_is_the_spread_over_draws(rng):
    """Over many draws of both sets, the standard deviation of the distance is the mean of its standard error."""
    scale = np.linspace(0.5, 2, 6)
    results = [
        frechet(rng.normal(size=(300, 6)), rng.normal(size=(500, 6)) * scale + 0.4) for _ in range(300)
    ]
    spread = np.std([result.distance for result in results])
    assert np.mean([result.error for result in results]) == pytest.approx(spread, rel=0.15)


@pytest.mark.parametrize("noise", [0.2, 0.5])
def test_the_standard_error_of_pairs_is_the_spread_over_draws(rng, noise):
    """Where each sample is made from an image of the reference, the pairs are drawn, not both sets on their own."""
    results = []
    for _ in range(200):
        x = rng.normal(size=(300, 6))
        results.append(frechet(x, 0.7 * x + noise * rng.normal(size=x.shape), paired=True))
    spread = np.std([result.distance for result in results])
    assert np.mean([result.error for result in results]) == pytest.approx(spread, rel=0.15)


def test_the_standard_error_of_equal_distributions_is_too_large(rng):
    """There the distance has no term of the first order, which the error is made of: it is too large."""
    results = [frechet(*rng.normal(size=(2, 300, 8))) for _ in range(200)]
    spread = np.std([result.distance for result in results])
    assert 1.2 < np.mean([result.error for result in results]) / spread < 1.7


def test_one_image_has_no_covariance(rng):
    """One image is refused, and so is none."""
    for count in (0, 1):
        with pytest.raises(DataError, match=f"at least 2 images of the samples, got {count}"):
            frechet(rng.normal(size=(10, 3)), np.ones((count, 3)))
