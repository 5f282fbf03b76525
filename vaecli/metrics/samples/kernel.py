"""The kernel distance (KID, Binkowski et al. 2018, arXiv:1801.01401).

It is the unbiased squared maximum mean discrepancy with the kernel (x.y / F + 1)^3. All pairs of images count, so
that the value depends on no draw of subsets; sums leave out the pairs of an image with itself. The mean over sets
of the same distribution is zero; a single value may be negative.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from vaecli.metrics.samples import distances
from vaecli.metrics.samples.features import Float64, checked, require_pairs

FEWEST_IMAGES = 3  # of a set, to leave one out


class KernelDistance(NamedTuple):
    """A kernel distance and its standard error."""

    distance: float
    error: float


def kernel_distance(reference: Float64, samples: Float64, *, paired: bool = False) -> KernelDistance:
    """Compute the kernel distance between features (N, F) and (M, F), N and M at least 3.

    The standard error is that of the jackknife over the images of both sets. Where these are of the same
    distribution, it is about 1.4 times too large.

    Args:
        reference: features of real images.
        samples: features of the images that are judged.
        paired: whether sample i is made from reference image i: the jackknife then leaves out both together. It
            changes the standard error alone.

    Raises:
        DataError: features that `checked` refuses, or paired sets of different sizes.
    """
    x = checked(reference, "the reference", least=FEWEST_IMAGES)
    y = checked(samples, "the samples", least=FEWEST_IMAGES)
    within_x, within_y = _within(x), _within(y)
    across_x, across_y = _across(x, y)
    n, m = len(x), len(y)
    mean_x, mean_y = within_x.sum() / (n * (n - 1)), within_y.sum() / (m * (m - 1))
    total = across_x.sum()
    distance = mean_x + mean_y - 2 * total / (n * m)
    without_x = (within_x.sum() - 2 * within_x) / ((n - 1) * (n - 2))
    without_y = (within_y.sum() - 2 * within_y) / ((m - 1) * (m - 2))
    if paired:
        require_pairs(x, y)
        across = total - across_x - across_y + _of_pairs(x, y)  # the pair itself is in both sums
        variance = (n - 1) * (without_x + without_y - 2 * across / (n - 1) ** 2).var()
    else:
        without_x -= 2 * (total - across_x) / ((n - 1) * m)
        without_y -= 2 * (total - across_y) / ((m - 1) * n)
        variance = (n - 1) * without_x.var() + (m - 1) * without_y.var()
    return KernelDistance(float(distance), float(np.sqrt(variance)))


def _kernel(x: Float64, y: Float64) -> Float64:
    return _cubes(x @ y.T, x.shape[1])


def _of_pairs(x: Float64, y: Float64) -> Float64:
    """Return the kernel of each image with that of its number in the other set, (N,)."""
    return _cubes(np.einsum("nf,nf->n", x, y), x.shape[1])


def _cubes(products: Float64, features: int) -> Float64:
    base: Float64 = products / features + 1.0
    cubes: Float64 = base * base * base
    return cubes


def _parts(count: int, others: int) -> Iterator[slice]:
    """Yield slices of `count` images whose kernel with `others` takes no more memory than a block of distances."""
    length = max(1, distances.BLOCK_BYTES // (8 * others))
    for first in range(0, count, length):
        yield slice(first, min(first + length, count))


def _within(x: Float64) -> Float64:
    """Return for each image the sum of the kernel with all others of its set, (N,)."""
    sums = np.empty(len(x))
    for part in _parts(len(x), len(x)):
        values = _kernel(x[part], x)
        rows = np.arange(len(values))
        values[rows, part.start + rows] = 0.0
        sums[part] = values.sum(axis=1)
    return sums


def _across(x: Float64, y: Float64) -> tuple[Float64, Float64]:
    """Return for each image of two sets the sum of the kernel with all of the other set, (N,) and (M,)."""
    rows, columns = np.empty(len(x)), np.zeros(len(y))
    for part in _parts(len(x), len(y)):
        values = _kernel(x[part], y)
        rows[part] = values.sum(axis=1)
        columns += values.sum(axis=0)
    return rows, columns
