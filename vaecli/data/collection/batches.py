"""The pictures of a listing in batches for threads, bounded in bytes."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli.data.collection.listing import Content, Listing

_MOST = 64  # pictures: one task of a thread each would cost more than decoding a small one
_BYTES = 2**22  # of the files, and of the images


class Batch(NamedTuple):
    """Consecutive `rows` of a listing; `contents`: position of each picture that is needed -> its content."""

    rows: slice
    contents: dict[int, Content]


def batches(
    listing: Listing, needed: npt.NDArray[np.bool_], *, start: int = 0, row_bytes: int = 1
) -> Iterator[Batch]:
    """Yield batches that cover the pictures of a listing from `start` on, in order.

    Args:
        listing: N pictures.
        needed: (N,) whose contents are read; those of others are not.
        start: the first picture.
        row_bytes: of one image.

    Raises:
        DataError: the archive is damaged, or is not the one that was listed.
    """
    positions = start + np.flatnonzero(needed[start:])
    contents = iter(listing.contents(listing.names[row] for row in positions))
    most = max(1, min(_MOST, _BYTES // row_bytes))
    while start < len(needed):
        stop = _stop(listing, needed, start, most)
        rows = (row for row in range(start, stop) if needed[row])
        yield Batch(slice(start, stop), {row: next(contents) for row in rows})
        start = stop


def _stop(listing: Listing, needed: npt.NDArray[np.bool_], start: int, most: int) -> int:
    """Return where a batch ends: after at most `most` pictures, whose needed files are small; at least 1."""
    part = slice(start, start + most)
    sizes = np.cumsum(np.where(needed[part], listing.sizes[part], 0))
    return start + max(1, int(np.searchsorted(sizes, _BYTES, side="right")))
