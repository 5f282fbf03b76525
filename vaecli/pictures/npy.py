"""`.npy` and `.npz` files written in chunks, so that memory stays flat for any number of images.

`numpy.lib.format.open_memmap` maps the whole file, and mapped pages count as memory: a million images of 28 x 28
took 785 MB with it, and 38 MB with a header and `write`.
"""

import zipfile
from collections.abc import Iterable
from typing import IO, Any

import numpy as np
import numpy.typing as npt

KEY = "images"  # the array's name in an .npz


def write_npy(
    file: IO[bytes], chunks: Iterable[npt.NDArray[Any]], *, shape: tuple[int, ...], dtype: npt.DTypeLike
) -> None:
    """Write a header for the array of `shape` (N, H, W, C), then its chunks (n, H, W, C) as they come."""
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    for chunk in chunks:
        file.write(np.ascontiguousarray(chunk, dtype=dtype).data)


def write_npz(
    file: IO[bytes], chunks: Iterable[npt.NDArray[Any]], *, shape: tuple[int, ...], dtype: npt.DTypeLike
) -> None:
    """Write an .npz with one array, `images`, compressed at a fast level; equal images give equal bytes."""
    entry = zipfile.ZipInfo(f"{KEY}.npy")  # its date is 1980, not today
    entry.compress_type = zipfile.ZIP_DEFLATED
    with (
        zipfile.ZipFile(file, "w", compresslevel=1) as archive,
        archive.open(entry, "w", force_zip64=True) as member,
    ):
        write_npy(member, chunks, shape=shape, dtype=dtype)
