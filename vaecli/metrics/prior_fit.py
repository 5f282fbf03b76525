"""The fit of the mixtures from which latents are drawn: one of all training images, and one of each class."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vaecli import checks
from vaecli.choices import PRIOR_CHOICES, PriorChoice, PriorName
from vaecli.data.images import Images
from vaecli.errors import DataError, OptionError
from vaecli.latent.fitting import MAX_COMPONENTS, FitOptions
from vaecli.latent.mixture import MAX_FULL, Mixture
from vaecli.latent.posterior_fit import Posteriors, fewest_images, fit_posteriors, gain
from vaecli.metrics.protocol import Autoencoder
from vaecli.pixels import chunk_length, to_float32

MOST_ENCODED = 60_000  # training images and validation images, evenly chosen
MOST_PIXELS, MOST_LATENTS = 2**26, 2**24  # values of these images, and of their latents
MOST_VALUES = 2**18  # of the scales of a mixture, and of those of all classes together
COMPONENTS = (1, 3, 10, 20, 40, 80, 150)  # that are tried
CLASS_COMPONENTS = (1, 3, 8, 20)
SEARCH_ITERATIONS, ITERATIONS, CLASS_ITERATIONS = 10, 30, 15  # of EM
VALIDATION_SAMPLES = range(1, 5)  # of each validation image, whose noise no training image shares
FEWEST_TO_CHOOSE = 20  # validation images of a class by which its number of components is chosen
GRANULE = 2000  # images encoded at a time, at most


@dataclasses.dataclass(frozen=True)
class PriorOptions:
    """Options of the prior.

    Attributes:
        name: `normal` for N(0, I), `mixture`, or `auto` for the one with the better ELBO on validation images.
        components: number of components; chosen on validation images if left out.

    Raises:
        OptionError: an unknown name, a number out of its range, or components of N(0, I).
    """

    name: PriorChoice = "auto"
    components: int | None = None

    def __post_init__(self) -> None:
        checks.choice(self.name, "--prior", PRIOR_CHOICES)
        if self.components is not None:
            checks.integer(self.components, "--components", least=1, most=MAX_COMPONENTS)
            if self.name == "normal":
                raise OptionError(
                    "--components needs a mixture, got --prior normal.",
                    option="--components",
                    hint="Leave one out.",
                )


@dataclasses.dataclass(frozen=True, eq=False)
class FittedPriors:
    """The mixtures of a model.

    Attributes:
        name: of the model's own prior.
        mixture: of all training images; None if there is none.
        gain: nats of the ELBO that it gains over N(0, I), per validation image; 0 without a mixture.
        classes: the mixture of each class; None for a class of too few images.
    """

    name: PriorName
    mixture: Mixture | None
    gain: float
    classes: tuple[Mixture | None, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Encoded:
    """The posteriors of training images and validation images, and the labels of both, None without labels."""

    training: Posteriors
    validation: Posteriors
    training_labels: npt.NDArray[np.integer] | None
    validation_labels: npt.NDArray[np.integer] | None


def encode(
    model: Autoencoder,
    images: Images,
    held_out: npt.NDArray[np.bool_],
    labels: npt.NDArray[np.integer] | None,
    *,
    seed: int,
) -> Encoded:
    """Encode the images of a run, at most 60,000 for training and as many for validation, fewer of large ones.

    Args:
        model: an exported model.
        images: (N, H, W, C) uint8, all that the model was trained with.
        held_out: (N,) true for the validation images.
        labels: (N,).
        seed: of the noise of their samples.
    """
    parts = []
    for number, positions in enumerate((np.flatnonzero(~held_out), np.flatnonzero(held_out))):
        count = encoded_count(len(positions), model.image_shape, model.latent_dim)
        encoded = positions[np.linspace(0, len(positions) - 1, count).astype(np.int64)]
        posteriors = _posteriors(model, images, encoded, seed=seed + number)
        parts.append((posteriors, None if labels is None else np.asarray(labels)[encoded]))
    (training, training_labels), (validation, validation_labels) = parts
    return Encoded(training, validation, training_labels, validation_labels)


def encoded_count(count: int, shape: tuple[int, ...], latent_dim: int) -> int:
    """Return how many of `count` images of `shape` (H, W, C) are encoded for a fit."""
    most = min(MOST_ENCODED, MOST_PIXELS // math.prod(shape), MOST_LATENTS // latent_dim)
    return min(count, max(1, most))


def fit_priors(encoded: Encoded, options: PriorOptions, *, class_count: int, seed: int = 0) -> FittedPriors:
    """Fit the mixtures.

    Args:
        encoded: the posteriors.
        options: which prior, and how many components.
        class_count: number of classes; 0 for data without labels.
        seed: of the mixtures' starts.

    Raises:
        DataError: there must be a mixture, or one of so many components, for which the images are too few.
    """
    name, mixture, gained = options.name, None, 0.0
    if options.name != "normal":
        try:
            mixture = fit_all(encoded, options.components, seed=seed)
        except DataError:
            if options.name == "mixture" or options.components is not None:
                raise
    if mixture is not None and len(encoded.validation):
        gained = gain(mixture, encoded.validation, VALIDATION_SAMPLES)
    if name == "auto":
        name = "mixture" if gained > 0 else "normal"
    return FittedPriors(name, mixture, gained, fit_classes(encoded, class_count, seed=seed))


def fit_all(encoded: Encoded, components: int | None, *, seed: int) -> Mixture:
    """Fit the mixture of all training images.

    Without a number of components, short fits of more and more of them are compared by their density on validation
    images, until it falls; components that become too small are removed.

    Raises:
        DataError: too few images for the components, or for one.
    """
    posteriors, dim = encoded.training, encoded.training.mean.shape[1]
    most = max(1, min(MAX_COMPONENTS, MOST_VALUES // _scale_count(dim)))
    if components is not None and components > most:
        raise DataError(
            f"A mixture over {dim} dimensions must have at most {most} components, got {components}.",
            hint="Use fewer components.",
        )
    if components is not None:
        return fit_posteriors(posteriors, _options(components, dim, ITERATIONS, seed)).mixture.rounded()
    candidates = [number for number in COMPONENTS if number <= most]
    number = _search(posteriors, encoded.validation, candidates, SEARCH_ITERATIONS, seed)
    return fit_posteriors(posteriors, _options(number, dim, ITERATIONS, seed), prune=True).mixture.rounded()


def fit_classes(encoded: Encoded, class_count: int, *, seed: int) -> tuple[Mixture | None, ...]:
    """Fit a mixture of the training images of each class; None for classes of fewer than 5 D images.

    The mixtures of all classes together have a bounded size: with very many classes or dimensions, covariances are
    diagonal, and in the extreme there are none.
    """
    labels, dim = encoded.training_labels, encoded.training.mean.shape[1]
    if labels is None or not class_count:
        return ()
    diagonal = class_count * _scale_count(dim) > MOST_VALUES
    most = MOST_VALUES // (class_count * (dim if diagonal else _scale_count(dim)))
    candidates = [number for number in CLASS_COMPONENTS if number <= most]
    mixtures: list[Mixture | None] = []
    for label in range(class_count):
        own = encoded.training.of(np.flatnonzero(labels == label))
        if not candidates or len(own) < fewest_images(dim):
            mixtures.append(None)
            continue
        held_out = encoded.validation.of(np.flatnonzero(_labels(encoded) == label))
        usable = candidates if len(held_out) >= FEWEST_TO_CHOOSE else candidates[:1]
        number = _search(own, held_out, usable, SEARCH_ITERATIONS, seed, diagonal=diagonal)
        options = _options(number, dim, CLASS_ITERATIONS, seed, diagonal=diagonal)
        mixtures.append(fit_posteriors(own, options, prune=True).mixture.rounded())
    return tuple(mixtures)


def _search(
    posteriors: Posteriors,
    validation: Posteriors,
    candidates: Sequence[int],
    iterations: int,
    seed: int,
    *,
    diagonal: bool | None = None,
) -> int:
    """Return the number of components with the largest density on validation images, among `candidates`.

    Candidates increase. The search ends where the density falls, or where components become too small.
    """
    dim, best, density = posteriors.mean.shape[1], candidates[0], -math.inf
    for number in candidates if len(candidates) > 1 and len(validation) else ():
        options = _options(number, dim, iterations, seed, diagonal=diagonal)
        if number > 1 and len(posteriors) < number * options.fewest:
            break
        fit = fit_posteriors(posteriors, options, prune=True)
        value = gain(fit.mixture, validation, VALIDATION_SAMPLES)
        if value <= density:
            break
        best, density = number, value
    return best


def _options(
    components: int, dim: int, iterations: int, seed: int, *, diagonal: bool | None = None
) -> FitOptions:
    return FitOptions(
        components, iterations=iterations, fewest=fewest_images(dim), seed=seed, diagonal=diagonal
    )


def _scale_count(dim: int) -> int:
    """Return the number of scales that a file holds of one component."""
    return dim * (dim + 1) // 2 if dim <= MAX_FULL else dim


def _labels(encoded: Encoded) -> npt.NDArray[np.integer]:
    return np.empty(0, np.int64) if encoded.validation_labels is None else encoded.validation_labels


def _posteriors(
    model: Autoencoder, images: Images, positions: npt.NDArray[np.integer], *, seed: int
) -> Posteriors:
    granule = chunk_length(model.image_shape, most=GRANULE)
    shape = (len(positions), model.latent_dim)
    mean, deviation = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for start in range(0, len(positions), granule):
        rows = slice(start, start + granule)
        mean[rows], log_var = model.encode(to_float32(images[positions[rows]]))
        deviation[rows] = np.exp(0.5 * log_var)
    return Posteriors(mean, deviation, seed)
