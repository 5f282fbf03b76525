"""The score ranks strange images above those like the training images; its parts have their closed forms."""

import numpy as np
import pytest

from vaecli.data.load import load
from vaecli.errors import DataError
from vaecli.metrics.detection import auroc
from vaecli.metrics.score import LEVELS, excess_map, measure, measure_all, percentile, surprise
from vaecli.metrics.score_fit import fit_scorer, tail_rate
from vaecli.modelfile import score_facts
from vaecli.probability.bernoulli import sigmoid
from vaecli.probability.likelihoods import likelihood


@pytest.fixture(scope="module")
def test_images():
    """The 8-bit test images of fashion-mnist-mini."""
    return load("fashion-mnist-mini", "test", download=False).images


def binary_kl(x, p):
    """Compute KL(Bernoulli(x) || Bernoulli(p)) in nats from its definition, with 0 log 0 = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(x > 0, x * np.log(x / p), 0) + np.where(
            x < 1, (1 - x) * np.log((1 - x) / (1 - p)), 0
        )
    return terms


def test_excess_is_a_divergence(toy):
    """The excess is KL(Bernoulli(x) || Bernoulli(p)) over pixels; the share is over that at the image's mean."""
    images = np.random.default_rng(0).random((20, *toy.image_shape)).astype(np.float32)
    images[0] = 0.25
    images[1] = np.round(images[1])
    measured = measure(toy, images)
    exact = images.astype(np.float64)
    p = sigmoid(toy.outputs(toy.encode(images)[0])["logits"].astype(np.float64), np)
    maps = binary_kl(exact, p)
    np.testing.assert_allclose(measured.excess, maps.sum(axis=(1, 2, 3)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(excess_map(toy, images), maps.sum(axis=3), rtol=1e-3, atol=1e-5)
    constant = binary_kl(exact, exact.mean(axis=(1, 2, 3), keepdims=True)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(measured.unexplained, (measured.excess + 1) / (constant + 1), rtol=1e-4)
    assert measured.unexplained[0] == pytest.approx(measured.excess[0] + 1)  # of a constant image


def test_measuring_does_not_depend_on_the_chunks(scored_model, test_images):
    """Many images have the values of each alone; none gives none."""
    images = np.concatenate([test_images] * 6)[:1100]
    measured = measure_all(scored_model, images)
    for name, values in measured._asdict().items():
        one = getattr(measure_all(scored_model, images[1050:1051]), name)
        np.testing.assert_allclose(values[1050], one[0], rtol=1e-4, err_msg=name)
    assert measure_all(scored_model, images[:0]).z_mean.shape == (0, 2)


def test_surprise_is_minus_the_logarithm_of_the_tail():
    """Uniform validation values give -log(1 - v) up to the 90th percentile, then a straight line without a jump."""
    values = np.array([-1.0, 0.0, 0.5, 0.8, 0.9, 0.9 + 1e-9, 1.4, 50.9])
    nats = surprise(values, LEVELS, 2.0)
    expected = [0, 0, np.log(2), np.log(5), np.log(10), np.log(10), np.log(10) + 1.0, np.log(10) + 100.0]
    np.testing.assert_allclose(nats, expected, atol=1e-7)


def test_the_tail_of_an_exponential_is_recovered():
    """Exponential values of rate 3 have a tail of rate 3; equal values a steep but finite one."""
    values = np.random.default_rng(0).exponential(1 / 3, 200_000)
    assert tail_rate(values) == pytest.approx(3, rel=0.02)
    assert np.isfinite(tail_rate(np.ones(100)))


def test_percentiles():
    """A value among the validation values has their rank; beyond both ends it is 0 and 100."""
    quantiles = np.quantile(np.arange(1001.0), LEVELS)
    assert percentile(np.array([-5.0, 0.0, 990.0, 1000.0, 1e9]), quantiles).tolist() == [0, 0, 99, 100, 100]


def test_strange_images_score_higher(scored_model, test_images):
    """Noise, constants, inverted and upside-down images score above test images."""
    rng = np.random.default_rng(0)
    shape = test_images.shape
    strange = {
        "noise": rng.integers(0, 256, shape).astype(np.uint8),
        "constant": np.broadcast_to(rng.integers(1, 255, (shape[0], 1, 1, 1)), shape).astype(np.uint8),
        "inverted": 255 - test_images,
        "upside down": test_images[:, ::-1],
    }
    normal = scored_model.score(test_images)
    is_strange = np.repeat([False, True], len(test_images))
    areas = {
        name: auroc(np.concatenate([normal.score, scored_model.score(images).score]), is_strange)
        for name, images in strange.items()
    }
    assert areas["noise"] > 0.99 and areas["constant"] > 0.99 and areas["inverted"] > 0.95
    assert areas["upside down"] > 0.7
    assert (normal.percentile > 99).mean() < 0.1


def test_fitting_twice_gives_the_same(scored_model):
    """The seed decides, and a score of the same images is the same to the bit."""
    data = load("fashion-mnist-mini", "train", download=False)
    held_out = np.arange(len(data.images)) % 4 == 0
    first, second = (fit_scorer(scored_model, data.images, held_out, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first.mixture.scales, second.mixture.scales)
    np.testing.assert_array_equal(first.quantiles, second.quantiles)
    assert first.count == held_out.sum()


@pytest.mark.parametrize(("training", "validation"), [(500, 99), (99, 500)])
def test_few_images_have_no_score(scored_model, training, validation):
    """Fewer than 100 images on either side are too few for percentiles."""
    images = load("fashion-mnist-mini", "train", download=False).images[: training + validation]
    with pytest.raises(DataError, match=r"needs at least 100 \w+ images, got 99"):
        fit_scorer(scored_model, images, np.arange(len(images)) >= training)


def test_a_model_that_has_collapsed(toy, monkeypatch):
    """A model that uses no latent dimension, and images that are all equal, still have finite scores."""
    monkeypatch.setattr(toy, "weights", toy.weights * 1e-9)
    images = np.full((300, *toy.image_shape), 100, np.uint8)
    scorer = fit_scorer(toy, images, np.arange(300) < 150)
    scores = scorer.apply(measure_all(toy, 255 - images))
    assert np.isfinite(scores.score).all() and len(scorer.dimensions) == 1


def test_the_score_of_a_model_with_binary_pixels_is_fitted_on_grey_ones(toy):
    """The pictures to be scored are grey, too: a score must not depend on the pictures before it."""
    images = np.random.default_rng(0).integers(0, 256, (300, *toy.image_shape), np.uint8)
    grey = fit_scorer(toy, images, np.arange(300) < 150)
    toy.likelihood = likelihood("bernoulli", binarised=True)
    binary = fit_scorer(toy, images, np.arange(300) < 150)
    np.testing.assert_array_equal(binary.quantiles, grey.quantiles)
    scores = binary.apply(measure_all(toy, images[:150])).percentile
    assert np.median(scores) == pytest.approx(50, abs=1)


def test_the_names_are_those_of_the_file():
    """Readers and writers of the file agree on the rows and levels of the quantiles."""
    assert len(LEVELS) == score_facts.LEVELS
