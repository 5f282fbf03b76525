"""Latents of some images: the plane of a chart, and their distance to the prior."""

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from vaecli.choices import PriorName
from vaecli.latent.draws import standard_normal
from vaecli.latent.priors import Density
from vaecli.metrics.labelled import ClassPrior
from vaecli.probability.gaussian import log_normal, sample_posterior
from vaecli.tasks.class_labels import class_priors
from vaecli.tasks.report.different import LATENTS, missing
from vaecli.tasks.report.subject import Subject

LEAST_VARIANCE = 1e-12


@dataclasses.dataclass(frozen=True, eq=False)
class Encoded:
    """The latents of some images.

    Attributes:
        positions: (n,) of the images.
        z_mean: (n, D)
        prior_distance: nats, see `prior_distance`; None for fewer than 100 different images.
    """

    positions: npt.NDArray[np.int64]
    z_mean: npt.NDArray[np.float32]
    prior_distance: float | None


def encode(subject: Subject) -> Encoded:
    """Encode up to 2,000 of the images, evenly spread."""
    positions = subject.evenly(LATENTS.most)
    z_mean, z_log_var = subject.encode(positions)
    distance = None
    if not missing(subject, LATENTS):
        distance = prior_distance(subject, positions, z_mean, z_log_var)
    return Encoded(positions, z_mean, distance)


def prior_distance(
    subject: Subject, positions: npt.NDArray[np.integer], z_mean: np.ndarray, z_log_var: np.ndarray
) -> float:
    """Return the mean of log N(z; m, S) - log p(z) over one latent of each posterior, in nats; at least 0.

    m and the diagonal S are the moments of these latents. For N(0, I) as prior the value is the KL of that Gaussian
    to it. In any case it is a lower bound of the KL of the aggregated posterior to the prior.
    """
    name: PriorName = subject.evaluation.prior
    noise = standard_normal(0, *z_mean.shape, seed=subject.seed, stream=0)
    z = sample_posterior(z_mean, z_log_var, noise, np).astype(np.float64)
    mean, variance = z.mean(axis=0), np.maximum(z.var(axis=0), LEAST_VARIANCE)
    gaussian = log_normal(z, mean, np.log(variance), np).sum(axis=1)
    density: Density = subject.model.priors.get(name)
    of_class = class_priors(subject.model, subject.labels, name)
    if of_class is not None and subject.labels is not None:
        density = ClassPrior(subject.labels[positions], of_class)
    nats = float((gaussian - density.log_prob(z)).mean())
    return max(nats, 0.0) if math.isfinite(nats) else math.inf
