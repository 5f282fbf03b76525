"""Fit of a Gaussian mixture to posteriors: each iteration of EM sees a new sample of each posterior.

A mixture fitted to one sample of each fits that sample's noise, too. From the tenth iteration on, the sums of EM
are averages over the samples.

Source: stepwise EM, Cappe & Moulines 2009 (arXiv:0712.4273).
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli import checks
from vaecli.errors import DataError
from vaecli.latent.draws import standard_normal
from vaecli.latent.fitting import (
    IMAGES_PER_DIMENSION,
    MAX_COMPONENTS,
    FitOptions,
    expect,
    maximise,
    start,
)
from vaecli.latent.mixture import MAX_FULL, Float64, Mixture
from vaecli.latent.priors import StandardNormal
from vaecli.latent.whitening import Whitening

STREAM = 2**32  # of the noise; evaluations use streams from 0
_BURN_IN = 10  # iterations before averages are taken
_EVERY = 5  # iterations between two removals of small components
_DECAY, _LEAST_STEP = 0.6, 0.02  # of the weights of new sums in the averages


@dataclasses.dataclass(frozen=True, eq=False)
class Posteriors:
    """Diagonal Gaussians over D dimensions, the posteriors of N images.

    Attributes:
        mean: (N, D).
        deviation: (N, D).
        seed: of the noise of their samples.
    """

    mean: npt.NDArray[np.float32]
    deviation: npt.NDArray[np.float32]
    seed: int

    def __len__(self) -> int:
        return len(self.mean)

    def sample(self, number: int) -> Float64:
        """Return sample `number` of each posterior, (N, D)."""
        noise = standard_normal(0, *self.mean.shape, seed=self.seed, stream=STREAM + number)
        return (self.mean + self.deviation * noise).astype(np.float64)

    def of(self, rows: npt.NDArray[np.integer]) -> "Posteriors":
        """Return the posteriors of some images."""
        return Posteriors(self.mean[rows], self.deviation[rows], self.seed)


class PosteriorFit(NamedTuple):
    """A fitted mixture.

    Attributes:
        mixture: components in decreasing order of weight.
        counts: (K,) number of images of each component, in expectation.
    """

    mixture: Mixture
    counts: Float64


def fewest_images(latent_dim: int) -> int:
    """Return the least number of images of a component."""
    return IMAGES_PER_DIMENSION * latent_dim


def fit_posteriors(
    posteriors: Posteriors, options: FitOptions, *, prune: bool = False, before: Mixture | None = None
) -> PosteriorFit:
    """Fit a mixture to posteriors. The same seeds give the same mixture.

    Args:
        posteriors: of the training images.
        options: `tolerance` has no effect, and `iterations` are all made.
        prune: remove components that become smaller than `options.fewest`; at least one stays.
        before: a mixture from which EM goes on, in place of one by k-means.

    Raises:
        OptionError: a number of components out of range.
        DataError: fewer images than `options.fewest`; or a smaller component, without `prune`.
    """
    checks.integer(options.components, "--components", least=1, most=MAX_COMPONENTS)
    if len(posteriors) < max(options.fewest, options.components):
        raise _too_few(options, len(posteriors))
    z = posteriors.sample(0)
    diagonal = z.shape[1] > MAX_FULL if options.diagonal is None else options.diagonal
    whitening = Whitening.of(z, diagonal=diagonal)
    if before is None:
        mixture = start(whitening.apply(z), options, diagonal=diagonal)
    else:
        mixture = whitening.whitened(before)
    average = np.empty(0)
    for number in range(options.iterations):
        sums, _ = expect(whitening.apply(posteriors.sample(number)), mixture)
        step = 1.0 if number < _BURN_IN else max((number - _BURN_IN + 2) ** -_DECAY, _LEAST_STEP)
        average = sums if step == 1.0 else average + step * (sums - average)
        is_last = number == options.iterations - 1
        if prune and (is_last or (number >= _BURN_IN // 2 and number % _EVERY == _EVERY - 1)):
            average = _without_small(average, options.fewest)
        mixture = maximise(average, options.floor, diagonal=diagonal)
    counts = average[-1]
    if counts.min() < options.fewest:
        raise _too_few(options, counts.min())
    order = np.argsort(-counts, kind="stable")
    ordered = Mixture(mixture.weights[order], mixture.means[order], mixture.scales[order])
    return PosteriorFit(whitening.undo(ordered), counts[order])


def gain(mixture: Mixture, posteriors: Posteriors, samples: Sequence[int]) -> float:
    """Return how much larger the mean log-density under a mixture is than under N(0, I), in nats an image."""
    normal, total = StandardNormal(), 0.0
    for number in samples:
        z = posteriors.sample(number)
        total += float((mixture.log_prob(z) - normal.log_prob(z)).mean())
    return total / len(samples)


def _without_small(sums: Float64, fewest: float) -> Float64:
    """Return the sums (F, K) of the components that are large enough; of the largest one if none is."""
    counts = sums[-1]
    keeps = counts >= fewest
    keeps[counts.argmax()] = True
    return sums[:, keeps]


def _too_few(options: FitOptions, smallest: float) -> DataError:
    components = options.components
    each = f"Each of the {components} components" if components > 1 else "A mixture of one component"
    return DataError(
        f"{each} must have at least {options.fewest:g} images, or it would copy them, got {smallest:.1f} in the "
        "smallest.",
        hint="Use fewer, or leave --components out: their number is then chosen."
        if components > 1
        else "Use more images, or fewer latent dimensions.",
    )
