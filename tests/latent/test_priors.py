"""Priors: samples and densities belong together."""

import typing

import numpy as np
import pytest

from vaecli.choices import PRIORS, PriorName
from vaecli.errors import ModelError
from vaecli.latent.draws import rows
from vaecli.latent.priors import StandardNormal, prior


@pytest.mark.parametrize("name", PRIORS)
def test_every_prior_is_known_by_its_name(name):
    """The names that options and metadata admit are those that can be built."""
    assert prior(name).name == name
    assert typing.get_args(PriorName) == PRIORS


def test_an_unknown_prior_is_refused():
    """A file of a later version is an error, never sampled from N(0, I)."""
    with pytest.raises(ModelError, match="must be normal, got 'flow'"):
        prior("flow")


def test_standard_normal_integrates_to_one():
    """The density over a fine grid of the plane sums to 1."""
    axis = np.linspace(-8, 8, 401)
    z = np.stack(np.meshgrid(axis, axis), axis=-1)
    density = np.exp(StandardNormal().log_prob(z))
    assert density.sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(1.0, abs=1e-9)


def test_samples_are_the_normals():
    """N(0, I) takes the rows as they are, whatever the spare words."""
    drawn = rows(0, 5, 3, seed=1)
    np.testing.assert_array_equal(StandardNormal().sample(drawn.normals, drawn.words), drawn.normals)


def test_kl_is_the_mean_of_sampled_log_ratios():
    """The closed form against a Monte Carlo estimate of log q(z) - log p(z)."""
    z_mean, z_log_var = np.array([[0.5, -1.0]]), np.array([[-0.7, 0.3]])
    noise = rows(0, 200_000, 2, seed=3).normals.astype(np.float64)
    z = z_mean + np.exp(z_log_var / 2) * noise
    log_q = (-0.5 * (np.log(2 * np.pi) + z_log_var + noise**2)).sum(axis=1)
    estimate = (log_q - StandardNormal().log_prob(z)).mean()
    assert StandardNormal().kl(z_mean, z_log_var)[0] == pytest.approx(estimate, abs=0.01)
