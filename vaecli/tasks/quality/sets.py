"""The images that samples are compared with: the reference, and the training images."""

import dataclasses

import numpy as np
import numpy.typing as npt

from vaecli.data.images import ImageSet
from vaecli.errors import DataError
from vaecli.metrics.samples.features import require_more_images
from vaecli.pixels import chunks
from vaecli.tasks.inputs import Warn
from vaecli.tasks.quality.judge import Float32

CHUNK = 1000  # images that are compared at a time, at most
SAME = 1e-4  # largest difference of the features of equal pictures
OTHER_REFERENCE = "Name other real images with --data, or another part of them with --split."
SAMPLES = 10_000  # images of each set, unless the reference has fewer


@dataclasses.dataclass(frozen=True, eq=False)
class Sets:
    """The reference and the training images.

    Attributes:
        reference: real images that were not trained on.
        training: all training images; None if there are none at hand.
        count: number of images of each set.
        is_own: whether the samples are of a model that was trained on the training images, or may be: those of
            other images are a floor, but no copies can come from them.
    """

    reference: ImageSet
    training: ImageSet | None
    count: int
    is_own: bool = True

    @property
    def described(self) -> dict[str, object]:
        """Name, part, number and hash of the reference."""
        return _described(self.reference)

    @property
    def described_training(self) -> dict[str, object] | None:
        """The same of the training images; None if there are none."""
        return None if self.training is None else _described(self.training)


def _described(images: ImageSet) -> dict[str, object]:
    return {
        "name": images.name,
        "split": images.split,
        "n_images": len(images.images),
        "sha256": images.sha256,
    }


def sets_of(
    reference: ImageSet,
    training: ImageSet | None,
    count: int | None,
    warn: Warn,
    *,
    features: int,
    is_own: bool = True,
) -> Sets:
    """Cut the reference to the number of images that are compared; refuse too few before features are computed.

    Args:
        reference: real images that were not trained on.
        training: all training images; None if there are none at hand.
        count: number of images of each set; by default 10,000, or as many as the reference has.
        warn: receives that fewer images are compared than by default.
        features: number of features of an image.
        is_own: whether the samples are of a model that was trained on the training images, or may be.

    Raises:
        DataError: a reference of one image or of equal ones, or no more images than features.
    """
    total = len(reference.images)
    if total < 2:
        raise DataError(
            f"The reference, {reference.name}, must have at least 2 images, got {total}.",
            hint=OTHER_REFERENCE,
        )
    size = SAMPLES if count is None else count
    require_more_images(min(size, total), features, "the reference")
    if _are_equal(reference):
        raise DataError(
            f"The images of the reference must differ, got {total:,} equal ones of {reference.name}.",
            hint=OTHER_REFERENCE,
        )
    if training is not None:
        require_more_images(len(training.images), features, "the training images")
        if len(training.images) < min(size, total):
            warn(
                f"Column real: of {len(training.images):,} training images, fewer than the {min(size, total):,} "
                "samples; its distances are larger for that alone."
            )
    if total < size:
        warn(
            f"{reference.name} has {total:,} {reference.split} images: distances are larger than with {SAMPLES:,}."
        )
    elif size < SAMPLES:
        warn(f"Only {size:,} images are compared: distances are larger than with {SAMPLES:,}.")
    return Sets(some(reference, size), training, min(size, total) if count is None else count, is_own)


def _are_equal(images: ImageSet) -> bool:
    """Return whether all images of a set are equal."""
    first = images.images[:1]
    parts = chunks(len(images.images), images.images.shape[1:], most=CHUNK)
    return all(bool((images.images[part] == first).all()) for part in parts)


def warn_if_equal(features: Float32, warn: Warn) -> None:
    """Say that all samples are one picture, by their features (N, F)."""
    if float(np.ptp(features, axis=0).max()) <= SAME:
        warn("All samples are the same picture, so that their figures say nothing of a model's quality.")


def some(images: ImageSet, count: int) -> ImageSet:
    """Return `count` images of a set, drawn at random but always the same; all if it has no more."""
    total = len(images.images)
    return images if total <= count else images.select(some_positions(total, count))


def some_positions(total: int, count: int) -> npt.NDArray[np.int64]:
    """Return `count` of `total` positions, drawn at random but always the same, in order; all if there are no more.

    Evenly spaced positions would miss classes where these come in turns.
    """
    if total <= count:
        return np.arange(total)
    generator = np.random.Generator(np.random.Philox(key=np.zeros(2, np.uint64)))
    keys = generator.bit_generator.random_raw(total)  # raw words: numpy promises no stream beyond them
    return np.sort(np.argsort(keys, kind="stable")[:count])
