"""Likelihoods equal closed forms, are exact at extreme outputs, and agree in both array modules."""

import numpy as np
import pytest

from vaecli import choices
from vaecli.errors import OptionError
from vaecli.modelfile import metadata
from vaecli.probability.gaussian import (
    kl_to_standard_normal,
    log_normal,
    log_normal_standard,
    sample_posterior,
)
from vaecli.probability.likelihoods import LIKELIHOODS, likelihood, sigmoid


def bernoulli_cross_entropy(images, logits, xp):
    return -likelihood("bernoulli").log_prob(images, {"logits": logits}, xp)


def test_cross_entropy_equals_its_definition():
    """For moderate logits the cross-entropy is -x log p - (1 - x) log(1 - p)."""
    rng = np.random.default_rng(0)
    x, logits = rng.random((4, 5)), rng.normal(size=(4, 5)) * 3
    p = 1 / (1 + np.exp(-logits))
    expected = -x * np.log(p) - (1 - x) * np.log1p(-p)
    np.testing.assert_allclose(bernoulli_cross_entropy(x, logits, np), expected, rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_is_exact_at_huge_logits(dtype):
    """At |logit| = 1e4 a pixel that is right costs 0, one that is wrong 1e4, and a grey one half of that."""
    x = np.array([1, 0, 0, 1, 0.5, 0.5], dtype)
    logits = np.array([1e4, -1e4, 1e4, -1e4, 1e4, -1e4], dtype)
    with np.errstate(all="raise", under="ignore"):
        cost = bernoulli_cross_entropy(x, logits, np)
    assert cost.dtype == dtype
    assert cost.tolist() == [0, 0, 1e4, 1e4, 5e3, 5e3]


def test_cross_entropy_is_least_at_the_pixel_itself():
    """The best logit of a grey pixel is its log-odds, where the cost is the pixel's entropy."""
    x = np.array([0.1, 0.5, 0.8])
    best = np.log(x / (1 - x))
    entropy = -x * np.log(x) - (1 - x) * np.log(1 - x)
    np.testing.assert_allclose(bernoulli_cross_entropy(x, best, np), entropy, rtol=1e-12)
    assert np.all(bernoulli_cross_entropy(x, best + 0.1, np) > entropy)
    assert np.all(bernoulli_cross_entropy(x, best - 0.1, np) > entropy)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_picture_explains_itself_best(name):
    """At its own mean `log_prob_at` is `log_prob`, and no mean gives a pixel more than the pixel itself."""
    pixels = likelihood(name)
    outputs = {output: np.linspace(-5, 5, 101) for output in pixels.outputs}
    x = np.random.default_rng(0).random(101)
    at_mean = pixels.log_prob_at(x, pixels.mean(outputs, np), outputs, np)
    np.testing.assert_allclose(at_mean, pixels.log_prob(x, outputs, np), rtol=1e-9)
    assert np.all(pixels.log_prob_at(x, x, outputs, np) >= at_mean)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_black_and_white_pixels_have_no_entropy(dtype):
    """A pixel of 0 or 1 explains itself wholly, at a cost of exactly 0; a grey one costs its entropy."""
    x = np.array([0, 1, 0.5], dtype)
    with np.errstate(all="raise"):
        own = likelihood("bernoulli").log_prob_at(x, x, {}, np)
    assert own.dtype == dtype
    assert own.tolist() == [0, 0, pytest.approx(-np.log(2))]


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_pixels_have_a_distribution(name):
    """The probabilities of all pixel values sum to 1, and their mean is `mean`, for any output."""
    outputs = {output: np.linspace(-40, 40, 101) for output in likelihood(name).outputs}
    values = {"bernoulli": (0.0, 1.0)}[name]
    probabilities = [np.exp(likelihood(name).log_prob(x, outputs, np)) for x in values]
    np.testing.assert_allclose(sum(probabilities), 1, rtol=1e-12)
    expected = sum(x * p for x, p in zip(values, probabilities, strict=True))
    np.testing.assert_allclose(likelihood(name).mean(outputs, np), expected, rtol=1e-9, atol=1e-15)


def test_the_mean_is_the_sigmoid():
    """For Bernoulli `mean` is sigmoid(logits), without overflow at any logit."""
    logits = np.array([-1e4, -3.0, 0.0, 0.5, 1e4])
    with np.errstate(all="raise", under="ignore"):
        mean = likelihood("bernoulli").mean({"logits": logits}, np)
    np.testing.assert_allclose(mean[1:4], 1 / (1 + np.exp(-logits[1:4])), rtol=1e-14)
    assert mean[[0, 4]].tolist() == [0, 1]
    assert sigmoid(logits, np).tolist() == mean.tolist()


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize("mean", [0.01, 0.2, 0.5, 0.73, 0.99])
def test_initial_outputs_give_the_mean(name, mean):
    """An untrained decoder whose biases are the initial outputs gives the mean of the data."""
    outputs = likelihood(name).initial_outputs(mean)
    assert tuple(outputs) == likelihood(name).outputs
    assert float(likelihood(name).mean(outputs, np)) == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize(("mean", "nearest"), [(0.0, 0.01), (1.0, 0.99)])
def test_initial_outputs_are_finite(name, mean, nearest):
    """Data that are all black or all white give the nearest finite outputs."""
    assert likelihood(name).initial_outputs(mean) == likelihood(name).initial_outputs(nearest)


def test_every_name_has_a_likelihood_and_outputs():
    """The names that options accept are those of the likelihoods, and of the outputs that metadata may name."""
    assert set(choices.LIKELIHOODS) == set(LIKELIHOODS) == set(metadata.OUTPUTS)
    for name, known in LIKELIHOODS.items():
        assert likelihood(name) is known and known.name == name
        assert metadata.OUTPUTS[name] == known.outputs


@pytest.mark.parametrize("name", ["gaussian", "", "Bernoulli", None, 3, ["bernoulli"]])
def test_unknown_likelihoods_are_refused(name):
    """The error names the likelihoods that there are."""
    with pytest.raises(OptionError, match="--likelihood must be bernoulli, got "):
        likelihood(name)


def test_normal_densities_integrate_to_one():
    """Normal densities sum to 1 on a fine grid, and the standard one equals the general one for (0, 1)."""
    z = np.linspace(-30, 30, 60_001)
    for mean, log_var in [(0.0, 0.0), (2.0, 1.5), (-1.0, -2.0)]:
        density = np.exp(log_normal(z, mean, np.float64(log_var), np))
        assert density.sum() * 1e-3 == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(log_normal_standard(z, np), log_normal(z, 0.0, np.float64(0), np))


def test_sample_posterior_scales_by_the_deviation():
    """Noise 0 gives the mean, and noise 1 one standard deviation above it."""
    z_mean, z_log_var = np.array([[1.0, -2.0]]), np.log([[4.0, 9.0]])
    assert sample_posterior(z_mean, z_log_var, np.zeros((1, 2)), np).tolist() == [[1, -2]]
    np.testing.assert_allclose(sample_posterior(z_mean, z_log_var, np.ones((1, 2)), np), [[3, 1]])


@pytest.mark.train
def test_numpy_and_keras_compute_the_same():
    """Every formula gives equal float32 numbers with numpy and with keras.ops."""
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
        by_numpy, by_keras = formula(*arguments, np), formula(*map(ops.convert_to_tensor, arguments), ops)
        np.testing.assert_allclose(ops.convert_to_numpy(by_keras), by_numpy, rtol=2e-5, atol=1e-6)
