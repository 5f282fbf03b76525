"""Priors are known by their names, and their densities, samples and KL agree."""

import numpy as np
import pytest

from vaecli.choices import PRIORS
from vaecli.errors import ModelError
from vaecli.latent.draws import rows
from vaecli.latent.mixture import Mixture
from vaecli.latent.priors import MixturePrior, StandardNormal, prior

RNG = np.random.default_rng(0)
FULL = Mixture(
    np.array([0.5, 0.3, 0.2]),
    np.array([[0.0, 0.0, 1.0], [4.0, 0.0, 0.0], [0.0, -3.0, 0.0]]),
    np.tril(RNG.normal(size=(3, 3, 3)), -1) + np.eye(3) * np.array([0.5, 1.0, 0.2]),
)
DIAGONAL = Mixture(FULL.weights, FULL.means, np.abs(RNG.normal(size=(3, 3))) + 0.1)
PLANE = Mixture(
    np.array([0.6, 0.4]), np.array([[0.0, 1.0], [2.0, 0.0]]), np.array([[[1.0, 0], [0.5, 0.3]]] * 2)
)


@pytest.mark.parametrize("name", PRIORS)
def test_every_prior_is_known_by_its_name(name):
    """Each name that metadata may hold can be built, and says its name."""
    assert prior(name, FULL).name == name


def test_a_mixture_without_components_is_refused():
    """A file that names a mixture and has none is never sampled from N(0, I)."""
    with pytest.raises(ModelError, match="needs its components"):
        prior("mixture")


def test_an_unknown_prior_is_refused():
    """An unknown name is an error: such a file is never sampled from N(0, I)."""
    for name in ("flow", "", "Normal", None, 3, ["normal"]):
        with pytest.raises(ModelError, match="prior must be normal or mixture, got "):
            prior(name)


def test_arrays_of_the_standard_normal():
    """N(0, I) has no parameters, so a file needs no arrays of it."""
    assert StandardNormal().arrays() == {}


def test_arrays_of_a_mixture():
    """A mixture is rebuilt from its arrays."""
    rebuilt = MixturePrior(Mixture(**MixturePrior(FULL).arrays()))
    z = RNG.normal(size=(5, 3))
    np.testing.assert_array_equal(rebuilt.log_prob(z), MixturePrior(FULL).log_prob(z))


@pytest.mark.parametrize("source", [StandardNormal(), MixturePrior(FULL), MixturePrior(DIAGONAL)])
def test_row_by_row(source):
    """Sample i depends only on row i of the normals and words, to the bit, in blocks or alone."""
    drawn = rows(0, 2100, 3, seed=1)
    complete = source.sample(drawn.normals, drawn.words)
    for i in (*range(6), 1023, 1024, 2099):
        alone = source.sample(drawn.normals[i : i + 1], drawn.words[i : i + 1])
        np.testing.assert_array_equal(alone[0], complete[i])


@pytest.mark.parametrize("mixture", [FULL, DIAGONAL])
def test_samples_of_a_mixture_have_its_moments(mixture):
    """Means and covariances of a million samples are those of the mixture, which is chosen by the words alone."""
    drawn = rows(0, 300_000, 3, seed=2)
    z = MixturePrior(mixture).sample(drawn.normals, drawn.words).astype(np.float64)
    factors = (
        mixture.scales if mixture.scales.ndim == 3 else np.stack([np.diag(row) for row in mixture.scales])
    )
    mean = mixture.weights @ mixture.means
    second = factors @ factors.transpose(0, 2, 1) + mixture.means[:, :, None] * mixture.means[:, None, :]
    covariance = np.einsum("k,kij->ij", mixture.weights, second) - np.outer(mean, mean)
    np.testing.assert_allclose(z.mean(axis=0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(z.T), covariance, atol=0.06)


def test_the_shares_of_the_components_are_the_weights():
    """With normals of zero, which a temperature of 0 gives, samples are the means, as often as the weights say."""
    drawn = rows(0, 100_000, 3, seed=3)
    z = MixturePrior(FULL).sample(np.zeros_like(drawn.normals), drawn.words)
    for weight, mean in zip(FULL.weights, FULL.means, strict=True):
        assert (z == mean.astype(np.float32)).all(axis=1).mean() == pytest.approx(weight, abs=0.006)


def test_the_largest_word_chooses_the_last_component():
    """A sum of weights just below 1 is no index beyond the last component."""
    mixture = Mixture(np.array([0.5, 0.5 - 1e-9]), FULL.means[:2], FULL.scales[:2])
    words = np.full((1, 4), 2**64 - 1, np.uint64)
    z = MixturePrior(mixture).sample(np.zeros((1, 3), np.float32), words)
    np.testing.assert_array_equal(z[0], mixture.means[1].astype(np.float32))


def test_the_kl_to_a_mixture_has_no_closed_form():
    """The KL is left to samples."""
    assert MixturePrior(FULL).kl(np.zeros((2, 3)), np.zeros((2, 3))) is None


@pytest.mark.parametrize("source", [StandardNormal(), MixturePrior(PLANE)])
def test_a_density_integrates_to_one(source):
    """The density sums to 1 over a fine grid of the plane."""
    axis = np.linspace(-8, 8, 801)
    z = np.stack(np.meshgrid(axis, axis), axis=-1)
    density = np.exp(source.log_prob(z))
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
