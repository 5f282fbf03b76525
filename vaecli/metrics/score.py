"""How unlike the training images an image is, judged by validation images.

Three statistics of an image, each larger for a stranger image:

    excess           log-likelihood that the reconstruction loses against the image itself, in nats. For pixels in
                     [0, 1] it is the cross-entropy minus the image's own entropy, which would swamp it.
    unexplained      the excess as a share of that of a constant image of the same mean
    neg_log_density  minus the log-density of the posterior mean, the logarithm of the excess and that of the
                     unexplained share together, under a Gaussian mixture fitted to training images

The score adds up `-log p` of the three, where p is the share of validation images with a larger value: empirical up
to the 90th percentile, with an exponential tail beyond. The density counts twice: it alone sees an image that is
explained too well.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli.choices import COMPONENTS, RANKED, ScoreComponent
from vaecli.latent.mixture import Mixture
from vaecli.metrics.protocol import Autoencoder, Float32, Float64
from vaecli.parallel import ahead
from vaecli.pixels import chunks, to_float32
from vaecli.probability.gaussian import kl_to_standard_normal
from vaecli.probability.likelihoods import Likelihood

STATISTICS: tuple[ScoreComponent, ...] = ("excess", "unexplained", "neg_log_density")
WEIGHTS = (1.0, 1.0, 2.0)  # of the statistics in the score
LEVELS = np.linspace(0.0, 1.0, 1001)  # of the quantiles of validation images
TAIL = 0.9  # level from which the tail is exponential
_TAIL_INDEX = round(TAIL * (len(LEVELS) - 1))
CHUNK, CHUNK_BYTES = 500, 2**23  # most images of a chunk, and most bytes of their 8-bit pixels
AT_ONCE = 2  # chunks: while the model computes one, numpy adds up the other
LEAST_EXCESS, LEAST_SHARE = 1.0, 1e-3  # added in a logarithm


class Measured(NamedTuple):
    """The values of N images that need no comparison with others.

    Attributes:
        z_mean: (N, D).
        excess: (N,) in nats.
        kl: (N,) KL to N(0, I), in nats.
        unexplained: (N,) share of the excess of a constant image.
        neg_elbo: (N,) minus the log-likelihood of the reconstruction at the posterior mean, plus `kl`, in nats.
    """

    z_mean: Float64
    excess: Float64
    kl: Float64
    unexplained: Float64
    neg_elbo: Float64

    def joint(self, dimensions: npt.NDArray[np.int64]) -> Float64:
        """Return some latent dimensions (A,) and the logarithms of excess and unexplained share, (N, A + 2)."""
        logs = np.log(self.excess + LEAST_EXCESS), np.log(self.unexplained + LEAST_SHARE)
        return np.concatenate([self.z_mean[:, dimensions], np.stack(logs, axis=1)], axis=1)


@dataclasses.dataclass(frozen=True, eq=False)
class Scores:
    """How unlike the training images N images are; higher means more unlike.

    Attributes:
        score: (N,).
        percentile: (N,) share of validation images with a lower score, 0 to 100.
        components: name -> (N,): what the score is made of, and `kl` and `neg_elbo` for comparison.
        component_percentiles: name -> (N,), likewise for each component.
    """

    score: Float64
    percentile: Float64
    components: Mapping[ScoreComponent, Float64]
    component_percentiles: Mapping[ScoreComponent, Float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Scorer:
    """The fitted parts of the score.

    Attributes:
        dimensions: (A,) latent dimensions that the model uses, in increasing order.
        mixture: over `Measured.joint` of these.
        quantiles: (6, 1001) of `RANKED` among validation images, at `LEVELS`.
        rates: (3,) of the exponential tails of `STATISTICS`, per unit.
        count: number of validation images.
    """

    dimensions: npt.NDArray[np.int64]
    mixture: Mixture
    quantiles: Float64
    rates: Float64
    count: int

    def apply(self, measured: Measured) -> Scores:
        """Score images that the model has measured."""
        components = components_of(measured, self.dimensions, self.mixture)
        ordered = {name: self.quantiles[RANKED.index(name)] for name in COMPONENTS}
        score = combined(components, ordered, self.rates)
        ranks = {name: percentile(components[name], ordered[name]) for name in COMPONENTS}
        return Scores(score, percentile(score, self.quantiles[0]), components, ranks)


def combined(
    components: Mapping[ScoreComponent, Float64], quantiles: Mapping[ScoreComponent, Float64], rates: Float64
) -> Float64:
    """Return the score (N,) of components (N,), given quantiles (1001,) of each and tail rates (3,)."""
    score = np.zeros(len(components[STATISTICS[0]]))
    for name, weight, rate in zip(STATISTICS, WEIGHTS, rates, strict=True):
        score += weight * surprise(components[name], quantiles[name], rate)
    return score


def measure(model: Autoencoder, images: Float32) -> Measured:
    """Encode images (N, H, W, C) in [0, 1], and decode their posterior means."""
    posterior = model.encode(images)
    return measured(model.likelihood, images, posterior, model.outputs(posterior[0]))


def measured(
    likelihood: Likelihood,
    images: Float32,
    posterior: tuple[Float32, Float32],
    outputs: Mapping[str, Float32],
) -> Measured:
    """Measure images (N, H, W, C) in [0, 1] from `z_mean` and `z_log_var`, and the outputs for `z_mean`."""
    (z_mean, z_log_var), axes = posterior, (1, 2, 3)
    log_prob = likelihood.log_prob(images, outputs, np).sum(axis=axes, dtype=np.float64)
    own = likelihood.log_prob_at(images, images, outputs, np).sum(axis=axes, dtype=np.float64)
    level = images.mean(axis=axes, keepdims=True, dtype=np.float64).astype(np.float32)
    constant = likelihood.log_prob_at(images, level, outputs, np).sum(axis=axes, dtype=np.float64)
    excess = np.maximum(own - log_prob, 0.0)
    share = (excess + LEAST_EXCESS) / (np.maximum(own - constant, 0.0) + LEAST_EXCESS)
    mean, log_var = z_mean.astype(np.float64), z_log_var.astype(np.float64)
    kl = kl_to_standard_normal(mean, log_var, np).sum(axis=1)
    return Measured(mean, excess, kl, share, kl - log_prob)


def excess_map(model: Autoencoder, images: Float32) -> Float32:
    """Compute the excess of each pixel of images (N, H, W, C), summed over channels: (N, H, W) in nats."""
    outputs = model.outputs(model.encode(images)[0])
    own = model.likelihood.log_prob_at(images, images, outputs, np)
    nats: Float32 = (own - model.likelihood.log_prob(images, outputs, np)).sum(axis=3)
    return nats


def measure_all(
    model: Autoencoder,
    images: npt.NDArray[np.generic],
    *,
    threads: int = AT_ONCE,
    advance: Callable[[int], None] = lambda _count: None,
) -> Measured:
    """Measure any number of images (N, H, W, C), uint8 or floats in [0, 1], a chunk at a time.

    Args:
        model: an opened model.
        images: the images.
        threads: number of threads.
        advance: called with the number of images of each chunk that is measured.
    """

    def part(rows: slice) -> Measured:
        return measure(model, to_float32(images[rows]))

    slices: Iterator[slice] = chunks(len(images), model.image_shape, most=CHUNK, chunk_bytes=CHUNK_BYTES)
    parts: list[Measured] = []
    for measured in ahead(part, slices, threads=min(AT_ONCE, threads)):
        parts.append(measured)
        advance(len(measured.z_mean))
    if not parts:
        return Measured(np.empty((0, model.latent_dim)), *(np.empty(0) for _ in Measured._fields[1:]))
    return Measured(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def components_of(
    measured: Measured, dimensions: npt.NDArray[np.int64], mixture: Mixture
) -> dict[ScoreComponent, Float64]:
    """Return each component of the score, (N,) by name."""
    return {
        "excess": measured.excess,
        "kl": measured.kl,
        "unexplained": measured.unexplained,
        "neg_elbo": measured.neg_elbo,
        "neg_log_density": -mixture.log_prob(measured.joint(dimensions)),
    }


def surprise(values: Float64, quantiles: Float64, rate: float) -> Float64:
    """Compute minus the logarithm of the share of validation images with a larger value: (N,).

    Args:
        values: (N,).
        quantiles: (1001,) of validation images.
        rate: of the exponential tail beyond the 90th percentile.
    """
    share = np.maximum(1.0 - np.interp(values, quantiles, LEVELS), 1.0 - TAIL)
    nats: Float64 = -np.log(share) + rate * np.maximum(values - quantiles[_TAIL_INDEX], 0.0)
    return nats


def percentile(values: Float64, quantiles: Float64) -> Float64:
    """Return where values (N,) lie among validation images, 0 to 100."""
    return 100.0 * np.interp(values, quantiles, LEVELS)
