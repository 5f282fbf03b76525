"""Gaussian mixtures over latents: density, and the exponential form in which density and fit are matrix products.

A component's log-density is linear in the features of z: all products of two coordinates (squares alone, for a
diagonal covariance), the coordinates, and 1. So the log-densities of n latents under K components are one matrix
product (n, F) @ (F, K).
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from vaecli.probability.gaussian import LOG_2_PI
from vaecli.rounding import rounded

Float64 = npt.NDArray[np.float64]

MAX_FULL = 64  # dimensions: beyond, covariances are diagonal
BLOCK_BYTES = 2**23  # of the features of a block of latents


@dataclasses.dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of K Gaussians over latents of D dimensions.

    Attributes:
        weights: (K,) positive, with the sum 1.
        means: (K, D).
        scales: (K, D, D) lower triangular L with the covariance L L^T; or (K, D) standard deviations.
    """

    weights: Float64
    means: Float64
    scales: Float64

    @property
    def is_diagonal(self) -> bool:
        """Whether the covariances are diagonal."""
        return self.scales.ndim == 2

    def log_joint(self, z: npt.ArrayLike) -> Float64:
        """Compute `log p(k) + log p(z|k)` of latents (n, D) and each component: (n, K) in nats."""
        latents = np.atleast_2d(np.asarray(z, np.float64))
        centre, parameters = centred_parameters(self)
        parts = [
            features(latents[part] - centre, diagonal=self.is_diagonal) @ parameters
            for part in blocks(latents.shape, diagonal=self.is_diagonal)
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(self.weights)))

    def log_prob(self, z: npt.ArrayLike) -> Float64:
        """Compute `log p(z)` of latents (..., D), in nats: (...)."""
        latents = np.asarray(z, np.float64)
        flat = latents.reshape(-1, latents.shape[-1])
        return log_sum_exp(self.log_joint(flat)).reshape(latents.shape[:-1])

    def rounded(self) -> "Mixture":
        """Return the mixture with the means and scales that a file holds."""
        means, scales = (rounded(part).astype(np.float64) for part in (self.means, self.scales))
        return Mixture(self.weights, means, scales)


def features(z: Float64, *, diagonal: bool) -> Float64:
    """Return the features (n, F) of latents (n, D): products of coordinates, coordinates, 1."""
    count, size = z.shape
    if diagonal:
        return np.concatenate([np.square(z), z, np.ones((count, 1))], axis=1)
    products = np.empty((count, feature_count(size, diagonal=False)))
    first = 0
    for i in range(size):  # row i of the upper triangle
        np.multiply(z[:, i : i + 1], z[:, i:], out=products[:, first : first + size - i])
        first += size - i
    products[:, first:-1] = z
    products[:, -1] = 1.0
    return products


def feature_count(size: int, *, diagonal: bool) -> int:
    """Return the number F of features of latents of `size` dimensions."""
    return (size if diagonal else size * (size + 1) // 2) + size + 1


def natural_parameters(mixture: Mixture) -> Float64:
    """Return (F, K): the features of z times column k are `log p(k) + log p(z|k)`."""
    means, size = mixture.means, mixture.means.shape[1]
    if mixture.is_diagonal:
        precisions = 1.0 / np.square(mixture.scales)
        products, linear = -0.5 * precisions, precisions * means
        log_scales = np.log(mixture.scales).sum(axis=1)
    else:
        inverses = np.linalg.inv(mixture.scales)
        matrices = inverses.transpose(0, 2, 1) @ inverses
        rows, columns = np.triu_indices(size)
        products = np.where(rows == columns, -0.5, -1.0) * matrices[:, rows, columns]
        linear = np.einsum("kij,kj->ki", matrices, means)
        log_scales = np.log(np.diagonal(mixture.scales, axis1=1, axis2=2)).sum(axis=1)
    quadratic = np.einsum("ki,ki->k", linear, means)
    constant = np.log(mixture.weights) - log_scales - 0.5 * (size * LOG_2_PI + quadratic)
    return np.concatenate([products, linear, constant[:, None]], axis=1).T


def centred_parameters(mixture: Mixture) -> tuple[Float64, Float64]:
    """Return the mean (D,), and the natural parameters (F, K) for latents less the mean: more exact."""
    centre = mixture.weights @ mixture.means
    return centre, natural_parameters(dataclasses.replace(mixture, means=mixture.means - centre))


def blocks(shape: tuple[int, ...], *, diagonal: bool) -> Iterator[slice]:
    """Yield slices that cover latents of `shape` (n, D), so that the features of a block have at most 8 MiB."""
    length = max(1, BLOCK_BYTES // (8 * feature_count(shape[1], diagonal=diagonal)))
    return (slice(start, min(start + length, shape[0])) for start in range(0, shape[0], length))


def log_sum_exp(values: Float64) -> Float64:
    """Compute `log(sum_k exp(v_k))` of each row of (n, K): (n,)."""
    largest = values.max(axis=1, keepdims=True)
    total: Float64 = np.log(np.exp(values - largest).sum(axis=1)) + largest[:, 0]
    return total
