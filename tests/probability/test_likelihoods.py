"""Likelihoods equal closed forms, are exact at extreme outputs, and agree in both array modules."""

import decimal

import numpy as np
import pytest

from vaecli import choices
from vaecli.errors import OptionError
from vaecli.modelfile import metadata
from vaecli.probability.bernoulli import sigmoid
from vaecli.probability.gaussian import (
    kl_to_standard_normal,
    log_normal,
    log_normal_standard,
    sample_posterior,
)
from vaecli.probability.likelihoods import LIKELIHOODS, from_metadata, likelihood


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


# name -> the values of a pixel, (V,), and the weight of each in a sum: 1, or for a density the width of an interval
GRIDS = {
    "bernoulli": (np.array([0.0, 1.0]), 1.0),
    "continuous-bernoulli": ((np.arange(200_000) + 0.5) / 200_000, 1 / 200_000),
    "gaussian": (np.arange(-200_000, 300_000) / 100_000, 1 / 100_000),
    "logistic": (np.arange(256) / 255, 1.0),
}


def output_grid(name, dtype):
    """Return outputs, each (R,), that cover all signs and sizes, and all combinations of two outputs."""
    if name == "logistic":
        location, log_scale = np.meshgrid(np.linspace(-4, 4, 17), np.linspace(-9, 9, 19))
        return {"location": location.ravel().astype(dtype), "log_scale": log_scale.ravel().astype(dtype)}
    logits = np.array([-80, -40, -7, -1.3, -0.3, -1e-4, 0, 1e-3, 0.5, 1.2, 9, 40, 80], dtype)
    if (
        name == "gaussian"
    ):  # as in training, where the decoder's numbers come with log sigma; below -6 it is -6
        logits, log_sigma = np.meshgrid(logits, np.array([-20, -6, -4, -1.5], dtype))
        return {"logits": logits.ravel(), "log_sigma": log_sigma.ravel()}
    return {"logits": logits}


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_picture_explains_itself_best(name):
    """At its own mean `log_prob_at` is `log_prob`, and no mean gives a pixel more than the pixel itself."""
    pixels = likelihood(name)
    outputs = {output: np.linspace(-1, 1, 101) for output in pixels.outputs}
    x = np.random.default_rng(0).random(101)
    if pixels.normalised:
        x = np.round(255 * x) / 255
    at_mean = pixels.log_prob_at(x, pixels.mean(outputs, np), outputs, np)
    np.testing.assert_allclose(at_mean, pixels.log_prob(x, outputs, np), rtol=1e-6, atol=1e-6)
    assert np.all(pixels.log_prob_at(x, x, outputs, np) >= at_mean - 1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_extreme_pixels_explain_themselves(name, dtype):
    """The log-likelihood of a black, white or grey pixel at itself is finite and has the type of the pixel."""
    x = np.array([0, 1, 0.5], dtype)
    outputs = {output: np.zeros(3, dtype) for output in likelihood(name).outputs}
    own = likelihood(name).log_prob_at(x, x, outputs, np)
    assert own.dtype == dtype and np.all(np.isfinite(own))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_black_and_white_pixels_have_no_entropy(dtype):
    """A pixel of 0 or 1 explains itself wholly, at a cost of exactly 0; a grey one costs its entropy."""
    x = np.array([0, 1, 0.5], dtype)
    with np.errstate(all="raise"):
        own = likelihood("bernoulli").log_prob_at(x, x, {}, np)
    assert own.dtype == dtype
    assert own.tolist() == [0, 0, pytest.approx(-np.log(2))]


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-6), (np.float32, 1e-4)])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_pixels_have_a_distribution(name, dtype, tolerance):
    """The probabilities of all pixel values sum to 1, or their density integrates to 1, for any output."""
    values, weight = GRIDS[name]
    grid = output_grid(name, dtype)
    for row in zip(*grid.values(), strict=True):
        outputs = dict(zip(grid, row, strict=True))
        log_prob = likelihood(name).log_prob(values.astype(dtype), outputs, np)
        assert log_prob.dtype == dtype and np.all(np.isfinite(log_prob))
        assert np.exp(log_prob.astype(np.float64)).sum() * weight == pytest.approx(1, abs=tolerance)


@pytest.mark.train
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_pixels_have_the_same_distribution_in_keras(name):
    """With keras.ops, in float32, the sum over all pixel values is 1 as well."""
    from keras import ops

    values, weight = GRIDS[name]
    pixels = ops.convert_to_tensor(values.astype(np.float32))
    grid = output_grid(name, np.float32)
    for row in zip(*grid.values(), strict=True):
        outputs = dict(zip(grid, map(ops.convert_to_tensor, row), strict=True))
        log_prob = ops.convert_to_numpy(likelihood(name).log_prob(pixels, outputs, ops))
        assert np.exp(log_prob.astype(np.float64)).sum() * weight == pytest.approx(1, abs=1e-4)


@pytest.mark.train
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_gradients_are_finite(name):
    """Black, white and grey pixels have finite gradients at ordinary and at extreme outputs."""
    import tensorflow as tf
    from keras import ops

    pixels = tf.constant([[0.0], [1.0], [0.5], [1 / 255]])
    extreme = [-1e4, -80.0, -1.0, -1e-6, 0.0, 1e-6, 1.0, 80.0, 1e4]
    names = likelihood(name).outputs  # each number of one with each of the other
    grid = np.meshgrid(*[extreme] * len(names))
    outputs = {
        output: tf.Variable(numbers.ravel(), dtype=tf.float32)
        for output, numbers in zip(names, grid, strict=True)
    }
    outputs |= {parameter: tf.Variable(-20.0) for parameter in likelihood(name).parameters}
    with tf.GradientTape() as tape:
        log_prob = likelihood(name).log_prob(pixels, outputs, ops)
    assert np.all(np.isfinite(log_prob.numpy()))
    for gradient in tape.gradient(log_prob, list(outputs.values())):
        assert np.all(np.isfinite(gradient.numpy()))


@pytest.mark.parametrize(
    ("name", "tolerance"), [("bernoulli", 1e-12), ("continuous-bernoulli", 1e-6), ("gaussian", 1e-9)]
)
def test_the_mean_is_that_of_the_distribution(name, tolerance):
    """`mean` is the mean of all pixel values, weighted by their probabilities."""
    values, weight = GRIDS[name]
    for logit in output_grid(name, np.float64)["logits"]:
        log_prob = likelihood(name).log_prob(values, {"logits": logit}, np)
        expected = (values * np.exp(log_prob)).sum() * weight
        assert likelihood(name).mean({"logits": logit}, np) == pytest.approx(expected, abs=tolerance)


def test_the_mean_of_a_logistic_is_its_location():
    """The mean of a narrow distribution within the range is its location; outside it is cut to [0, 1]."""
    values = GRIDS["logistic"][0]
    outputs = {"location": np.array([-3.0, -0.5, 0.2, 5.0]), "log_scale": np.full(4, -4.0)}
    log_prob = likelihood("logistic").log_prob(values[:, None], outputs, np)
    mean = (values[:, None] * np.exp(log_prob)).sum(axis=0)
    np.testing.assert_allclose(likelihood("logistic").mean(outputs, np), mean, atol=1e-4)


def test_a_logistic_bin_is_exact_without_cancellation():
    """Far from the location the log-probability of a bin equals a computation with 60 digits."""
    outputs = {"location": np.float64(-0.9), "log_scale": np.float64(-6.0)}
    got = likelihood("logistic").log_prob(np.array([128, 200, 254]) / 255, outputs, np)
    decimal.getcontext().prec = 60
    scale = decimal.Decimal(-6).exp()
    for pixel, value in zip((128, 200, 254), got, strict=True):
        x = decimal.Decimal(2 * pixel) / 255 - 1 + decimal.Decimal("0.9")
        half = decimal.Decimal(1) / 255
        upper, lower = (1 / (1 + (-(x + sign * half) / scale).exp()) for sign in (1, -1))
        if upper - lower > 0:
            assert value == pytest.approx(float((upper - lower).ln()), rel=1e-12)
        else:  # beyond 60 digits
            assert -1e4 < value < -100


def test_the_best_deviation_of_gaussian_pixels():
    """The log-density is greatest where sigma is the root of the mean squared error (Rybkin et al. 2021)."""
    rng = np.random.default_rng(0)
    images, logits = rng.random(10_000), rng.normal(size=10_000)
    pixels = likelihood("gaussian")
    best = 0.5 * np.log(np.square(images - pixels.mean({"logits": logits}, np)).mean())
    totals = [
        pixels.with_parameters({"log_sigma": best + shift}).log_prob(images, {"logits": logits}, np).sum()
        for shift in (-0.01, 0, 0.01)
    ]
    assert totals[1] > max(totals[0], totals[2])


def test_parameters():
    """Learned numbers travel by name; an output of that name wins while training."""
    pixels = likelihood("gaussian").with_parameters({"log_sigma": -3.0})
    assert pixels.parameters == {"log_sigma": -3.0}
    named = likelihood("gaussian").log_prob(0.3, {"logits": 0.1, "log_sigma": -3.0}, np)
    assert pixels.log_prob(0.3, {"logits": 0.1}, np) == named
    assert (
        from_metadata({"name": "gaussian", "parameters": {"log_sigma": -3.0}}).parameters == pixels.parameters
    )
    assert from_metadata({"name": "bernoulli"}).parameters == {}


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
    assert float(likelihood(name).mean(outputs, np)) == pytest.approx(mean, rel=1e-6)


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
        assert metadata.PARAMETERS.get(name, ()) == tuple(known.parameters)


@pytest.mark.parametrize("name", ["normal", "", "Bernoulli", None, 3, ["bernoulli"]])
def test_unknown_likelihoods_are_refused(name):
    """The error names the likelihoods that there are."""
    with pytest.raises(
        OptionError, match="--likelihood must be bernoulli, continuous-bernoulli, gaussian or logistic, got "
    ):
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
