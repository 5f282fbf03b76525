"""Images as `.npz`, written in chunks, so that memory stays flat for any number of them."""

import zipfile
from collections.abc import Iterable
from typing import IO, Any

import numpy.typing as npt

from vaecli.npz import write_member

KEY = "images"  # the array's name in an .npz


def write_npz(
    file: IO[bytes], chunks: Iterable[npt.NDArray[Any]], *, shape: tuple[int, ...], dtype: npt.DTypeLike
) -> None:
    """Write an .npz with one array, `images`, compressed at a fast level; equal images give equal bytes."""
    with zipfile.ZipFile(file, "w", compresslevel=1) as archive:
        write_member(archive, KEY, chunks, shape=shape, dtype=dtype, compressed=True)
