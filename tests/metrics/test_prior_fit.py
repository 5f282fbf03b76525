"""The prior is chosen on validation images, and images that are too few have no mixture."""

import numpy as np
import pytest

from vaecli.errors import DataError, OptionError
from vaecli.latent.posterior_fit import Posteriors
from vaecli.latent.prior_sizes import encoded_count
from vaecli.metrics.encoded import Encoded, EncodedRun, encode
from vaecli.metrics.prior_fit import PriorOptions, fit_priors
from vaecli.metrics.prior_seconds import fit_seconds
from vaecli.probability.likelihoods import likelihood

D = 2


def as_run(training, validation, labels=None):
    """The posteriors of a run; the first labels are those of the validation images, too."""
    parts = (training, labels), (validation, None if labels is None else labels[: len(validation)])
    return EncodedRun(*(Encoded(posteriors, own, posteriors) for posteriors, own in parts))


def encoded(count, *, spread=3.0, labels=None, validation=60):
    """Posteriors around two centres that are `spread` apart, as training and validation images."""
    rng = np.random.default_rng(0)

    def posteriors(number, seed):
        centres = np.where(np.arange(number)[:, None] % 2, spread, -spread) * np.array([1.0, 0.0])
        mean = (centres + 0.5 * rng.normal(size=(number, D))).astype(np.float32)
        return Posteriors(mean, np.full((number, D), 0.5, np.float32), seed)

    own = None if labels is None else np.asarray(labels)
    return as_run(posteriors(count, 0), posteriors(validation, 1), own)


def test_the_better_prior_is_chosen():
    """Two clusters make a mixture; latents that follow N(0, I) with few images do not, where it overfits."""
    fitted = fit_priors(encoded(600), PriorOptions(), class_count=0)
    assert fitted.name == "mixture" and fitted.gain > 1 and len(fitted.mixture.weights) >= 2
    rng = np.random.default_rng(3)
    means = [rng.normal(size=(count, D)).astype(np.float32) * 0.8 for count in (12, 4000)]
    few, many = (Posteriors(mean, np.full(mean.shape, 0.6, np.float32), 5) for mean in means)
    plain = fit_priors(as_run(few, many), PriorOptions(), class_count=0)
    assert plain.name == "normal" and plain.gain < 0


def test_a_prior_that_was_asked_for():
    """`normal` fits no mixture of all images; a number of components is kept."""
    normal = fit_priors(encoded(600), PriorOptions("normal"), class_count=0)
    assert (normal.name, normal.mixture) == ("normal", None)
    mixture = fit_priors(encoded(600), PriorOptions("mixture", 2), class_count=0)
    assert mixture.name == "mixture" and len(mixture.mixture.weights) == 2


def test_too_few_images():
    """9 images in 2 dimensions: N(0, I) by default, an error where a mixture was asked for."""
    assert fit_priors(encoded(9), PriorOptions(), class_count=0).name == "normal"
    for options in (PriorOptions("mixture"), PriorOptions(components=1)):
        with pytest.raises(DataError, match="at least 10 images, or it would copy them, got 9"):
            fit_priors(encoded(9), options, class_count=0)
    with pytest.raises(DataError, match="must have at most 60 components, got 61"):
        fit_priors(encoded(600), PriorOptions(components=61), class_count=0)
    with pytest.raises(DataError, match="Each of the 60 components must have at least 10 images"):
        fit_priors(encoded(600), PriorOptions(components=60), class_count=0)


def test_classes_with_gaps_and_few_images():
    """A class without images, of one image, of 9 and of 10: only the last and the large one have a mixture."""
    labels = np.repeat([0, 2, 3, 4], [200, 1, 9, 10])
    fitted = fit_priors(encoded(len(labels), labels=labels), PriorOptions("normal"), class_count=5)
    counts = [None if mixture is None else len(mixture.weights) for mixture in fitted.classes]
    assert counts[0] >= 2 and counts[1:] == [None, None, None, 1]


def test_a_class_without_validation_images_has_one_gaussian():
    """The number of components is chosen on validation images, so that without them there is one."""
    labels = np.repeat([0, 1], [300, 300])
    fitted = fit_priors(encoded(600, labels=labels, validation=100), PriorOptions("normal"), class_count=2)
    assert [len(mixture.weights) > 1 for mixture in fitted.classes] == [True, False]


def test_many_classes_have_mixtures_of_a_bounded_size():
    """With 100,000 classes of 2 dimensions there are only deviations; with more, no mixtures."""
    labels = np.zeros(600, np.int64)
    assert (
        fit_priors(encoded(600, labels=labels), PriorOptions("normal"), class_count=100_000)
        .classes[0]
        .is_diagonal
    )
    classes = fit_priors(encoded(600, labels=labels), PriorOptions("normal"), class_count=200_000).classes
    assert set(classes) == {None}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("flow",), "--prior must be auto, normal or mixture, got 'flow'"),
        (("auto", 0), "--components must be at least 1, got 0"),
        (("mixture", 1025), "--components must be at most 1024, got 1025"),
        (("mixture", 2.5), "--components must be a whole number"),
        (("normal", 3), "--components must be left out with --prior normal"),
    ],
)
def test_options_out_of_range(arguments, says):
    """Each is refused by name."""
    with pytest.raises(OptionError, match=says):
        PriorOptions(*arguments)


def test_encoded_images_are_those_of_each_part(model):
    """Training and validation images are encoded apart, with their labels, in any number of pieces."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (50, 28, 28, 1)).astype(np.uint8)
    held_out = np.arange(50) % 5 == 0
    parts = encode(model, images, held_out, np.arange(50), seed=7)
    np.testing.assert_array_equal(parts.validation.labels, np.arange(50)[held_out])
    np.testing.assert_allclose(parts.training.posteriors.mean, model.encode(images[~held_out])[0], atol=1e-5)
    training, validation = parts.training.posteriors, parts.validation.posteriors
    assert len(training) == 40 and training.seed != validation.seed


def test_encoded_images_of_a_model_with_binary_pixels_are_binary(toy, monkeypatch):
    """Those of each part are binarised as an evaluation of them does, in any number of pieces."""
    monkeypatch.setattr("vaecli.metrics.encoded.GRANULE", 7)
    images = np.random.default_rng(0).integers(0, 256, (50, *toy.image_shape), np.uint8)
    held_out = np.arange(50) % 5 == 0
    toy.likelihood = likelihood("bernoulli", binarised=True)
    parts = encode(toy, images, held_out, None, seed=7)
    for part, mask in ((parts.training, ~held_out), (parts.validation, held_out)):
        binary = np.random.RandomState(777).binomial(1, images[mask] / 255)
        np.testing.assert_allclose(part.posteriors.mean, toy.encode(binary)[0], atol=1e-6)


def test_large_images_are_encoded_in_part():
    """Memory and time are bounded for images and latents of any size."""
    assert encoded_count(10**6, (28, 28, 1), 16) == 60_000
    assert encoded_count(10**6, (1000, 1000, 1), 16) == 67
    assert encoded_count(10**6, (28, 28, 1), 4096) == 4096


def test_seconds_of_a_fit():
    """More images and more mixtures take longer, and none take no time."""
    options = {"has_classes": False, "name": "auto", "components": None}
    assert fit_seconds(100_000, 4, **options) > fit_seconds(1000, 4, **options) > 0
    assert fit_seconds(1000, 4, **options | {"name": "normal"}) == 0
