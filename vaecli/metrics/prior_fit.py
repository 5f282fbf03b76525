"""The fit of the mixtures from which latents are drawn: one of all training images, and one of each class."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from vaecli import checks
from vaecli.choices import PRIOR_CHOICES, PriorChoice, PriorName
from vaecli.errors import DataError, OptionError
from vaecli.latent.fitting import MAX_COMPONENTS, FitOptions
from vaecli.latent.mixture import Mixture
from vaecli.latent.posterior_fit import Posteriors, fewest_images, fit_posteriors, gain
from vaecli.latent.prior_sizes import COMPONENTS, class_candidates, most_components, possible_components
from vaecli.metrics.encoded import EncodedRun

SEARCH_ITERATIONS, ITERATIONS, CLASS_ITERATIONS = 10, 30, 15  # of EM
VALIDATION_SAMPLES = range(1, 5)  # of each validation image, whose noise no training image shares
FEWEST_TO_CHOOSE = 20  # validation images of a class by which its number of components is chosen


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
                    "--components must be left out with --prior normal, which has none.",
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


def fit_priors(
    encoded: EncodedRun, options: PriorOptions, *, class_count: int, seed: int = 0
) -> FittedPriors:
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
    validation = encoded.validation.posteriors
    if mixture is not None and len(validation):
        gained = gain(mixture, validation, VALIDATION_SAMPLES)
    if name == "auto":
        name = "mixture" if gained > 0 else "normal"
    return FittedPriors(name, mixture, gained, fit_classes(encoded, class_count, seed=seed))


def fit_all(encoded: EncodedRun, components: int | None, *, seed: int) -> Mixture:
    """Fit the mixture of all training images.

    Without a number of components, short fits of more and more of them are compared by their density on validation
    images, until it falls; components that become too small are removed.

    Raises:
        DataError: too few images for the components, or for one.
    """
    posteriors = encoded.training.posteriors
    dim = posteriors.mean.shape[1]
    most = most_components(dim)
    if components is not None:
        possible = possible_components(len(posteriors), dim)
        if components > possible:
            raise DataError(
                f"A mixture of {len(posteriors):,} images over {dim:,} dimensions must have at most {possible:,} "
                f"components, got {components:,}.",
                hint="Use fewer, or leave --components out: their number is then chosen.",
            )
        return fit_posteriors(posteriors, _options(components, dim, ITERATIONS, seed)).mixture.rounded()
    candidates = [number for number in COMPONENTS if number <= most]
    number = _search(posteriors, encoded.validation.posteriors, candidates, SEARCH_ITERATIONS, seed)
    return fit_posteriors(posteriors, _options(number, dim, ITERATIONS, seed), prune=True).mixture.rounded()


def fit_classes(encoded: EncodedRun, class_count: int, *, seed: int) -> tuple[Mixture | None, ...]:
    """Fit a mixture of the training images of each class; None for classes of fewer than 5 D images.

    The mixtures of all classes together have a bounded size: with very many classes or dimensions, covariances are
    diagonal, and in the extreme there are none.
    """
    training, validation = encoded.training, encoded.validation
    labels, dim = training.labels, training.posteriors.mean.shape[1]
    if labels is None or not class_count:
        return ()
    candidates, diagonal = class_candidates(class_count, dim)
    mixtures: list[Mixture | None] = []
    for label in range(class_count):
        own = training.by_class.of(np.flatnonzero(labels == label))
        if not candidates or len(own) < fewest_images(dim):
            mixtures.append(None)
            continue
        held_out = validation.by_class.of(np.flatnonzero(validation.labels == label))
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
