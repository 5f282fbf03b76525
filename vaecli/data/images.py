"""A set of labelled images, in memory or in a file too large for it."""

import dataclasses
import functools
import hashlib
from typing import Literal

import numpy as np
import numpy.typing as npt

from vaecli.data.streamed import Pixels, StreamedImages
from vaecli.errors import DataError

CHUNK = 4096  # images looked at in one go
MAX_PIXELS = 10**6  # of an image to train on: larger ones would make files that `runtime.sizes` refuses
Split = Literal["train", "test"]
Images = Pixels | StreamedImages
Labels = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False)
class ImageSet:
    """One split of a data set.

    `images` is (N, H, W, C) uint8, an array (read-only when it comes from `load`) or its like in a file; `labels`
    is (N,) int64, or None where nobody labelled them; `class_names[label]` names a class. `location` is for people:
    where it was read.

    Raises:
        DataError: no images, or shapes that do not fit together.
    """

    name: str
    split: Split
    images: Images
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
        digest = hashlib.sha256(f"|u1{self.images.shape};".encode())
        for start in range(0, len(self.images), CHUNK):
            digest.update(np.ascontiguousarray(self.images[start : start + CHUNK]).data)
        if self.labels is None:
            digest.update(b"none;")
        else:
            digest.update(f"<i8{self.labels.shape};".encode())
            digest.update(np.ascontiguousarray(self.labels, "<i8").data)
        return digest.hexdigest()
