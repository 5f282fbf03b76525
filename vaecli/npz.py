""".npz and .npy files: of a run, written whole, and read whole or refused with a reason; of any size, in chunks.

`numpy.lib.format.open_memmap` maps the whole file, and mapped pages count as memory: a million images of 28 x 28
took 785 MB with it, and 38 MB with a header and `write`.
"""

import pathlib
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy_format

from vaecli import files

_HEADER_READERS: dict[tuple[int, int], Callable[[IO[bytes]], tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
}  # version 3.0 is for records alone


class DamagedError(ValueError):
    """A file that is missing, unreadable or damaged; the text says why."""


def write_npz(path: pathlib.Path, arrays: Mapping[str, np.ndarray], *, compressed: bool = False) -> None:
    """Write named arrays as one file, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    with files.replacing(path) as file:
        save = np.savez_compressed if compressed else np.savez
        save(file, **dict[str, Any](arrays))


def read_npz(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Read all arrays of a file; pickled objects are refused.

    Raises:
        DamagedError: the file is missing, unreadable or damaged. Every error of zipfile, zlib and numpy becomes
            this one: a flipped bit can raise zlib.error, NotImplementedError, tokenize.TokenError and others.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except OSError as error:
        raise DamagedError(error.strerror or str(error)) from error
    except Exception as error:
        raise DamagedError(str(error) or type(error).__name__) from error


def read_npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read the header of a .npy file; leave `stream` just after it.

    Returns:
        The shape, whether the first axis varies fastest, and the type, which may be that of Python objects.

    Raises:
        OSError: the stream cannot be read.
        DamagedError: the header is damaged, or of a version for records alone.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that Python 2 wrote
            version = npy_format.read_magic(stream)
            if version not in _HEADER_READERS:
                raise DamagedError(f"its version is {version[0]}.{version[1]}")
            return _HEADER_READERS[version](stream)
    except OSError:
        raise
    except Exception as error:  # the parser of a damaged header raises nearly anything
        raise DamagedError(str(error) or type(error).__name__) from error


def write_npy(
    file: IO[bytes], chunks: Iterable[npt.NDArray[Any]], *, shape: tuple[int, ...], dtype: npt.DTypeLike
) -> None:
    """Write a header for an array of `shape`, then its elements in chunks as they come, in C order."""
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    for chunk in chunks:
        file.write(np.ascontiguousarray(chunk, dtype=dtype).reshape(-1).view(np.uint8).data)


def write_member(
    archive: zipfile.ZipFile,
    name: str,
    chunks: Iterable[npt.NDArray[Any]],
    *,
    shape: tuple[int, ...],
    dtype: npt.DTypeLike,
    compressed: bool = False,
) -> None:
    """Write one array of an .npz in chunks; equal arrays give equal bytes."""
    entry = zipfile.ZipInfo(f"{name}.npy")  # its date is 1980, not today
    entry.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with archive.open(entry, "w", force_zip64=True) as member:
        write_npy(member, chunks, shape=shape, dtype=dtype)
