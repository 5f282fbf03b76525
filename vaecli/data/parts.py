"""The division of a run's images: training and validation images, and with --test-split test images."""

import dataclasses

import numpy as np
import numpy.typing as npt

from vaecli.data.images import ImageSet
from vaecli.data.split import FEWEST_ON_A_SIDE, test_mask, validation_mask
from vaecli.errors import DataError, OptionError
from vaecli.options import TrainOptions


def of_trained_classes(
    labels: npt.NDArray[np.integer], held_out: npt.NDArray[np.bool_]
) -> npt.NDArray[np.integer]:
    """Return labels (N,) with -1, no label, for images of a class of which all images are held out (N,)."""
    return np.where(np.isin(labels, labels[~held_out]), labels, -1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Division:
    """How a run divides the training images of a source; the pixels of each image decide, not its place.

    Attributes:
        validation_split: about this share of the images without the test part is for validation; not used where the
            source itself has validation images.
        test_split: about this share of all images is set apart first, as the test part; 0 for none.
        seed: of the validation draw and of the test draw, which are independent.
    """

    validation_split: float
    test_split: float = 0.0
    seed: int = 0

    @classmethod
    def of(cls, options: TrainOptions) -> "Division":
        """Return the division of a run with these options."""
        return cls(
            validation_split=options.validation_split, test_split=options.test_split, seed=options.seed
        )

    def without_test(self, source: ImageSet) -> ImageSet:
        """Return the images of `source`, as they were read, that are not in its test part.

        Raises:
            OptionError: too few images would be on a side.
        """
        if not self.test_split:
            return source
        return source.select(np.flatnonzero(~self._test_mask(source)))

    def test(self, source: ImageSet) -> ImageSet:
        """Return the test part of `source`, as it was read.

        Raises:
            OptionError: too few images would be on a side.
        """
        part = source.select(np.flatnonzero(self._test_mask(source)))
        return dataclasses.replace(part, split="test", held_out=None)

    def held_out(self, data: ImageSet) -> npt.NDArray[np.bool_]:
        """Return which images of `data`, which has no test part, are for validation: (N,) bool.

        Raises:
            DataError: fewer than `FEWEST_ON_A_SIDE` images for training or for validation, or nearly all are equal.
        """
        if data.held_out is None:
            try:
                return validation_mask(data.images, fraction=self.validation_split, seed=self.seed)
            except DataError as error:
                raise DataError(
                    f"Cannot split the images of {data.location}. {error.message}",
                    hint="Add images. To measure a model on these alone, save them as the test part: "
                    "np.savez('test.npz', x_train=images, x_test=images).",
                ) from error
        count, total = int(data.held_out.sum()), len(data.held_out)
        if min(count, total - count) < FEWEST_ON_A_SIDE:
            raise DataError(
                f"{data.location} must have at least {FEWEST_ON_A_SIDE} training images and as many "
                f"for validation, got {total - count} and {count}.",
                hint="Add pictures to the part with too few.",
            )
        return data.held_out

    def _test_mask(self, source: ImageSet) -> npt.NDArray[np.bool_]:
        mask = test_mask(source.images, fraction=self.test_split, seed=self.seed)
        count, total = int(mask.sum()), len(mask)
        if min(count, total - count) < FEWEST_ON_A_SIDE:
            raise OptionError(
                f"--test-split must leave at least {FEWEST_ON_A_SIDE} images on each side, but "
                f"{self.test_split:g} sets {count:,} of the {total:,} of {source.name} apart.",
                option="--test-split",
            )
        return mask
