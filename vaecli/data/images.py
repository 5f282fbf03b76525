"""A set of labelled images in memory."""

import dataclasses
import functools
import hashlib
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from vaecli.errors import DataError

Split = Literal["train", "test"]
Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False)
class ImageSet:
    """One split of a data set.

    `images` is (N, H, W, C) uint8, read-only when it comes from `load`; `labels` is (N,) int64, or None where
    nobody labelled them; `class_names[label]` names a class. `location` is for people: where it was read.

    Raises:
        DataError: no images, or shapes that do not fit together.
    """

    name: str
    split: Split
    images: Pixels
    labels: Labels | None
    class_names: tuple[str, ...]
    location: str

    def __post_init__(self) -> None:
        shape = self.images.shape
        if len(shape) != 4 or 0 in shape or shape[3] not in (1, 3):
            raise DataError(
                f"Expected images (N, H, W, C), C 1 or 3 and no axis empty; {self.location} gives {shape}."
            )
        if self.labels is not None and self.labels.shape != (len(self.images),):
            raise DataError(
                f"Expected one label an image, {len(self.images)} in all; "
                f"{self.location} gives labels of shape {self.labels.shape}."
            )

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of the shape and content of images and labels, in hexadecimal."""
        digest = hashlib.sha256()
        for array in (self.images, self.labels):
            _feed(digest, array)
        return digest.hexdigest()


def _feed(digest: Any, array: Pixels | Labels | None) -> None:
    if array is None:
        digest.update(b"none;")
        return
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    digest.update(f"{little.dtype.str}{little.shape};".encode())
    digest.update(little.data)
