"""The KL divergence equals values by hand and a Monte Carlo estimate; active units are those that vary."""

import numpy as np
import pytest

from vaecli.probability.gaussian import (
    active_units,
    kl_to_standard_normal,
    log_normal,
    log_normal_standard,
    sample_posterior,
)


def test_kl_of_the_prior_itself_is_zero():
    """KL(N(0, 1) || N(0, 1)) is exactly zero."""
    assert np.all(kl_to_standard_normal(np.zeros((3, 2)), np.zeros((3, 2)), np) == 0)


@pytest.mark.parametrize(
    ("mean", "var", "expected"),
    [(3.0, 1.0, 4.5), (0.0, np.e, 0.5 * (np.e - 2)), (1.0, 0.25, 0.5 * (0.25 + np.log(4)))],
)
def test_kl_closed_forms(mean, var, expected):
    """The KL equals (mu^2 + s^2 - 1 - log s^2) / 2, computed by hand."""
    assert kl_to_standard_normal(np.array([[mean]]), np.log([[var]]), np)[0, 0] == pytest.approx(expected)


def test_kl_is_never_negative():
    """The KL is at least 0 over a wide range of means and variances (Gibbs' inequality)."""
    rng = np.random.default_rng(0)
    assert kl_to_standard_normal(rng.normal(size=(500, 8)) * 3, rng.normal(size=(500, 8)) * 4, np).min() >= 0


def test_kl_agrees_with_monte_carlo():
    """The KL equals the mean of log q - log p over 200,000 samples, within four standard errors."""
    rng = np.random.default_rng(1)
    z_mean, z_log_var = np.array([[0.7, -1.3, 0.0]]), np.array([[-1.0, 0.4, -3.0]])
    z = sample_posterior(z_mean, z_log_var, rng.standard_normal((200_000, 3)), np)
    ratio = log_normal(z, z_mean, z_log_var, np) - log_normal_standard(z, np)
    error = ratio.std(axis=0) / np.sqrt(len(z))
    assert np.all(np.abs(ratio.mean(axis=0) - kl_to_standard_normal(z_mean, z_log_var, np)[0]) < 4 * error)


def test_active_units():
    """Dimensions whose mean has a variance above 0.01 over the images count; one image has none."""
    z_mean = np.zeros((100, 4), np.float32)
    z_mean[::2] = [0.0, 0.19, 0.21, 2.0]  # variances 0, 0.009, 0.011, 1
    assert active_units(z_mean) == 2
    assert active_units(z_mean + 1000) == 2  # summed in float64
    assert active_units(z_mean[:1]) == 0
