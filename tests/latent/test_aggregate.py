"""`vaecli.latent.aggregate`: the aggregated posterior as Gaussians, and latents along its dimensions."""

import numpy as np
import pytest

from vaecli.latent.aggregate import along, plane, posterior_variance, probabilities, quantiles, sweep


@pytest.mark.parametrize("variance", [0.001, 0.03, 0.5, 1.0])
def test_the_posterior_variance_follows_from_the_kl(variance):
    """Posteriors of one variance: the KL of N(m, v) in closed form gives v back."""
    means = np.random.default_rng(0).normal(0.1, 0.9, 1000)
    kl = np.mean((variance + means**2 - 1 - np.log(variance)) / 2)
    arrays = [np.array([number]) for number in (kl, means.mean(), means.var())]
    assert posterior_variance(*arrays) == pytest.approx(variance, rel=1e-6)


def test_an_unused_dimension_has_the_variance_of_the_prior():
    """KL 0 means N(0, 1), also where rounding makes the KL negative."""
    assert posterior_variance(np.array([0.0, -1e-9]), np.zeros(2), np.zeros(2)) == pytest.approx(
        [1, 1], rel=1e-3
    )


@pytest.mark.parametrize("steps", [2, 3, 11, 200])
def test_quantiles_have_their_probabilities(steps):
    """As many samples of the Gaussian lie below each quantile as its probability says; 1 % to 99 %, symmetric."""
    expected = probabilities(steps)
    values = quantiles(np.array([3.0]), np.array([2.0]), steps)[0]
    samples = np.random.default_rng(1).normal(3.0, 2.0, 100_000)
    below = [(samples < value).mean() for value in values]
    np.testing.assert_allclose(below, expected, atol=0.006)
    np.testing.assert_allclose([expected[0], expected[-1]], [0.01, 0.99])
    np.testing.assert_allclose(expected + expected[::-1], 1)
    np.testing.assert_allclose(np.diff(values), np.diff(values)[0])


def test_along_changes_one_dimension():
    """All others stay those of the centre."""
    z = along([1.0, 2.0, 3.0], 1, [-5, 0, 5])
    assert z.dtype == np.float32
    np.testing.assert_array_equal(z, [[1, -5, 3], [1, 0, 3], [1, 5, 3]])


def test_a_plane_reads_like_a_map():
    """The first dimension grows to the right, the second upwards."""
    z = plane([0.0, 9.0, 0.0], (2, 0), [1, 2], [10, 20])
    np.testing.assert_array_equal(z, [[20, 9, 1], [20, 9, 2], [10, 9, 1], [10, 9, 2]])


@pytest.mark.parametrize("start", [0.0, -2.0, 2.0, 3.5])
def test_a_sweep_is_a_loop_at_one_speed(start):
    """It begins at the start, reaches both ends, and its last step leads back to the start."""
    values = sweep(start, -2.0, 2.0, 4000)
    assert values[0] == start
    assert values.min() == pytest.approx(-2, abs=0.01) and values.max() == pytest.approx(
        max(2, start), abs=0.01
    )
    steps = np.abs(np.diff([*values, start]))
    assert steps.max() < 1.001 * steps[10]
