"""Where the subject of a picture is: all that differs from the background, but for specks.

Noise, dust and lone pixels are distinguished by their size: neighbouring pixels form parts, and a part with less
than 2 % of the pixels of the largest is a speck. A thin stroke is one large part.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from vaecli.data.photo.background import TOLERANCE, Background, Floats
from vaecli.pixels import CHUNK_BYTES

Bools = npt.NDArray[np.bool_]
Box = tuple[slice, slice]  # rows, columns

_RINGING = 0.1  # of the strongest contrast: JPEG rings around sharp edges by up to a tenth of them
_CELLS = 128  # along a side: parts are found among so many cells
_SPECK = 0.02  # of the pixels of the largest part


def threshold(strongest: float) -> float:
    """Return the contrast above which a pixel is subject, given the strongest contrast of the picture."""
    return max(TOLERANCE, _RINGING * strongest)


def find_box(image: Image.Image, alpha: Image.Image | None, background: Background) -> Box | None:
    """Find the box around the subject of a picture of any size, at most a 128th of a side too large.

    The picture, grey or RGB, is worked on in bands of rows, so that memory stays flat. Returns None if there is
    nothing but background.
    """
    cell = _cell_size(image.height, image.width)
    bands = _bands(image, cell[0])
    if alpha is None:
        strongest = max(float(_contrast(image, rows, background).max()) for rows in bands)
        counts = [_count(_contrast(image, rows, background) > threshold(strongest), cell) for rows in bands]
    else:
        counts = [_count(_rows_of(alpha, rows)[..., 0] > TOLERANCE, cell) for rows in bands]
    cells = _without_specks(np.concatenate(counts))
    box = bounds(cells)
    if box is None:
        return None
    rows, columns = box
    return (
        slice(rows.start * cell[0], min(rows.stop * cell[0], image.height)),
        slice(columns.start * cell[1], min(columns.stop * cell[1], image.width)),
    )


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


def _bands(image: Image.Image, cell_height: int) -> list[range]:
    """Return ranges of rows that cover the picture, each a multiple of a cell's height."""
    row_bytes = image.width * len(image.getbands()) * 4  # as float32
    height = max(1, CHUNK_BYTES // (row_bytes * cell_height)) * cell_height
    return [range(top, min(top + height, image.height)) for top in range(0, image.height, height)]


def _rows_of(image: Image.Image, rows: range) -> Floats:
    """Return some rows of a picture, (h, W, C)."""
    part = image.crop((0, rows.start, image.width, rows.stop))
    return np.asarray(part, np.float32).reshape(len(rows), image.width, -1)


def _contrast(image: Image.Image, rows: range, background: Background) -> Floats:
    """Return how far some rows are from the background, (h, W): the channel that differs most counts."""
    positions = np.arange(rows.start, rows.stop, dtype=np.float32), np.arange(image.width, dtype=np.float32)
    values = background.values(*positions)
    distance: Floats = np.abs(_rows_of(image, rows) - values).max(axis=2)
    return distance


def _count(mask: Bools, cell: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Return the number of true values in each cell of a mask (h, W)."""
    in_rows = np.add.reduceat(mask, np.arange(0, mask.shape[0], cell[0]), axis=0, dtype=np.int64)
    return np.add.reduceat(in_rows, np.arange(0, mask.shape[1], cell[1]), axis=1)


def _without_specks(counts: npt.NDArray[np.int64]) -> Bools:
    """Return the cells (h, w) that belong to large parts; cells that touch, corners included, form a part."""
    labels = np.zeros(counts.shape, np.int64)
    label = 0
    for start in zip(*np.nonzero(counts), strict=True):
        if not labels[start]:
            label += 1
            _fill(counts, labels, (int(start[0]), int(start[1])), label)
    sizes = np.bincount(labels.ravel(), weights=counts.ravel(), minlength=2)
    large = sizes >= max(1.0, _SPECK * float(sizes[1:].max()))
    large[0] = False
    return large[labels]


def _fill(
    counts: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], start: tuple[int, int], label: int
) -> None:
    """Give the part of `counts` (h, w) that contains `start` its label."""
    stack = [start]
    labels[start] = label
    while stack:
        row, column = stack.pop()
        top, left = max(row - 1, 0), max(column - 1, 0)
        around = np.s_[top : row + 2, left : column + 2]
        for below, beside in np.argwhere((counts[around] > 0) & (labels[around] == 0)):
            labels[top + below, left + beside] = label
            stack.append((top + int(below), left + int(beside)))
