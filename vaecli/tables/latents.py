"""The .npz tables of latents that `vaecli encode` writes, read in chunks."""

import pathlib
import zipfile
from collections.abc import Callable, Collection, Iterator
from typing import IO, Any, TypeVar

import numpy as np
import numpy.typing as npt

from vaecli.errors import DataError
from vaecli.npz import read_npy_header
from vaecli.paths import shown

Result = TypeVar("Result")
_MEMBER = "z.npy"
_CHUNK = 2**20  # bytes read at a time
_WIDEST = 2**20  # bytes of a text


class LatentTable:
    """A table of latents in an .npz; memory does not grow with the number of its rows.

    Args:
        path: the file; `holds_latents` says whether it is such a table.
        latent_dim: D.

    Raises:
        DataError: the file is damaged, or its latents have another size.
    """

    def __init__(self, path: pathlib.Path, latent_dim: int) -> None:
        self._path = path
        shape, dtype = self._read(lambda archive: self._header(archive, "z"))
        if len(shape) != 2 or shape[1] != latent_dim or dtype.kind != "f":
            raise DataError(
                f"The latents of {shown(path)} must be (N, {latent_dim}) numbers, got {dtype} of {shape}.",
                hint="Encode the pictures with this model.",
            )
        self.total = shape[0]

    def chunks(self) -> Iterator[npt.NDArray[Any]]:
        """Yield all latents in order, (m, D)."""
        yield from self._rows("z")

    def texts(self, name: str, rows: Collection[int]) -> dict[int, str]:
        """Return the texts of some rows of a column, `file` or `label`, by row; empty where there are none."""
        if f"{name}.npy" not in self._read(lambda archive: archive.namelist()):
            return dict.fromkeys(rows, "")
        texts, start = dict[int, str](), 0
        for chunk in self._rows(name):
            texts |= {row: str(chunk[row - start]) for row in rows if start <= row < start + len(chunk)}
            start += len(chunk)
        return dict.fromkeys(rows, "") | texts

    def _rows(self, name: str) -> Iterator[npt.NDArray[Any]]:
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(f"{name}.npy") as member:
                shape, dtype = _read_header(member)
                row_bytes = dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))
                left, step = shape[0], max(1, _CHUNK // max(1, row_bytes))
                while left:
                    count = min(step, left)
                    content = member.read(count * row_bytes)
                    if len(content) != count * row_bytes:
                        raise ValueError(f"{name} is cut off")
                    yield np.frombuffer(content, dtype).reshape(count, *shape[1:])
                    left -= count
        except Exception as error:
            raise _damaged(self._path, error) from error

    def _read(self, function: Callable[[zipfile.ZipFile], Result]) -> Result:
        try:
            with zipfile.ZipFile(self._path) as archive:
                return function(archive)
        except Exception as error:  # zipfile, zlib and numpy raise many kinds for damaged files
            raise _damaged(self._path, error) from error

    @staticmethod
    def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        with archive.open(f"{name}.npy") as member:
            return _read_header(member)


def holds_latents(path: pathlib.Path) -> bool:
    """Return whether a file is an archive with the array `z`."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _MEMBER in archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Read the header of an array.

    Raises:
        ValueError: a damaged header; or an array of objects, in Fortran's order, without rows, or of texts that
            are too long.
    """
    shape, is_fortran, dtype = read_npy_header(member)
    if dtype.hasobject or is_fortran or not shape or dtype.itemsize > _WIDEST:
        raise ValueError(f"an array of {dtype} of the shape {shape}")
    return shape, dtype


def _damaged(path: pathlib.Path, error: Exception) -> DataError:
    if isinstance(error, DataError):
        return error
    reason = str(error)[:200] or type(error).__name__
    return DataError(
        f"Cannot read the latents in {shown(path)}: {reason}.", hint="Make it again: vaecli encode."
    )
