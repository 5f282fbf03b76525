"""Priors are known by their names, and their densities, samples and KL agree."""

import numpy as np
import pytest

from vaecli.choices import PRIORS
from vaecli.errors import ModelError
from vaecli.latent.draws import rows
from vaecli.latent.priors import StandardNormal, prior


@pytest.mark.parametrize("name", PRIORS)
def test_every_prior_is_known_by_its_name(name):
    """Each name that metadata may hold can be built, and says its name."""
    assert prior(name).name == name


def test_an_unknown_prior_is_refused():
    """An unknown name is an error: such a file is never sampled from N(0, I)."""
    for name in ("flow", "", "Normal", None, 3, ["normal"]):
        with pytest.raises(ModelError, match="prior must be normal, got "):
            prior(name)


def test_arrays_of_the_standard_normal():
    """N(0, I) has no parameters, so a file needs no arrays of it."""
    assert StandardNormal().arrays() == {}


def test_row_by_row():
    """Sample i depends only on row i of the normals and words."""
    drawn = rows(0, 6, 3, seed=1)
    complete = StandardNormal().sample(drawn.normals, drawn.words)
    for i in range(6):
        np.testing.assert_array_equal(
            StandardNormal().sample(drawn.normals[i : i + 1], drawn.words[i : i + 1])[0], complete[i]
        )


def test_standard_normal_integrates_to_one():
    """The density sums to 1 over a fine grid of the plane."""
    axis = np.linspace(-8, 8, 401)
    z = np.stack(np.meshgrid(axis, axis), axis=-1)
    density = np.exp(StandardNormal().log_prob(z))
    assert density.sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(1.0, abs=1e-9)


def test_samples_are_the_normals():
    """Samples of N(0, I) are the normals, whatever the spare words."""
    drawn = rows(0, 5, 3, seed=1)
    np.testing.assert_array_equal(StandardNormal().sample(drawn.normals, drawn.words), drawn.normals)


def test_kl_is_the_mean_of_sampled_log_ratios():
    """The closed form equals a Monte Carlo estimate of log q(z) - log p(z)."""
    z_mean, z_log_var = np.array([[0.5, -1.0]]), np.array([[-0.7, 0.3]])
    noise = rows(0, 200_000, 2, seed=3).normals.astype(np.float64)
    z = z_mean + np.exp(z_log_var / 2) * noise
    log_q = (-0.5 * (np.log(2 * np.pi) + z_log_var + noise**2)).sum(axis=1)
    estimate = (log_q - StandardNormal().log_prob(z)).mean()
    assert StandardNormal().kl(z_mean, z_log_var)[0] == pytest.approx(estimate, abs=0.01)
