"""Fit of a Gaussian mixture to latents: k-means++, then expectation-maximisation (EM)."""

import dataclasses
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli import checks
from vaecli.errors import DataError
from vaecli.latent.mixture import (
    MAX_FULL,
    Float64,
    Mixture,
    blocks,
    feature_count,
    features,
    log_sum_exp,
    natural_parameters,
)
from vaecli.latent.whitening import Whitening

MAX_COMPONENTS = 1024
IMAGES_PER_DIMENSION = 5  # a smaller component would be close to a copy of its images
_START_ROWS = 16_384  # latents on which k-means runs
_START_ITERATIONS = 10


class Fit(NamedTuple):
    """A fitted mixture.

    Attributes:
        mixture: components in decreasing order of weight.
        counts: (K,) number of latents of each component, in expectation.
        log_likelihoods: mean log-density of the latents before each iteration, in nats; it never falls.
    """

    mixture: Mixture
    counts: Float64
    log_likelihoods: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class FitOptions:
    """Options of a fit.

    Attributes:
        components: K.
        diagonal: diagonal covariances; by default only above 64 dimensions.
        iterations: of EM, at most.
        tolerance: EM ends when the mean log-density gains less in an iteration, in nats.
        fewest: least number of latents of a component; 5 D keeps a prior from copying its images.
        floor: least eigenvalue of a component's covariance, where that of all latents is the identity.
        seed: of k-means++.
    """

    components: int
    diagonal: bool | None = None
    iterations: int = 100
    tolerance: float = 1e-4
    fewest: float = 0.0
    floor: float = 1e-3
    seed: int = 0


def fit_mixture(z: npt.ArrayLike, options: FitOptions) -> Fit:
    """Fit a mixture to latents (N, D). The same seed gives the same mixture.

    The latents are whitened first, so that an affine map of the latents maps the mixture, and the floor of the
    covariances has a meaning. Memory beyond the latents is bounded: they are read in blocks.

    Raises:
        OptionError: a number of components out of range.
        DataError: fewer latents than components, or a component with fewer latents than `options.fewest`.
    """
    latents = np.asarray(z, np.float64)
    count, size = latents.shape
    checks.integer(options.components, "--components", least=1, most=MAX_COMPONENTS)
    if count < options.components:
        raise DataError(
            f"A mixture of {options.components} components needs as many images, got {count:,}.",
            hint="Use fewer components.",
        )
    diagonal = size > MAX_FULL if options.diagonal is None else options.diagonal
    whitening = Whitening.of(latents, diagonal=diagonal)
    white = whitening.apply(latents)
    mixture = start(white, options, diagonal=diagonal)
    means: list[float] = []
    while True:
        statistics, log_likelihood = expect(white, mixture)
        gain = log_likelihood - means[-1] if means else np.inf
        means.append(log_likelihood)
        if gain < options.tolerance or len(means) > options.iterations:
            break
        mixture = maximise(statistics, options.floor, diagonal=diagonal)
    counts = statistics[-1]
    order = np.argsort(-mixture.weights, kind="stable")
    fewest = float(counts.min())
    if fewest < options.fewest:
        raise DataError(
            f"Each of the {options.components} components must have at least {options.fewest:g} images, "
            f"got {fewest:.1f} in the smallest.",
            hint="Use fewer components.",
        )
    ordered = Mixture(mixture.weights[order], mixture.means[order], mixture.scales[order])
    log_likelihoods = tuple(mean - whitening.log_determinant for mean in means)
    return Fit(whitening.undo(ordered), counts[order], log_likelihoods)


def start(z: Float64, options: FitOptions, *, diagonal: bool) -> Mixture:
    """Return the mixture of the clusters that k-means makes of some latents, with k-means++ centres."""
    rng, components = np.random.default_rng(options.seed), options.components
    rows = rng.permutation(len(z))[:_START_ROWS] if len(z) > _START_ROWS else np.arange(len(z))
    some = z[np.sort(rows)]
    centres = _spread_centres(some, components, rng)
    for _ in range(_START_ITERATIONS):
        nearest = _nearest(some, centres)
        sizes = np.bincount(nearest, minlength=components)
        sums = np.stack([np.bincount(nearest, column, components) for column in some.T], axis=1)
        centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)
    statistics = np.zeros((feature_count(z.shape[1], diagonal=diagonal), components))
    nearest = _nearest(some, centres)
    for part in blocks(some.shape, diagonal=diagonal):
        assigned = (nearest[part, None] == np.arange(components)).astype(np.float64)
        statistics += features(some[part], diagonal=diagonal).T @ assigned
    # each cluster also gets one latent's share of a unit covariance: a small or an empty one is not singular
    share = features(centres, diagonal=diagonal).T
    share[: -z.shape[1] - 1] += _identity(z.shape[1], diagonal=diagonal)[:, None]
    statistics += share
    return maximise(statistics, options.floor, diagonal=diagonal)


def _identity(size: int, *, diagonal: bool) -> Float64:
    """Return the products of coordinates, in the order of `features`, of a unit covariance."""
    if diagonal:
        return np.ones(size)
    rows, columns = np.triu_indices(size)
    identity: Float64 = (rows == columns).astype(np.float64)
    return identity


def _spread_centres(z: Float64, components: int, rng: np.random.Generator) -> Float64:
    """Choose centres among the latents, each with a probability that grows with its distance (k-means++).

    Source: Arthur & Vassilvitskii 2007.
    """
    centres = [z[rng.integers(len(z))]]
    distances = np.square(z - centres[0]).sum(axis=1)
    while len(centres) < components:
        cumulative = np.cumsum(distances)
        position = np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right")
        centres.append(z[min(int(position), len(z) - 1)])
        distances = np.minimum(distances, np.square(z - centres[-1]).sum(axis=1))
    return np.stack(centres)


def _nearest(z: Float64, centres: Float64) -> npt.NDArray[np.intp]:
    """Return the number of the nearest centre (K, D) of each latent (n, D): (n,)."""
    squares = 0.5 * np.square(centres).sum(axis=1)
    parts = [(squares - z[part] @ centres.T).argmin(axis=1) for part in blocks(z.shape, diagonal=False)]
    return np.concatenate(parts)


def expect(z: Float64, mixture: Mixture) -> tuple[Float64, float]:
    """Return the sums of the features over each component (F, K), and the mean log-density of the latents."""
    parameters = natural_parameters(mixture)
    statistics, total = np.zeros_like(parameters), 0.0
    for part in blocks(z.shape, diagonal=mixture.is_diagonal):
        block = features(z[part], diagonal=mixture.is_diagonal)
        log_joint = block @ parameters
        log_density = log_sum_exp(log_joint)
        total += float(log_density.sum())
        statistics += block.T @ np.exp(log_joint - log_density[:, None])
    return statistics, total / len(z)


def maximise(statistics: Float64, floor: float, *, diagonal: bool) -> Mixture:
    """Return the mixture of the greatest likelihood for the sums (F, K), with no variance below the floor.

    Raising the eigenvalues of the empirical covariance to the floor maximises the likelihood among the covariances
    that respect it, so that EM never lowers the likelihood.
    """
    counts = np.maximum(statistics[-1], 1e-10)
    size, weights = _size(len(statistics), diagonal=diagonal), counts / counts.sum()
    moments = (statistics[:-1] / counts).T
    products, sums = moments[:, :-size], moments[:, -size:]
    if diagonal:
        return Mixture(weights, sums, np.sqrt(np.maximum(products - np.square(sums), floor)))
    rows, columns = np.triu_indices(size)
    covariances = np.empty((len(weights), size, size))
    covariances[:, rows, columns] = covariances[:, columns, rows] = products
    covariances -= sums[:, :, None] * sums[:, None, :]
    eigenvalues, vectors = np.linalg.eigh(covariances)
    floored = (vectors * np.maximum(eigenvalues, floor)[:, None, :]) @ vectors.transpose(0, 2, 1)
    return Mixture(weights, sums, np.linalg.cholesky(floored))


def _size(feature_total: int, *, diagonal: bool) -> int:
    """Return the number D of dimensions of latents with so many features."""
    if diagonal:
        return (feature_total - 1) // 2
    return int(np.sqrt(2 * feature_total + 0.25) - 1.5)
