"""Metrics equal integrals computed by hand, and do not depend on how the work is cut."""

import numpy as np
import pytest

from vaecli.errors import DataError, OptionError
from vaecli.latent.priors import StandardNormal
from vaecli.metrics.evaluate import evaluate
from vaecli.metrics.table import METRICS
from vaecli.probability.likelihoods import Bernoulli, likelihood

SHAPE = (6, 5, 1)


class Normalised(Bernoulli):
    """A Bernoulli likelihood that claims to be one of 8-bit pixels."""

    normalised = True


class Constant:
    """A model that decodes to the grey `level`, with posterior N(mean(x), 1) in dimension 0, else N(0, 1)."""

    latent_dim, image_shape = 3, SHAPE
    likelihood, prior = likelihood("bernoulli"), StandardNormal()

    def __init__(self, level):
        self.level = level

    def encode(self, images):
        z_mean = np.zeros((len(images), 3), np.float32)
        z_mean[:, 0] = images.mean(axis=(1, 2, 3))
        return z_mean, np.zeros_like(z_mean)

    def outputs(self, z):
        image = np.full((len(z), *SHAPE), self.level, np.float32)
        return {"image": image, "logits": np.log(image) - np.log1p(-image)}


def measured(model, images, *metrics, **options):
    """Return the values of an evaluation without size and time."""
    values = evaluate(model, images, metrics=metrics or ("all",), **options).values
    return {k: v for k, v in values.items() if k not in {"n_images", "seconds", "images_per_second"}}


def test_elbo_is_minus_reconstruction_and_kl(toy, images):
    """The ELBO is minus reconstruction and KL, and the KL is the sum over dimensions."""
    values = measured(toy, images)
    assert values["elbo"] == pytest.approx(-values["reconstruction"] - values["kl"], rel=1e-12)
    assert values["kl_dim_0"] + values["kl_dim_1"] == pytest.approx(values["kl"], rel=1e-12)


def test_reconstruction_is_the_expected_cross_entropy(toy, images):
    """The mean over 4,000 copies equals E_q[-log p(x|z)] from 20,000 samples of another generator."""
    z_mean, z_log_var = toy.encode(images[:1] / np.float32(255))
    noise = np.random.default_rng(9).standard_normal((20_000, 2))
    cost = -toy.log_likelihood(images[:1], z_mean + np.exp(z_log_var / 2) * noise)[0]
    repeated = np.repeat(images[:1], 4000, axis=0)
    values = measured(toy, repeated, "reconstruction", seed=3)
    error = np.hypot(values["reconstruction_se"], cost.std() / np.sqrt(len(cost)))
    assert abs(values["reconstruction"] - cost.mean()) < 4 * error


def test_the_bound_rises_to_the_evidence(toy, images):
    """The bound rises with K from the ELBO to log p(x), and at K = 1000 is within 0.01 nats of the integral."""
    evidence = toy.log_evidence(images[:60]).mean()
    elbo = measured(toy, images[:60], "elbo")["elbo"]
    bounds = [-measured(toy, images[:60], "nll", importance_samples=k)["nll"] for k in (5, 100, 1000)]
    assert elbo < bounds[0] < bounds[1] < evidence + 0.01
    assert bounds[2] == pytest.approx(evidence, abs=0.01)


def test_one_sample_gives_the_elbo(toy, images):
    """With K = 1 the bound is the ELBO with a sampled KL: equal within three standard errors."""
    values = measured(toy, images, importance_samples=1)
    assert abs(values["nll"] + values["elbo"]) < 3 * values["nll_se"]
    assert values["reconstruction"] == measured(toy, images, "reconstruction")["reconstruction"]


@pytest.mark.parametrize("chunk", [1, 7, 299, 10_000])
def test_the_chunk_changes_nothing(toy, images, chunk):
    """Every value is the same for any chunk, to 1e-6."""
    complete = measured(toy, images, importance_samples=9, seed=2)
    cut = measured(toy, images, importance_samples=9, seed=2, chunk=chunk)
    assert list(cut) == list(complete)
    assert cut == pytest.approx(complete, rel=1e-6)


def test_noise_belongs_to_the_image_and_the_sample(toy, images):
    """The values of an image do not depend on the images after it; another seed gives other values."""
    alone = [measured(toy, images[:1], "nll", importance_samples=k)["nll"] for k in (3, 3)]
    assert alone[0] == alone[1]
    assert measured(toy, images[:1], "nll", importance_samples=3, seed=1)["nll"] != alone[0]
    first, last = images[[*range(10), 20]], images[[*range(30, 40), 20]]
    cost, other_cost = (evaluate(toy, batch, metrics="elbo").per_image["elbo"] for batch in (first, last))
    assert cost[10] == pytest.approx(other_cost[10], rel=1e-6)  # image 20, in place 10 of both
    assert cost[9] != pytest.approx(other_cost[9], rel=1e-6)


def test_values_are_means_of_those_of_the_images(toy, images):
    """Each metric keeps the value of each image, whose mean and standard error are reported."""
    evaluation = evaluate(toy, images, importance_samples=3)
    assert evaluation.per_image.keys() | evaluation.totals.keys() == set(evaluation.metrics)
    for name in evaluation.per_image.keys() - {"kl_dim"}:
        values = evaluation.per_image[name]
        assert values.shape == (300,) and values.dtype == np.float64
        assert evaluation.values[name] == pytest.approx(values.mean(), rel=1e-12)
        assert evaluation.values[f"{name}_se"] == pytest.approx(values.std(ddof=1) / np.sqrt(300), rel=1e-9)
    assert evaluation.per_image["kl_dim"].shape == (300, 2)


def test_only_requested_metrics_are_computed(toy, images):
    """kl needs no decoder, elbo one sample per image, mse the decoded mean, nll K samples."""
    for metrics, options, decoded in [
        (("kl", "active_units", "kl_dim"), {"importance_samples": 50}, 0),
        (("elbo",), {"importance_samples": 50}, 300),
        (("mse", "ssim"), {}, 300),
        (("nll",), {"importance_samples": 4}, 1200),
        (("all",), {"importance_samples": 4}, 1500),
    ]:
        toy.calls = dict.fromkeys(toy.calls, 0)
        values = measured(toy, images, *metrics, **options)
        assert toy.calls == {"encode": 300, "outputs": decoded}
        assert "all" in metrics or {k.removesuffix("_se") for k in values} >= set(metrics) - {"kl_dim"}


def test_pixel_metrics_in_closed_form():
    """Grey 0.5 for 0.2 (level 51) has mse 0.09, psnr 10.46 dB, cross-entropy log 2 per pixel and no spread."""
    images = np.full((4, *SHAPE), 51, np.uint8)
    values = measured(Constant(0.5), images)
    assert "active_units" not in values  # of four images
    assert values["mse"] == pytest.approx(0.09, rel=1e-6)
    assert values["psnr"] == pytest.approx(-10 * np.log10(0.09), rel=1e-6)
    assert values["reconstruction"] == pytest.approx(30 * np.log(2), rel=1e-6)
    assert values["kl"] == pytest.approx(0.5 * 0.2**2, rel=1e-6)
    assert "bits_per_dim" not in values  # a cross-entropy of grey pixels is not a likelihood
    assert values["ssim"] == pytest.approx((2 * 0.5 * 0.2 + 1e-4) / (0.25 + 0.04 + 1e-4), rel=1e-6)
    assert values["mse_se"] == pytest.approx(0, abs=1e-9)


def test_a_perfect_picture_has_a_finite_psnr():
    """Without any error the psnr is the cap of 100 dB, and the SSIM 1."""
    images = np.full((2, *SHAPE), 51, np.uint8)
    values = measured(Constant(np.float32(51) / np.float32(255)), images, "psnr", "ssim")
    assert values["psnr"] == 100
    assert values["ssim"] == pytest.approx(1)


def test_active_units_are_those_that_vary():
    """Only dimension 0, which follows the mean of the image, is active."""
    images = np.zeros((100, *SHAPE), np.uint8)
    assert measured(Constant(0.5), images, "active_units") == {"active_units": 0}
    images[50:] = 255
    assert measured(Constant(0.5), images, "active_units") == {"active_units": 1}


@pytest.mark.parametrize("count", [5, 99])
def test_few_images_do_not_tell_active_units(count):
    """Below 100 images, `all` is without them, and by name they are refused with both numbers."""
    images = np.zeros((count, *SHAPE), np.uint8)
    assert {"mse", "kl"} <= measured(Constant(0.5), images).keys()
    assert "active_units" not in measured(Constant(0.5), images)
    for names in ("active_units", ("mse", "active_units")):
        with pytest.raises(DataError, match=f"active_units needs at least 100 images, got {count}"):
            evaluate(Constant(0.5), images, metrics=names)


def test_standard_errors_are_over_images(toy, images):
    """The standard error is that of the mean over images; with one image there is none."""
    values = measured(toy, images[:50], "reconstruction", "kl")
    z_mean, z_log_var = toy.encode(images[:50] / np.float32(255))
    kl = 0.5 * (z_mean.astype(float) ** 2 + np.exp(z_log_var) - 1 - z_log_var).sum(axis=1)
    assert values["kl_se"] == pytest.approx(kl.std(ddof=1) / np.sqrt(50), rel=1e-6)
    assert list(measured(toy, images[:1], "kl", "mse")) == ["kl", "mse"]


def test_bits_need_a_normalised_likelihood(toy, images):
    """bits_per_dim of a cross-entropy, which a reader would take for a likelihood, is refused."""
    with pytest.raises(OptionError, match="bits_per_dim needs a likelihood of 8-bit pixels"):
        measured(toy, images, "bits_per_dim")
    assert "bits_per_dim" not in measured(toy, images)


def test_bits_come_from_the_better_bound(toy, images):
    """bits_per_dim is nll / (pixels log 2) with importance samples, and -elbo / (pixels log 2) without."""
    toy.likelihood = Normalised()
    with_samples = measured(toy, images, importance_samples=20)
    without = measured(toy, images)
    assert with_samples["bits_per_dim"] == pytest.approx(with_samples["nll"] / 6 / np.log(2))
    assert without["bits_per_dim"] == pytest.approx(-without["elbo"] / 6 / np.log(2))
    assert "nll" not in without


def test_the_order_is_that_of_the_table(toy, images):
    """Values come in the order of METRICS, each followed by its standard error, with size and time at the end."""
    values = evaluate(toy, images, metrics=["kl_dim", "elbo", "nll", "mse"], importance_samples=2).values
    assert list(values) == [
        *("elbo", "elbo_se", "nll", "nll_se", "mse", "mse_se"),
        *("kl_dim_0", "kl_dim_0_se", "kl_dim_1", "kl_dim_1_se"),
        *("n_images", "seconds", "images_per_second"),
    ]
    assert values["n_images"] == 300
    assert values["images_per_second"] == pytest.approx(300 / values["seconds"])
    assert all(isinstance(value, int | float) for value in values.values())


def test_progress_ends_at_the_total(toy, images):
    """Progress rises to the total, for any metrics."""
    for metrics, samples in [(["kl"], 0), (["all"], 0), (["nll"], 30)]:
        calls = []
        evaluate(
            toy,
            images,
            metrics=metrics,
            importance_samples=samples,
            chunk=70,
            progress=lambda *state, calls=calls: calls.append(state),
        )
        assert [done for done, _ in calls] == sorted({done for done, _ in calls})
        assert calls[-1] == (300 * max(1, samples),) * 2


@pytest.mark.parametrize(
    ("requested", "option", "word"),
    [
        ((["ebo"], 0), "--metrics", "elbo"),
        (("ebo", 0), "--metrics", "elbo"),
        ((["frechet"], 0), "--metrics", "active_units"),
        (([], 0), "--metrics", "all"),
        ((None, 0), "--metrics", "None"),
        ((["elbo", 3], 0), "--metrics", "3"),
        (([["elbo"]], 0), "--metrics", "['elbo']"),
        ((["nll"], 0), "--metrics", "--importance-samples"),
        ((["all"], -1), "--importance-samples", "-1"),
        ((["all"], 1.5), "--importance-samples", "1.5"),
        ((["all"], True), "--importance-samples", "True"),
        ((["all"], float("nan")), "--importance-samples", "NaN"),
    ],
)
def test_bad_requests_are_refused(toy, images, requested, option, word):
    """The error names the option and the nearest metric, and nothing is computed."""
    names, samples = requested
    with pytest.raises(OptionError) as caught:
        evaluate(toy, images, metrics=names, importance_samples=samples)
    assert caught.value.option == option
    assert word in str(caught.value)
    assert toy.calls["encode"] == 0


@pytest.mark.parametrize("number", [0, -1, 1.5, True, "2"])
@pytest.mark.parametrize("name", ["chunk", "threads"])
def test_numbers_out_of_range(toy, images, name, number):
    """A chunk or a thread count below 1 is refused; a negative chunk would measure other images."""
    with pytest.raises(OptionError, match=f"{name} must be "):
        evaluate(toy, images, **{name: number})


def test_one_metric_by_its_name(toy, images):
    """A single name need not be in a list."""
    assert list(measured(toy, images, "kl")) == ["kl", "kl_se"]
    assert evaluate(toy, images, metrics="kl").metrics == ("kl",)


@pytest.mark.parametrize("kind", [float, np.float32, np.int64, bool])
def test_images_of_other_types_are_refused(toy, images, kind):
    """Only uint8 pixels have a known scale: 0 to 255."""
    with pytest.raises(DataError, match=f"must be uint8, got {np.dtype(kind)}"):
        evaluate(toy, images.astype(kind))
    with pytest.raises(DataError, match="must be an array, got list"):
        evaluate(toy, images.tolist())


@pytest.mark.parametrize("shape", [(0, 3, 2, 1), (4, 3, 3, 1), (4, 3, 2)])
def test_images_of_another_shape_are_refused(toy, shape):
    """The error for no images, or images of another shape, names both shapes."""
    with pytest.raises(DataError, match="3, 2, 1"):
        evaluate(toy, np.zeros(shape, np.uint8))


def test_every_metric_has_a_description():
    """Each metric has a line with its meaning, and its unit if it has one."""
    assert all(len(metric.line) > 20 for metric in METRICS.values())


@pytest.mark.parametrize("name", ["reconstruction", "nll"])
def test_the_table_calls_no_cross_entropy_a_likelihood(name):
    """Metrics of a pixel's distribution are a log-likelihood or a cross-entropy, and the text names both."""
    assert "negative log-likelihood, or" in METRICS[name].meaning and "cross-entropy" in METRICS[name].meaning


def test_images_of_a_model_with_binary_pixels_are_binarised_once(toy):
    """The metrics are those of RandomState(777)'s binary images, in chunks of any size, in two threads."""
    grey = np.random.default_rng(2).integers(0, 256, (301, 3, 2, 1), np.uint8)
    binary = (255 * np.random.RandomState(777).binomial(1, grey / 255)).astype(np.uint8)
    expected = measured(toy, binary, importance_samples=3)
    toy.likelihood = likelihood("bernoulli", binarised=True)
    for chunk in (7, 301):
        values = measured(toy, grey, importance_samples=3, chunk=chunk)
        assert values == pytest.approx(expected, rel=1e-9)
    assert "bits_per_dim" not in values
    with pytest.raises(OptionError, match="8-bit pixels") as caught:
        measured(toy, grey, "bits_per_dim")
    assert "binarised" in caught.value.hint
