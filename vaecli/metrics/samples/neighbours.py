"""Precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991), density and coverage (Naeem et al. 2020,
arXiv:2002.09797), by the balls around images that reach to their k-th nearest neighbour.

    precision  share of samples inside a ball of a reference image, k = 3: are samples real?
    recall     share of reference images inside a ball of a sample, k = 3: are all kinds of images sampled?
    density    number of reference balls that a sample is in, over k = 5; 1 for equal distributions
    coverage   share of reference images whose ball, k = 5, holds a sample
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vaecli.errors import DataError
from vaecli.metrics.samples.distances import blocks
from vaecli.metrics.samples.features import Float64, checked

K_PRECISION = 3
K_DENSITY = 5


@dataclasses.dataclass(frozen=True, eq=False)
class Neighbours:
    """The values of each image; the metrics are their means.

    Attributes:
        precision: (M,) 0 or 1 for each sample.
        recall: (N,) 0 or 1 for each reference image.
        density: (M,) for each sample.
        coverage: (N,) 0 or 1 for each reference image.
    """

    precision: Float64
    recall: Float64
    density: Float64
    coverage: Float64


def neighbours(
    reference: Float64, samples: Float64, *, k_precision: int = K_PRECISION, k_density: int = K_DENSITY
) -> Neighbours:
    """Compute the values of all images of features (N, F) and (M, F), a block of distances at a time.

    Args:
        reference: features of real images.
        samples: features of the images that are judged.
        k_precision: number of neighbours in the balls of precision and recall.
        k_density: number of neighbours in the balls of density and coverage.

    Raises:
        DataError: features that `checked` refuses, or no more images than neighbours.
    """
    least = max(k_precision, k_density) + 1
    x, y = checked(reference, "the reference", least=least), checked(samples, "the samples", least=least)
    if x.shape[1] != y.shape[1]:
        raise DataError(f"The samples must have {x.shape[1]} features an image, got {y.shape[1]}.")
    mean = x.mean(axis=0)
    x, y = x - mean, y - mean
    radii, radii_density = radii_of(x, (k_precision, k_density))
    (radii_samples,) = radii_of(y, (k_precision,))
    precision, density = np.zeros(len(y)), np.zeros(len(y))
    recall, coverage = np.empty(len(x)), np.empty(len(x))
    for rows, apart, slack in blocks(x, y):
        distances = apart - slack
        precision += (distances <= radii[rows, None]).sum(axis=0)
        inside = distances <= radii_density[rows, None]
        density += inside.sum(axis=0)
        coverage[rows] = inside.any(axis=1)
        recall[rows] = (distances <= radii_samples).any(axis=1)
    return Neighbours((precision > 0).astype(np.float64), recall, density / k_density, coverage)


def radii_of(features: Float64, counts: Sequence[int]) -> list[npt.NDArray[np.float64]]:
    """Return the squared distance of each row to its k-th nearest other row, (N,), for each k of `counts`.

    A row is left out by its place, so that equal rows are neighbours at the distance 0.
    """
    places = [count - 1 for count in counts]
    radii = np.empty((len(counts), len(features)))
    for rows, distances, _ in blocks(features, features):
        inside = np.arange(rows.stop - rows.start)
        distances[inside, rows.start + inside] = np.inf
        distances.partition(places, axis=1)
        radii[:, rows] = distances[:, places].T
    return list(radii)
