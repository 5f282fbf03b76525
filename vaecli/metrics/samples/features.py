"""Checks of features before anything is computed from them."""

import numpy as np
import numpy.typing as npt

from vaecli.errors import DataError

Float64 = npt.NDArray[np.float64]
FEWEST = 2  # images of a set, to have a spread
LARGEST = 1e15  # the error of the kernel distance has its 12th power; copies have its square in float32


def checked(features: npt.ArrayLike, what: str, *, least: int = FEWEST) -> Float64:
    """Return features (N, F) as float64.

    Args:
        features: numbers, a row an image.
        what: name of the set, for messages, such as "the samples".
        least: smallest N.

    Raises:
        DataError: another shape or type, fewer images, NaN or infinity, or numbers whose powers overflow.
    """
    array = np.asarray(features)
    if array.ndim != 2 or not array.shape[1] or array.dtype.kind not in "fiu":
        raise DataError(
            f"The features of {what} must be numbers of the shape (N, F), got {array.dtype} of {array.shape}.",
            hint="Save a row of features for each image, as float32.",
        )
    if len(array) < least:
        raise DataError(
            f"There must be at least {least} images of {what}, got {len(array)}.", hint="Name more of them."
        )
    bad = np.flatnonzero((~np.isfinite(array)).any(axis=1))
    if len(bad):
        raise DataError(
            f"The features of {what} must be finite, got NaN or infinity for {len(bad):,} images, first in row "
            f"{bad[0]:,}.",
            hint="Look at these images, and at the features of them.",
        )
    size = max(float(array.max()), -float(array.min()))
    if size > LARGEST:
        most, given = (f"{number:.3g}".replace("e+", "e") for number in (LARGEST, size))
        raise DataError(f"The features of {what} must be at most {most} in size, got {given}.")
    return array.astype(np.float64)


def require_more_images(count: int, features: int, what: str) -> None:
    """Refuse no more images than features.

    Raises:
        DataError: `count` images of the set called `what` are at most as many as their `features`.
    """
    if count <= features:
        raise DataError(
            f"There must be more images than features, which are {features:,}; got {count:,} images of {what}.",
            hint="Name more images. So few tell nothing about the spread of the features.",
        )


def require_pairs(reference: Float64, samples: Float64) -> None:
    """Refuse sets of different sizes, whose images cannot belong together one by one.

    Raises:
        DataError: more samples than reference images, or fewer.
    """
    if len(reference) != len(samples):
        raise DataError(
            f"Paired sets must have as many samples as reference images, which are {len(reference):,}; got "
            f"{len(samples):,}."
        )


def checked_pair(reference: npt.ArrayLike, samples: npt.ArrayLike) -> tuple[Float64, Float64]:
    """Return the features of two sets as float64, as they are: the kernel distance depends on their origin.

    Raises:
        DataError: features that `checked` refuses, another number of features, no more images than features, or
            reference images that are all equal.
    """
    rows = [
        checked(features, what) for features, what in ((reference, "the reference"), (samples, "the samples"))
    ]
    counts = [array.shape[1] for array in rows]
    if counts[0] != counts[1]:
        raise DataError(
            f"The samples must have {counts[0]} features an image as the reference has, got {counts[1]}."
        )
    for array, what in zip(rows, ("the reference", "the samples"), strict=True):
        require_more_images(len(array), counts[0], what)
    if (rows[0] == rows[0][0]).all():
        raise DataError("The images of the reference must differ, got equal features for all of them.")
    return rows[0], rows[1]
