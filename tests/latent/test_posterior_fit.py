"""The fit of a mixture to posteriors finds clusters, fits no noise, and never keeps a component of few images."""

import numpy as np
import pytest

from vaecli.errors import DataError, OptionError
from vaecli.latent.fitting import FitOptions, fit_mixture
from vaecli.latent.mixture import Mixture
from vaecli.latent.posterior_fit import Posteriors, fewest_images, fit_posteriors, gain

D = 3


def posteriors(count, seed=0, deviation=0.3):
    """Posteriors around three centres."""
    rng = np.random.default_rng(seed)
    centres = np.array([[3.0, 0, 0], [-3.0, 0, 0], [0, 3.0, 0]])[np.arange(count) % 3]
    mean = (centres + 0.2 * rng.normal(size=(count, D))).astype(np.float32)
    return Posteriors(mean, np.full((count, D), deviation, np.float32), seed)


def options(components, **more):
    return FitOptions(components, iterations=20, fewest=fewest_images(D), **more)


def test_clusters_are_found():
    """Three clusters become three components with the variance of means and posteriors together."""
    fit = fit_posteriors(posteriors(3000), options(3))
    np.testing.assert_allclose(fit.counts, 1000, atol=1)
    variances = np.square(fit.mixture.scales).sum(axis=2)
    np.testing.assert_allclose(variances, 0.2**2 + 0.3**2, rtol=0.1)


def test_the_same_seed_gives_the_same_mixture():
    """Fits repeat to the bit; other noise gives another mixture."""
    first, second, other = (fit_posteriors(posteriors(300, seed), options(3)).mixture for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.scales, second.scales)
    assert not np.array_equal(first.means, other.means)


@pytest.mark.parametrize("diagonal", [False, True])
def test_a_fit_goes_on_with_a_mixture(diagonal):
    """One iteration leaves a mixture of these posteriors nearly as it is; after k-means it is elsewhere."""
    found = posteriors(900, deviation=1.5)
    long = fit_posteriors(found, FitOptions(6, iterations=60, diagonal=diagonal)).mixture
    one = FitOptions(6, iterations=1, diagonal=diagonal)
    further, begun = (fit_posteriors(found, one, before=before).mixture for before in (long, None))
    z = found.sample(0)
    changes = [np.abs(mixture.log_prob(z) - long.log_prob(z)).mean() for mixture in (further, begun)]
    assert changes[0] < 0.15 and changes[0] < 0.7 * changes[1]


@pytest.mark.parametrize("diagonal", [False, True])
def test_fresh_samples_generalise_better(diagonal):
    """On other images, it has a larger density than a fit to one sample of each posterior."""
    training, validation = posteriors(600, deviation=1.0), posteriors(3000, seed=1, deviation=1.0)
    setting = FitOptions(12, iterations=40, diagonal=diagonal)
    fresh = fit_posteriors(training, setting).mixture
    fixed = fit_mixture(training.sample(0), setting).mixture
    assert gain(fresh, validation, range(3)) > gain(fixed, validation, range(3)) + 0.01


def test_small_components_are_removed_or_refused():
    """No component has fewer than 5 D images: with `prune` the others stay, without it the fit is refused."""
    few = posteriors(200)
    with pytest.raises(
        DataError, match=r"Each of the 13 components must have at least 15 images, .* got .* smallest"
    ):
        fit_posteriors(few, options(13))
    pruned = fit_posteriors(few, options(13), prune=True)
    assert 1 <= len(pruned.counts) < 13 and pruned.counts.min() >= 15
    assert pruned.mixture.weights.sum() == pytest.approx(1.0)


def test_fewer_images_than_one_component_needs():
    """14 images in 3 dimensions have no mixture, and 15 have one."""
    with pytest.raises(DataError, match=r"at least 15 images, or it would copy them, got 14"):
        fit_posteriors(posteriors(14), options(1), prune=True)
    assert len(fit_posteriors(posteriors(15), options(1)).counts) == 1


@pytest.mark.parametrize("components", [0, -1, 1025, 2.5, True])
def test_a_number_of_components_out_of_range(components):
    """Such a number is refused."""
    with pytest.raises(OptionError, match="--components must be"):
        fit_posteriors(posteriors(20), options(components))


def test_gain_of_the_standard_normal():
    """N(0, I) as a mixture gains nothing, and one far away loses."""
    normal = Mixture(np.ones(1), np.zeros((1, D)), np.eye(D)[None])
    far = Mixture(np.ones(1), np.full((1, D), 5.0), np.eye(D)[None])
    assert gain(normal, posteriors(50), [0, 1]) == pytest.approx(0.0, abs=1e-9)
    assert gain(far, posteriors(50), [0]) < -1
