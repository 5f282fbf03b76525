"""A set of labelled images, in memory or in a file too large for it."""

import dataclasses
import functools
import hashlib

import numpy as np
import numpy.typing as npt

from vaecli.choices import Split
from vaecli.data.file_images import StreamedImages
from vaecli.errors import DataError
from vaecli.pixels import Pixels, chunks

CHUNK = 4096  # images at a time, at most
MAX_PIXELS = 10**6  # of an image to train on: larger ones would make files that `runtime.sizes` refuses
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
        for part in chunks(len(self.images), self.images.shape[1:], most=CHUNK):
            digest.update(np.ascontiguousarray(self.images[part]).data)
        if self.labels is None:
            digest.update(b"none;")
        else:
            digest.update(f"<i8{self.labels.shape};".encode())
            digest.update(np.ascontiguousarray(self.labels, "<i8").data)
        return digest.hexdigest()
