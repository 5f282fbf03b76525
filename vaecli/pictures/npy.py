"""`.npy` and `.npz` written as the images come: memory stays flat, however many they are.

`numpy.lib.format.open_memmap` would map the whole file, and mapped pages count as memory.
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
    """Write a header for the whole array `shape` (N, H, W, C), then the chunks (n, H, W, C) as they come."""
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    for chunk in chunks:
        file.write(np.ascontiguousarray(chunk, dtype=dtype).data)


def write_npz(
    file: IO[bytes], chunks: Iterable[npt.NDArray[Any]], *, shape: tuple[int, ...], dtype: npt.DTypeLike
) -> None:
    """Write the same as the one array `images` of an .npz, lightly compressed; equal images, equal bytes."""
    entry = zipfile.ZipInfo(f"{KEY}.npy")  # dated 1980, not now
    entry.compress_type = zipfile.ZIP_DEFLATED
    with (
        zipfile.ZipFile(file, "w", compresslevel=1) as archive,
        archive.open(entry, "w", force_zip64=True) as member,
    ):
        write_npy(member, chunks, shape=shape, dtype=dtype)
