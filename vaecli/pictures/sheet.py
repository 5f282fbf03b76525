"""Contact sheets: many small images as one picture, whole or in bands from the top."""

import dataclasses
import math
from collections.abc import Iterable, Iterator

import numpy as np

from vaecli import checks
from vaecli.errors import OptionError
from vaecli.pictures.pixels import enlarge
from vaecli.pictures.png import MAX_SIDE
from vaecli.pixels import Pixels

_VIEWABLE = 112  # pixels a side that an image is enlarged to at most
_SCREEN = 2048  # pixels a side of a sheet; images are enlarged less to stay below
_PAPER = 255


@dataclasses.dataclass(frozen=True)
class Plan:
    """Layout of a contact sheet.

    Attributes:
        shape: (Y, X, C) of the whole sheet.
        columns: images in a row.
        scale: side of the square that each pixel becomes.
        gap: width of the white between and around images, in pixels of the sheet.
        smooth: enlarge with smooth transitions, not squares.
    """

    shape: tuple[int, int, int]
    columns: int
    scale: int
    gap: int
    smooth: bool = False


def plan(
    count: int,
    shape: tuple[int, ...],
    *,
    columns: int | None = None,
    scale: int | None = None,
    gap: int | None = None,
    smooth: bool = False,
) -> Plan:
    """Lay out `count` images of `shape` (H, W, C) in reading order.

    By default the sheet is nearly square, and small images are made large enough to see.

    Raises:
        OptionError: no images, or more than fit in a PNG.
    """
    checks.integer(count, "-n", least=1)
    height, width, channels = shape
    columns = columns or near_square(count)
    rows = -(-count // columns)
    scale = scale or viewable_scale(rows * height, columns * width, max(height, width))
    gap = max(1, 2 * scale // 3) if gap is None else gap
    sheet_height, sheet_width = (
        gap + number * (side * scale + gap) for number, side in ((rows, height), (columns, width))
    )
    if max(sheet_height, sheet_width) > MAX_SIDE:
        raise OptionError(
            f"-n must be lower: a sheet of {count} pictures exceeds the {MAX_SIDE:,} pixels a side of a PNG.",
            option="-n",
            hint="Write a folder or an .npy file.",
        )
    return Plan((sheet_height, sheet_width, channels), columns, scale, gap, smooth)


def bands(chunks: Iterable[Pixels], planned: Plan) -> Iterator[Pixels]:
    """Yield a sheet from the top in bands (y, X, C), of images in chunks (n, H, W, C), in flat memory."""
    rows = (enlarge(row, planned.scale, smooth=planned.smooth) for row in _in_rows(chunks, planned.columns))
    return lay_out(rows, planned.columns, gap=planned.gap)


def sheet(
    images: Pixels, *, columns: int | None = None, scale: int | None = None, gap: int | None = None
) -> Pixels:
    """Return the whole sheet (Y, X, C) of `images` (N, H, W, C), as `plan` lays it out."""
    planned = plan(len(images), images.shape[1:], columns=columns, scale=scale, gap=gap)
    return np.concatenate(list(bands([images], planned)))


def near_square(count: int) -> int:
    """Return the number of columns of a sheet of `count` images: the square root of `count`, rounded up."""
    return math.isqrt(max(0, count - 1)) + 1


def viewable_scale(height: int, width: int, side: int) -> int:
    """Return a scale, at least 1, for images of `side` in a picture of `height` x `width` to fit a screen."""
    return max(1, min(_VIEWABLE // side, _SCREEN // height, _SCREEN // width))


def _in_rows(chunks: Iterable[Pixels], columns: int) -> Iterator[Pixels]:
    """Yield the images of the chunks, `columns` at a time; the last row may have fewer."""
    incomplete: list[Pixels] = []
    for chunk in chunks:
        images = np.concatenate([*incomplete, chunk])
        in_full_rows = len(images) // columns * columns
        yield from images[:in_full_rows].reshape(-1, columns, *images.shape[1:])
        incomplete = [images[in_full_rows:]]
    if incomplete and len(incomplete[0]):
        yield incomplete[0]


def lay_out(
    rows: Iterable[Pixels], columns: int, *, gap: int, margin: tuple[int, int] | None = None
) -> Iterator[Pixels]:
    """Yield rows of up to `columns` images (n, h, w, C) on white paper, in bands (y, X, C) from the top.

    `gap` is the white between images and, by default, the `margin` (y, x) around them.
    """
    top, left = margin or (gap, gap)
    space_above, band = top, np.empty((0, 0, 0), np.uint8)
    for images in rows:
        count, height, width, channels = images.shape
        line = np.full((height, columns, width + gap, channels), _PAPER, np.uint8)
        line[:, :count, :width] = images.transpose(1, 0, 2, 3)
        flat = line.reshape(height, -1, channels)[:, : columns * (width + gap) - gap]
        band = np.pad(flat, ((space_above, 0), (left, left), (0, 0)), constant_values=_PAPER)
        yield band
        space_above = gap
    if top:
        yield np.full((top, *band.shape[1:]), _PAPER, np.uint8)
