"""A set of labelled images, in memory or in a file too large for it."""

import dataclasses
import functools
import hashlib
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from vaecli.choices import Part
from vaecli.data.file_images import StreamedImages
from vaecli.errors import DataError
from vaecli.pixels import SCALE, Pixels, chunks

if TYPE_CHECKING:
    from vaecli.data.collection.report import Report
    from vaecli.data.photo.reading import Reading

CHUNK = 4096  # images at a time, at most
MOST_IN_MEMORY = 2**32  # bytes of the images of a set that are not read from their file when needed
_SMALL = 2**22  # bytes of a chunk on which much is computed as float32
Images = Pixels | StreamedImages
Labels = npt.NDArray[np.int64]
Kind = Literal["named", "folder"]  # a data set of the catalogue, proved by its hash, or files of the user's


@dataclasses.dataclass(frozen=True, eq=False)
class ImageSet:
    """One split of a data set.

    Attributes:
        name: of the data set, or of the folder.
        split: `train` or `test`; `validation` for those of the training images that a run uses for validation.
        images: (N, H, W, C) uint8, an array (read-only if it comes from `load`) or images in a file.
        labels: (N,) int64; None if there are none.
        class_names: the name of each label.
        location: the path from which the set was read, for messages.
        kind: `named` for a data set of the catalogue, `folder` for a user's files, which may have the same name.
        stretch: the two pixel values that became 0 and 255; None if pixels were not stretched.
        reading: how pictures of other shapes became these images; None if all had this shape.
        original_shape: (H, W, C) of all images before `reading` changed them; None if it did not, or for pictures,
            whose sizes the report has.
        held_out: (N,) bool, true for the source's own validation images; None if it has none.
        report: bad, equal and ignored files of a folder or archive of pictures; None for other sources.

    Raises:
        DataError: no images, or shapes that do not fit together.
    """

    name: str
    split: Part
    images: Images
    labels: Labels | None
    class_names: tuple[str, ...]
    location: str
    kind: Kind = "folder"
    stretch: tuple[int, int] | None = None
    reading: "Reading | None" = None
    original_shape: tuple[int, int, int] | None = None
    held_out: npt.NDArray[np.bool_] | None = None
    report: "Report | None" = None

    def __post_init__(self) -> None:
        shape = self.images.shape
        if len(shape) != 4 or 0 in shape or shape[3] not in (1, 3):
            raise DataError(
                f"Images must have the shape (N, H, W, C), C 1 or 3 and no axis empty; {self.location} has {shape}."
            )
        if self.labels is not None and self.labels.shape != (len(self.images),):
            raise DataError(
                f"There must be one label for each of {len(self.images)} images; "
                f"{self.location} has labels of the shape {self.labels.shape}."
            )

    def select(self, positions: npt.NDArray[np.integer]) -> "ImageSet":
        """Return the set of the images at `positions` (n,), in that order, with their labels."""
        images = self.images
        return dataclasses.replace(
            self,
            images=images.select(positions) if isinstance(images, StreamedImages) else images[positions],
            labels=None if self.labels is None else self.labels[positions],
            held_out=None if self.held_out is None else self.held_out[positions],
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


def require_room(shape: Sequence[int], location: str, *, hint: str) -> None:
    """Check that uint8 images of `shape` (N, H, W, C) may be held in memory, before anything is allocated.

    Raises:
        DataError: they take more than `MOST_IN_MEMORY`; `hint` says what to do.
    """
    if math.prod(shape) > MOST_IN_MEMORY:
        raise DataError(
            f"{location}: images held in memory must take at most {MOST_IN_MEMORY / 2**30:.0f} GiB, "
            f"got {math.prod(shape) / 2**30:,.1f} GiB.",
            hint=hint,
        )


def spread(images: Images, count: int = 1000) -> Iterator[Pixels]:
    """Yield up to `count` images (N, H, W, C), spread evenly over all, in chunks (n, H, W, C)."""
    positions = np.arange(0, len(images), -(-len(images) // count))
    for part in chunks(len(positions), images.shape[1:], most=CHUNK, chunk_bytes=_SMALL):
        yield images[positions[part]]


def pixel_mean(images: Images, indices: np.ndarray) -> float:
    """Return the mean of all pixels of the images at `indices`, in [0, 1]; the sum is exact."""
    shape = images.shape[1:]
    parts = chunks(len(indices), shape, most=len(indices))
    total = sum(int(images[indices[part]].sum(dtype=np.uint64)) for part in parts)
    return total / (len(indices) * math.prod(shape)) / SCALE
