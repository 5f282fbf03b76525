"""The likelihoods against closed forms, at the extremes and in both array modules."""

import numpy as np
import pytest

from vaecli.probability.gaussian import (
    kl_to_standard_normal,
    log_normal,
    log_normal_standard,
    sample_posterior,
)
from vaecli.probability.likelihoods import likelihood


def bernoulli_cross_entropy(images, logits, xp):
    return -likelihood("bernoulli").log_prob(images, {"logits": logits}, xp)


def test_cross_entropy_equals_its_definition():
    """For moderate logits it is -x log p - (1 - x) log(1 - p)."""
    rng = np.random.default_rng(0)
    x, logits = rng.random((4, 5)), rng.normal(size=(4, 5)) * 3
    p = 1 / (1 + np.exp(-logits))
    expected = -x * np.log(p) - (1 - x) * np.log1p(-p)
    np.testing.assert_allclose(bernoulli_cross_entropy(x, logits, np), expected, rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_is_exact_at_huge_logits(dtype):
    """At |logit| = 1e4 a sure and right pixel costs 0, a sure and wrong one 1e4, a grey one half of it."""
    x = np.array([1, 0, 0, 1, 0.5, 0.5], dtype)
    logits = np.array([1e4, -1e4, 1e4, -1e4, 1e4, -1e4], dtype)
    with np.errstate(all="raise", under="ignore"):
        cost = bernoulli_cross_entropy(x, logits, np)
    assert cost.dtype == dtype
    assert cost.tolist() == [0, 0, 1e4, 1e4, 5e3, 5e3]


def test_cross_entropy_is_least_at_the_pixel_itself():
    """The best logit of a grey pixel is its own, and the cost there is the pixel's entropy."""
    x = np.array([0.1, 0.5, 0.8])
    best = np.log(x / (1 - x))
    entropy = -x * np.log(x) - (1 - x) * np.log(1 - x)
    np.testing.assert_allclose(bernoulli_cross_entropy(x, best, np), entropy, rtol=1e-12)
    assert np.all(bernoulli_cross_entropy(x, best + 0.1, np) > entropy)
    assert np.all(bernoulli_cross_entropy(x, best - 0.1, np) > entropy)


def test_probabilities_of_black_and_white_sum_to_one():
    """exp(-cost) of x = 0 and of x = 1 are a distribution, for any logit."""
    logits = np.linspace(-40, 40, 101)
    total = sum(np.exp(-bernoulli_cross_entropy(x, logits, np)) for x in (0.0, 1.0))
    np.testing.assert_allclose(total, 1, rtol=1e-12)


def test_normal_densities_integrate_to_one():
    """The densities sum to one on a fine grid, and the standard one is the general one at (0, 1)."""
    z = np.linspace(-30, 30, 60_001)
    for mean, log_var in [(0.0, 0.0), (2.0, 1.5), (-1.0, -2.0)]:
        density = np.exp(log_normal(z, mean, np.float64(log_var), np))
        assert density.sum() * 1e-3 == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(log_normal_standard(z, np), log_normal(z, 0.0, np.float64(0), np))


def test_sample_posterior_scales_by_the_deviation():
    """Noise 0 is the mean; noise 1 is one standard deviation above it."""
    z_mean, z_log_var = np.array([[1.0, -2.0]]), np.log([[4.0, 9.0]])
    assert sample_posterior(z_mean, z_log_var, np.zeros((1, 2)), np).tolist() == [[1, -2]]
    np.testing.assert_allclose(sample_posterior(z_mean, z_log_var, np.ones((1, 2)), np), [[3, 1]])


@pytest.mark.train
def test_numpy_and_keras_compute_the_same():
    """Every formula gives the same float32 numbers from numpy and from keras.ops."""
    from keras import ops

    rng = np.random.default_rng(0)
    x = rng.random((6, 7)).astype(np.float32)
    a, b, c = (rng.normal(size=(3, 6, 7)) * 4).astype(np.float32)
    for formula, arguments in [
        (bernoulli_cross_entropy, (x, a * 100)),
        (kl_to_standard_normal, (a, b)),
        (sample_posterior, (a, b, c)),
        (log_normal_standard, (a,)),
        (log_normal, (a, b, c)),
    ]:
        ours, theirs = formula(*arguments, np), formula(*map(ops.convert_to_tensor, arguments), ops)
        np.testing.assert_allclose(ops.convert_to_numpy(theirs), ours, rtol=2e-5, atol=1e-6)
