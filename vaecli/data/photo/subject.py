"""The place of the subject in a picture: all that differs from the background, but for specks.

Noise, dust and lone pixels are distinguished by their size. The picture is divided into cells, at most 128 along a
side: `ceil(side / 128)` pixels each, from the top left. Cells with a pixel of the subject that touch, corners
included, form parts, and a part with less than 2 % of the pixels of the largest is a speck. A thin stroke is one
large part.
"""

import numpy as np
import numpy.typing as npt

from vaecli.data.photo.parts import label_parts

Bools = npt.NDArray[np.bool_]
Box = tuple[slice, slice]  # rows, columns

_CELLS = 128  # along a side: parts are found among so many cells
_SPECK = 50  # a part is a speck if so many of its kind have fewer pixels than the largest part


def without_specks(mask: Bools) -> Bools:
    """Return a mask (H, W) without its specks."""
    cell = _cell_size(*mask.shape)
    cells = _without_specks(_count(mask, cell))
    large = np.repeat(np.repeat(cells, cell[0], axis=0), cell[1], axis=1)
    return mask & large[: mask.shape[0], : mask.shape[1]]


def bounds(mask: Bools) -> Box | None:
    """Return the smallest box around the true values of a mask (H, W); None if there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _cell_size(height: int, width: int) -> tuple[int, int]:
    return -(-height // _CELLS), -(-width // _CELLS)


def _count(mask: Bools, cell: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Return the number of true values in each cell of a mask (h, W)."""
    in_rows = np.add.reduceat(mask, np.arange(0, mask.shape[0], cell[0]), axis=0, dtype=np.int64)
    return np.add.reduceat(in_rows, np.arange(0, mask.shape[1], cell[1]), axis=1)


def _without_specks(counts: npt.NDArray[np.int64]) -> Bools:
    """Return the cells (h, w) that belong to large parts; cells that touch, corners included, form a part."""
    labels = label_parts(counts > 0, corners=True)
    sizes = np.zeros(max(int(labels.max(initial=0)) + 1, 2), np.int64)
    np.add.at(sizes, labels.ravel(), counts.ravel())
    large = _SPECK * sizes >= max(1, int(sizes[1:].max()))
    large[0] = False
    return large[labels]
