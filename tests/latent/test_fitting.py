"""The fit of a mixture recovers a known one, never loses likelihood, and follows affine maps of the latents."""

import numpy as np
import pytest

from vaecli.errors import DataError, OptionError
from vaecli.latent.fitting import FitOptions, fit_mixture
from vaecli.latent.mixture import MAX_FULL, Mixture
from vaecli.latent.whitening import Whitening

WEIGHTS = np.array([0.5, 0.3, 0.2])
MEANS = np.array([[0.0, 0.0], [6.0, 1.0], [-2.0, 7.0]])
SCALES = np.array([[[1.0, 0.0], [0.5, 0.4]], [[0.3, 0.0], [-0.2, 1.2]], [[0.8, 0.0], [0.0, 0.8]]])
KNOWN = Mixture(WEIGHTS, MEANS, SCALES)


def draw(count, seed=0):
    """Draw latents (count, 2) from the known mixture."""
    rng = np.random.default_rng(seed)
    numbers = rng.choice(3, count, p=WEIGHTS)
    return MEANS[numbers] + np.einsum("nij,nj->ni", SCALES[numbers], rng.normal(size=(count, 2)))


def scattered(count, size, seed=0):
    """Draw latents without any cluster, of a skewed distribution, (count, size)."""
    rng = np.random.default_rng(seed)
    return np.exp(0.5 * rng.normal(size=(count, size))) @ rng.normal(size=(size, size))


def test_a_known_mixture_is_recovered():
    """Weights, means and covariances of 20,000 draws come back in decreasing order of weight."""
    mixture = fit_mixture(draw(20_000), FitOptions(3)).mixture
    np.testing.assert_allclose(mixture.weights, WEIGHTS, atol=0.01)
    np.testing.assert_allclose(mixture.means, MEANS, atol=0.05)
    covariances = mixture.scales @ mixture.scales.transpose(0, 2, 1)
    np.testing.assert_allclose(covariances, SCALES @ SCALES.transpose(0, 2, 1), atol=0.05)
    fresh = draw(5_000, seed=1)
    assert abs(float((mixture.log_prob(fresh) - KNOWN.log_prob(fresh)).mean())) < 0.01


@pytest.mark.parametrize("diagonal", [False, True])
def test_a_mixture_is_whitened_and_back(diagonal):
    """The map of a mixture and its inverse; the whitened density is that of the whitened latents."""
    mixture = Mixture(WEIGHTS, MEANS, np.abs(MEANS) + 0.1) if diagonal else KNOWN
    z = draw(200)
    whitening = Whitening.of(z, diagonal=diagonal)
    white = whitening.whitened(mixture)
    np.testing.assert_allclose(
        white.log_prob(whitening.apply(z)), mixture.log_prob(z) + whitening.log_determinant, rtol=1e-9
    )
    again = whitening.undo(white)
    np.testing.assert_allclose(again.means, mixture.means, atol=1e-12)
    np.testing.assert_allclose(again.scales, mixture.scales, atol=1e-12)


@pytest.mark.parametrize("diagonal", [False, True])
def test_em_never_lowers_the_likelihood(diagonal):
    """The mean log-density rises in each iteration, ends above one Gaussian's, and is that of the result."""
    z = scattered(3_000, 5)
    options = FitOptions(8, diagonal=diagonal, tolerance=0.0)
    fit = fit_mixture(z, options)
    assert np.diff(fit.log_likelihoods).min() > -1e-9
    one_gaussian = fit_mixture(z, FitOptions(1, diagonal=diagonal))
    assert fit.log_likelihoods[-1] > one_gaussian.log_likelihoods[-1] + 0.1
    assert float(fit.mixture.log_prob(z).mean()) == pytest.approx(fit.log_likelihoods[-1], abs=1e-9)
    assert fit.counts.sum() == pytest.approx(len(z))


def test_one_component_is_the_moments():
    """With one component the fit is the mean and the covariance of the latents."""
    z = scattered(1_000, 4)
    mixture = fit_mixture(z, FitOptions(1)).mixture
    np.testing.assert_allclose(mixture.means[0], z.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(
        mixture.scales[0] @ mixture.scales[0].T, np.cov(z.T, bias=True), rtol=1e-6, atol=1e-9
    )


def test_the_order_of_the_latents_does_not_matter():
    """Shuffled latents give the same density."""
    z = draw(2_000)
    shuffled = z[np.random.default_rng(3).permutation(len(z))]
    first, second = (fit_mixture(rows, FitOptions(3, tolerance=1e-9)).mixture for rows in (z, shuffled))
    np.testing.assert_allclose(first.log_prob(z), second.log_prob(z), atol=1e-3)


def test_an_affine_map_of_the_latents_maps_the_mixture():
    """Stretched, sheared and moved latents have the same densities, but for the determinant."""
    z = scattered(2_000, 3)
    matrix, offset = np.array([[3.0, 0.0, 0.0], [1.0, 0.2, 0.0], [-2.0, 5.0, 40.0]]), [1e3, -5.0, 0.1]
    mapped = z @ matrix.T + offset
    densities = fit_mixture(z, FitOptions(4)).mixture.log_prob(z)
    of_mapped = fit_mixture(mapped, FitOptions(4)).mixture.log_prob(mapped)
    np.testing.assert_allclose(of_mapped + np.log(3.0 * 0.2 * 40.0), densities, atol=1e-6)


def test_the_seed_decides():
    """The same seed gives the same arrays to the bit; another start gives others."""
    z = scattered(1_000, 4)
    first, again, other = (fit_mixture(z, FitOptions(6, seed=seed)).mixture for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.scales, again.scales)
    assert not np.array_equal(first.means, other.means)


def test_many_dimensions_have_diagonal_covariances():
    """Above 64 dimensions the covariances are diagonal, unless the caller says otherwise."""
    assert not fit_mixture(scattered(300, MAX_FULL), FitOptions(2)).mixture.is_diagonal
    assert fit_mixture(scattered(300, MAX_FULL + 1), FitOptions(2)).mixture.is_diagonal


@pytest.mark.parametrize("diagonal", [False, True])
def test_latents_without_spread(diagonal):
    """Equal latents, and dimensions that are constant, give a finite density."""
    z = np.zeros((50, 3))
    assert np.isfinite(fit_mixture(z, FitOptions(2, diagonal=diagonal)).mixture.log_prob(z)).all()
    z[:, 0] = np.linspace(-1, 1, 50)
    assert np.isfinite(fit_mixture(z, FitOptions(2, diagonal=diagonal)).mixture.log_prob(z)).all()


def test_small_components_are_refused():
    """A component with fewer latents than the caller allows is an error that names both numbers."""
    z = np.concatenate([draw(1_000), np.full((4, 2), 500.0)])
    assert fit_mixture(z, FitOptions(4)).counts.min() < 10
    with pytest.raises(DataError, match=r"at least 10 images, got 4\.0 in the smallest"):
        fit_mixture(z, FitOptions(4, fewest=10.0))


def test_numbers_of_components_out_of_range():
    """No component, too many, and more than latents are refused."""
    for components in (0, 1025):
        with pytest.raises(OptionError, match="--components must be at"):
            fit_mixture(draw(10), FitOptions(components))
    with pytest.raises(DataError, match="needs as many images, got 10"):
        fit_mixture(draw(10), FitOptions(11))
