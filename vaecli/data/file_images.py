"""Images that stay in their file and are read when they are indexed: memory does not grow with their number."""

import io
import itertools
import math
import pathlib

import numpy as np
import numpy.typing as npt

from vaecli.errors import DataError
from vaecli.pixels import Pixels

Index = int | slice | npt.NDArray[np.integer]


class StreamedImages:
    """(N, H, W, C) uint8 in an uncompressed file, indexed along its first axis like an array; threads may share it.

    Files are read, not mapped into memory: mapped pages would count as memory of the process.

    Args:
        path: the file.
        offset: bytes before the first image.
        shape: (N, H, W, C).
        levels: (256,) uint8; pixel value v in the file is read as `levels[v]`. None reads v as v.
        rows: (N,), the position in the file of each image; None for positions 0 to N - 1.
        keep: an object to hold a reference to as long as the images live, such as a lock on the file.
    """

    def __init__(
        self,
        path: pathlib.Path,
        offset: int,
        shape: tuple[int, int, int, int],
        levels: npt.NDArray[np.uint8] | None = None,
        rows: npt.NDArray[np.int64] | None = None,
        *,
        keep: object = None,
    ) -> None:
        self.shape = shape
        self._path, self._offset, self._size = path, offset, math.prod(shape[1:])
        self._levels, self._rows, self._keep = levels, rows, keep

    def __len__(self) -> int:
        return self.shape[0]

    def with_levels(self, levels: npt.NDArray[np.uint8]) -> "StreamedImages":
        """Return the same images with each pixel value v replaced by `levels[v]`; `levels` is (256,)."""
        return StreamedImages(self._path, self._offset, self.shape, levels, self._rows, keep=self._keep)

    def select(self, positions: npt.NDArray[np.integer]) -> "StreamedImages":
        """Return the images at `positions` (n,), in that order."""
        rows = positions.astype(np.int64) if self._rows is None else self._rows[positions]
        shape = (len(rows), *self.shape[1:])
        return StreamedImages(self._path, self._offset, shape, self._levels, rows, keep=self._keep)

    def __getitem__(self, key: Index) -> Pixels:
        """Read one image (H, W, C) by its position, or images (n, H, W, C) by a slice or an array of positions.

        Raises:
            DataError: the file is gone or shorter than it was.
        """
        if isinstance(key, int | np.integer):
            image: Pixels = self[np.array([key])][0]
            return image
        positions = np.arange(len(self))[key]
        images = np.empty((len(positions), *self.shape[1:]), np.uint8)
        if len(positions):
            rows = positions if self._rows is None else self._rows[positions]
            self._fill(images.reshape(len(positions), self._size), rows)
        return images if self._levels is None else self._levels[images]

    def _fill(self, rows: Pixels, positions: npt.NDArray[np.integer]) -> None:
        """Read the images at `positions` (n,) into `rows` (n, H * W * C)."""
        try:
            with self._path.open("rb", buffering=0) as file:
                order = np.argsort(positions, kind="stable")  # in the order of the file: less seeking
                breaks = np.flatnonzero((np.diff(positions[order]) != 1) | (np.diff(order) != 1)) + 1
                for start, stop in itertools.pairwise([0, *breaks.tolist(), len(order)]):
                    first = int(order[start])
                    self._read(file, int(positions[first]), rows[first : first + stop - start])
        except OSError as error:
            raise DataError(f"Cannot read {self._path}: {error.strerror or error}.") from error

    def _read(self, file: io.FileIO, first: int, into: Pixels) -> None:
        """Fill `into`, contiguous, with the images from position `first` on."""
        view = into.reshape(-1).data
        file.seek(self._offset + first * self._size)
        while view:
            count = file.readinto(view)
            if not count:
                raise DataError(
                    f"{self._path} ends before image {first}: the file changed while it was in use.",
                    hint="Put the file back and go on with --resume.",
                )
            view = view[count:]
