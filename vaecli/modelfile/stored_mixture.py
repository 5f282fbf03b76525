"""Gaussian mixtures as arrays in the metadata of a decoder file: shapes, ranges, and factors of covariances."""

import math
from typing import Any

import numpy as np

from vaecli.rounding import rounded

MAX_COMPONENTS = 1024
MAX_SCALES = 2**18  # values of the scales of a mixture
LARGEST = 1e9  # of the magnitudes in a mixture and in the inverses of its scales


def factors(means: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return the factors of the covariances, float64: (K, D, D) lower triangular, or (K, D) deviations.

    Args:
        means: (K, D).
        scales: (K, T) lower triangles of the factors, row by row; (K, D) deviations of diagonal covariances.
    """
    count, size = means.shape
    values = scales.astype(np.float64)
    if scales.shape == (count, size):
        return values
    triangles = np.zeros((count, size, size))
    rows, columns = np.tril_indices(size)
    triangles[:, rows, columns] = values
    return triangles


def packed_scales(factors: np.ndarray) -> np.ndarray:
    """Return factors (K, D, D) or (K, D) as a file holds them, rounded: see `packed_means`."""
    if factors.ndim == 3:
        rows, columns = np.tril_indices(factors.shape[1])
        factors = factors[:, rows, columns]
    return rounded(factors)


def packed_means(means: np.ndarray) -> np.ndarray:
    """Return means (K, D) as a file holds them, rounded to 11 significant bits.

    Rounded scales and means take half as many bytes in a compressed file. For a mixture of 146 components over 16
    dimensions they changed the log-density of 20,000 draws by 0.011 nats at most, and their mean by 2e-6 nats.
    """
    return rounded(means)


def shapes(count: int, size: int, scales: np.ndarray) -> dict[str, tuple[int, ...]]:
    """Return the shapes that the arrays of a mixture of `count` components over `size` dimensions must have."""
    full, diagonal = (count, size * (size + 1) // 2), (count, size)
    return {
        "weights": (count,),
        "means": (count, size),
        "scales": diagonal if scales.shape == diagonal else full,
    }


def require_size(scales: np.ndarray) -> None:
    """Refuse a mixture that would take too much memory or time.

    Raises:
        ValueError: more components or scales than a file may hold.
    """
    if len(scales) > MAX_COMPONENTS or math.prod(scales.shape) > MAX_SCALES:
        raise ValueError(
            f"a mixture must have at most {MAX_COMPONENTS:,} components and {MAX_SCALES:,} scales"
        )


def require_ranges(
    weights: np.ndarray, means: np.ndarray, scales: np.ndarray, *, most: float = LARGEST
) -> None:
    """Refuse weights, means (K, D) and scales that describe no mixture that can be computed with.

    Raises:
        ValueError: weights that are not positive or whose sum is not 1, means or scales beyond `most`, or scales
            that are singular or nearly so.
    """
    triangles = factors(means, scales)
    deviations = triangles if triangles.ndim == 2 else np.diagonal(triangles, axis1=1, axis2=2)
    largest = max(np.abs(means).max(), np.abs(triangles).max())
    checks: dict[str, Any] = {
        "weights must be positive with the sum 1": weights.min() > 0 and abs(weights.sum() - 1) < 1e-6,
        f"means and scales must be within {most:.0e}": largest <= most,
        f"deviations must be at least {1 / LARGEST:.0e}": deviations.min() >= 1 / LARGEST,
    }
    for message, fits in checks.items():
        if not fits:
            raise ValueError(message)
    if triangles.ndim == 3 and not np.abs(np.linalg.inv(triangles)).max() <= LARGEST:
        raise ValueError(f"inverses of scales must be within {LARGEST:.0e}")
