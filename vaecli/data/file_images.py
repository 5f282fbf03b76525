"""Images that stay in their file and are read when they are asked for: memory does not grow with their number."""

import io
import math
import pathlib

import numpy as np
import numpy.typing as npt

from vaecli.errors import DataError
from vaecli.pixels import Pixels

Index = int | slice | npt.NDArray[np.integer]


class StreamedImages:
    """(N, H, W, C) uint8 in an uncompressed file, indexed as an array is along its first axis; threads safe.

    Reading keeps no page mapped, so the process stays as small as what it was asked for.

    Args:
        path: the file.
        offset: bytes before the first image.
        shape: (N, H, W, C).
    """

    def __init__(self, path: pathlib.Path, offset: int, shape: tuple[int, int, int, int]) -> None:
        self.shape = shape
        self._path, self._offset, self._size = path, offset, math.prod(shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Index) -> Pixels:
        """One image (H, W, C) by its number, some (n, H, W, C) by a slice or by an array of their numbers.

        Raises:
            DataError: the file is gone or no longer whole.
        """
        if isinstance(key, int | np.integer):
            image: Pixels = self[np.array([key])][0]
            return image
        wanted = np.arange(len(self))[key]
        found = np.empty((len(wanted), *self.shape[1:]), np.uint8)
        rows = found.reshape(len(wanted), self._size)
        if not len(wanted):
            return found
        try:
            with self._path.open("rb", buffering=0) as file:
                if np.array_equal(wanted, np.arange(wanted[0], wanted[0] + len(wanted))):
                    self._read(file, int(wanted[0]), rows)
                else:
                    for place in np.argsort(
                        wanted, kind="stable"
                    ):  # in the order of the file, which disks like
                        self._read(file, int(wanted[place]), rows[place])
        except OSError as error:
            raise DataError(f"Cannot read {self._path}: {error.strerror or error}.") from error
        return found

    def _read(self, file: io.FileIO, first: int, into: Pixels) -> None:
        """Fill `into`, contiguous, with the images from number `first` on."""
        view = into.reshape(-1).data
        file.seek(self._offset + first * self._size)
        while view:
            count = file.readinto(view)
            if not count:
                raise DataError(
                    f"{self._path} ends before image {first}: it changed while it was in use.",
                    hint="Put the file back and go on with --resume.",
                )
            view = view[count:]
