"""The density of a mixture is a density, and is that of its Gaussians."""

import numpy as np
import pytest

from vaecli.latent.mixture import BLOCK_BYTES, Mixture, feature_count

FULL = Mixture(
    np.array([0.7, 0.3]),
    np.array([[0.0, 1.0], [2.0, -1.0]]),
    np.array([[[0.6, 0.0], [0.5, 0.4]], [[0.3, 0.0], [-0.2, 0.9]]]),
)
DIAGONAL = Mixture(FULL.weights, FULL.means, np.array([[0.6, 0.4], [0.3, 0.9]]))


def plain(mixture, z):
    """Compute log p(z) of latents (n, D) from the covariances, one component at a time."""
    total = 0.0
    for weight, mean, scale in zip(mixture.weights, mixture.means, mixture.scales, strict=True):
        covariance = scale @ scale.T if scale.ndim == 2 else np.diag(scale**2)
        away = z - mean
        quadratic = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
        total = total + weight * np.exp(-quadratic / 2) / np.sqrt(np.linalg.det(2 * np.pi * covariance))
    return np.log(total)


@pytest.mark.parametrize("mixture", [FULL, DIAGONAL])
def test_log_prob_is_that_of_the_gaussians(mixture):
    """The matrix products give the textbook formula, for any leading shape."""
    z = np.random.default_rng(0).normal(size=(3, 5, 2))
    expected = plain(mixture, z.reshape(-1, 2)).reshape(3, 5)
    np.testing.assert_allclose(mixture.log_prob(z), expected, rtol=1e-12)
    assert mixture.log_prob(z[0, 0]).shape == ()


@pytest.mark.parametrize("mixture", [FULL, DIAGONAL])
def test_the_density_integrates_to_one(mixture):
    """The sum over a fine grid is 1."""
    axis = np.linspace(-8, 8, 641)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    assert np.exp(mixture.log_prob(grid)).sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(1.0, abs=1e-6)


def test_latents_far_away_have_a_finite_density():
    """No exponential underflows to log 0, and no digit is lost to a distant origin."""
    assert np.isfinite(FULL.log_prob([[1e6, -1e6]])).all()
    moved = Mixture(FULL.weights, FULL.means + 1e5, FULL.scales)
    np.testing.assert_allclose(moved.log_prob([[1e5, 1e5]]), FULL.log_prob([[0.0, 0.0]]), rtol=1e-9)


def test_many_latents_are_computed_in_blocks():
    """More latents than a block holds give the values of each alone; none gives none."""
    count = 2 * BLOCK_BYTES // (8 * feature_count(2, diagonal=False)) + 3
    z = np.random.default_rng(0).normal(size=(count, 2))
    np.testing.assert_allclose(FULL.log_prob(z)[-3:], FULL.log_prob(z[-3:]), rtol=1e-12)
    assert FULL.log_prob(np.empty((0, 2))).shape == (0,)
