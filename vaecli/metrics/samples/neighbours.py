"""Precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991), density and coverage (Naeem et al. 2020,
arXiv:2002.09797), by the balls around images that reach to their k-th nearest neighbour.

    precision  share of samples inside a ball of a reference image, k = 3: are samples real?
    recall     share of reference images inside a ball of a sample, k = 3: are all kinds of images sampled?
    density    number of reference balls that a sample is in, over k = 5; 1 for equal distributions
    coverage   share of reference images whose ball, k = 5, holds a sample
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from vaecli.errors import DataError
from vaecli.metrics.samples.distances import blocks
from vaecli.metrics.samples.features import Float64, checked, require_pairs
from vaecli.metrics.samples.halves import DRAWN, REAL, Balls, Halves
from vaecli.metrics.shares import share_error

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
        errors: name of each metric -> its standard error, for the choice of the images of both sets. That of a
            share of 0 or 1 is that of `share_error` at least, as all halves may have the same share.
    """

    precision: Float64
    recall: Float64
    density: Float64
    coverage: Float64
    errors: Mapping[str, float]


def neighbours(
    reference: Float64,
    samples: Float64,
    *,
    paired: bool = False,
    k_precision: int = K_PRECISION,
    k_density: int = K_DENSITY,
) -> Neighbours:
    """Compute the values of all images of features (N, F) and (M, F), a block of distances at a time.

    Args:
        reference: features of real images.
        samples: features of the images that are judged.
        paired: whether sample i is made from reference image i: both are then in the same halves, from which the
            standard errors come. It changes these alone.
        k_precision: number of neighbours in the balls of precision and recall.
        k_density: number of neighbours in the balls of density and coverage.

    Raises:
        DataError: features that `checked` refuses, no more images than neighbours, or paired sets of different
            sizes.
    """
    least = max(k_precision, k_density) + 1
    x, y = checked(reference, "the reference", least=least), checked(samples, "the samples", least=least)
    if x.shape[1] != y.shape[1]:
        raise DataError(f"The samples must have {x.shape[1]} features an image, got {y.shape[1]}.")
    if paired:
        require_pairs(x, y)
    mean = x.mean(axis=0)
    x, y = x - mean, y - mean
    real = Balls(x, (k_precision, k_density), REAL)
    drawn = Balls(y, (k_precision,), REAL if paired else DRAWN)
    halves = Halves(real, drawn, k_precision, k_density)
    radii, radii_density = real.radii(k_precision), real.radii(k_density)
    radii_samples = drawn.radii(k_precision)
    precision, density = np.zeros(len(y)), np.zeros(len(y))
    recall, coverage = np.empty(len(x)), np.empty(len(x))
    for rows, apart, slack in blocks(x, y):
        distances = apart - slack
        precision += (distances <= radii[rows, None]).sum(axis=0)
        inside = distances <= radii_density[rows, None]
        density += inside.sum(axis=0)
        coverage[rows] = inside.any(axis=1)
        recall[rows] = (distances <= radii_samples).any(axis=1)
        halves.add(rows, distances)
    values = {
        "precision": (precision > 0).astype(np.float64),
        "recall": recall,
        "density": density / k_density,
        "coverage": coverage,
    }
    errors = halves.errors({name: float(each.var()) for name, each in values.items()})
    for name in ("precision", "recall", "coverage"):
        if values[name].mean() in (0, 1):
            errors[name] = max(errors[name], float(share_error(values[name].sum(), len(values[name]))))
    return Neighbours(**values, errors=errors)
