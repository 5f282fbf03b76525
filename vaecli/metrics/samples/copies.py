"""Copies: the distance of each image to its nearest training image, for samples and for real images that are new.

The ratio of the two medians is 1 if samples are as new as test images, and 0 if they are copies.
"""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from vaecli.metrics.samples.distances import blocks
from vaecli.metrics.samples.features import Float64, checked


@dataclasses.dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest training image of each of M images.

    Attributes:
        positions: (M,) its position among the training images.
        distances: (M,) the distance to it, in the space of the features.
    """

    positions: npt.NDArray[np.int64]
    distances: Float64

    @functools.cached_property
    def median(self) -> float:
        """Median of the distances."""
        return float(np.median(self.distances))

    @functools.cached_property
    def median_error(self) -> float:
        """Standard error of the median: half the distance between the quantiles at 1/2 -+ 1/(2 sqrt(M))."""
        half = 0.5 / np.sqrt(len(self.distances))
        low, high = np.quantile(self.distances, [0.5 - half, 0.5 + half])
        return float(high - low) / 2

    def closest(self, count: int) -> npt.NDArray[np.int64]:
        """Return the positions of the `count` images that are closest to training images, the closest first."""
        return np.argsort(self.distances, kind="stable")[:count]


@dataclasses.dataclass(frozen=True)
class Ratio:
    """The ratio of two medians and its standard error."""

    value: float
    error: float


def nearest(
    images: npt.ArrayLike,
    training: npt.ArrayLike,
    what: str = "the samples",
    *,
    advance: Callable[[int], None] = lambda _rows: None,
) -> Nearest:
    """Find the nearest of training features (N, F) for each row of features (M, F), in blocks.

    Args:
        images: features (M, F).
        training: features (N, F).
        what: the images in an error.
        advance: called with the number of rows of each block.

    Raises:
        DataError: features that `checked` refuses.
    """
    rows, others = checked(images, what, least=1), checked(training, "the training images", least=1)
    mean = others.mean(axis=0)
    near, far = ((array - mean).astype(np.float32) for array in (rows, others))
    positions = np.empty(len(rows), np.int64)
    for part, distances, _ in blocks(near, far):
        positions[part] = distances.argmin(axis=1)
        advance(part.stop - part.start)
    exact = np.linalg.norm(rows - others[positions], axis=1)  # float32 would not see that a copy is exact
    return Nearest(positions, exact)


def ratio_of_medians(samples: Nearest, unseen: Nearest) -> Ratio:
    """Return the median distance of samples over that of real images that were not trained on.

    The ratio is NaN if the median of the latter is 0: then the real images are copies themselves.
    """
    if not unseen.median:
        return Ratio(float("nan"), float("nan"))
    value = samples.median / unseen.median
    error = np.hypot(samples.median_error, value * unseen.median_error) / unseen.median
    return Ratio(value, float(error))
