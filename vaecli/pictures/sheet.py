"""Contact sheets and strips: many small images as one picture, whole or in bands from above."""

import dataclasses
import math
from collections.abc import Iterable, Iterator

import numpy as np

from vaecli.errors import OptionError
from vaecli.pictures.pixels import enlarge
from vaecli.pictures.png import MAX_SIDE
from vaecli.pixels import Pixels

_VIEWABLE = 112  # pixels a side that an image is enlarged to at most
_SCREEN = 2048  # pixels a side that a sheet keeps to, if it can by enlarging less
_PAPER = 255
_ACCENT = (214, 90, 30)


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a contact sheet is laid out.

    Attributes:
        shape: of the whole sheet, (Y, X, C).
        columns: images on a row.
        scale: of the square that each pixel becomes.
        gap: the white between and around, in pixels of the sheet.
    """

    shape: tuple[int, int, int]
    columns: int
    scale: int
    gap: int


def plan(
    count: int,
    shape: tuple[int, ...],
    *,
    columns: int | None = None,
    scale: int | None = None,
    gap: int | None = None,
) -> Plan:
    """A sheet of `count` images of `shape` (H, W, C) in reading order, near-square if `columns` is not given.

    `scale` left out, small images are made large enough to see.

    Raises:
        OptionError: no images, or more than a PNG has room for.
    """
    if count < 1:
        raise OptionError(f"A sheet needs at least one picture, not {count}.", option="-n")
    height, width, channels = shape
    columns = columns or near_square(count)
    rows = -(-count // columns)
    scale = scale or _scale_for(rows * height, columns * width, max(height, width))
    gap = max(1, 2 * scale // 3) if gap is None else gap
    down, across = (gap + n * (side * scale + gap) for n, side in ((rows, height), (columns, width)))
    if max(down, across) > MAX_SIDE:
        raise OptionError(
            f"A sheet of {count} pictures would be larger than the {MAX_SIDE:,} pixels a side of a PNG.",
            option="-n",
            hint="Write a folder or an .npy file.",
        )
    return Plan((down, across, channels), columns, scale, gap)


def bands(chunks: Iterable[Pixels], planned: Plan) -> Iterator[Pixels]:
    """The sheet from above in bands (y, X, C), of images that come in chunks (n, H, W, C); memory is flat."""
    rows = (enlarge(row, planned.scale) for row in _in_rows(chunks, planned.columns))
    return _lay_out(rows, planned.columns, gap=planned.gap)


def sheet(
    images: Pixels, *, columns: int | None = None, scale: int | None = None, gap: int | None = None
) -> Pixels:
    """The whole sheet (Y, X, C) of `images` (N, H, W, C), as `plan` lays it out."""
    planned = plan(len(images), images.shape[1:], columns=columns, scale=scale, gap=gap)
    return np.concatenate(list(bands([images], planned)))


def near_square(count: int) -> int:
    """The number of columns that makes `count` images fill a square, or nearly."""
    return math.isqrt(max(0, count - 1)) + 1


def strip(originals: Pixels, steps: Pixels, *, scale: int | None = None) -> Pixels:
    """An interpolation as a picture (Y, X, 3): on one row the original, the steps, the next original.

    `originals` (P, H, W, C) are the P >= 2 pictures gone through, `steps` (1 + (P - 1) (S - 1), H, W, C) the
    path of P - 1 legs of S images. Each leg is a row of S + 2. Originals are framed and set off by a gap.
    """
    legs = len(originals) - 1
    stride = (len(steps) - 1) // legs
    _, height, width, _ = steps.shape
    scale = scale or _scale_for(legs * height, (stride + 3) * width, max(height, width))
    gap, frame = max(1, scale), max(2, scale)
    rows = []
    for leg in range(legs):
        path = _as_rgb(enlarge(steps[leg * stride : (leg + 1) * stride + 1], scale))
        ends = [_framed(_as_rgb(enlarge(original, scale)), frame) for original in originals[leg : leg + 2]]
        middle = np.concatenate(list(_lay_out([path], len(path), gap=gap, margin=(frame, 4 * gap))))
        rows.append(np.concatenate([ends[0], middle, ends[1]], axis=1)[None])
    return np.concatenate(list(_lay_out(rows, 1, gap=3 * gap)))


def _scale_for(height: int, width: int, side: int) -> int:
    """How much to enlarge: images to a viewable size, unless all together get larger than a screen."""
    return max(1, min(_VIEWABLE // side, _SCREEN // height, _SCREEN // width))


def _in_rows(chunks: Iterable[Pixels], columns: int) -> Iterator[Pixels]:
    """The images of the chunks, `columns` at a time; the last may be fewer."""
    rest: list[Pixels] = []
    for chunk in chunks:
        images = np.concatenate([*rest, chunk])
        whole = len(images) // columns * columns
        yield from images[:whole].reshape(-1, columns, *images.shape[1:])
        rest = [images[whole:]]
    if rest and len(rest[0]):
        yield rest[0]


def _lay_out(
    rows: Iterable[Pixels], columns: int, *, gap: int, margin: tuple[int, int] | None = None
) -> Iterator[Pixels]:
    """Rows of up to `columns` cells (n, h, w, C) on white paper, in bands (y, X, C) from above.

    `gap` is between the cells and, if no `margin` (y, x) is given, around them.
    """
    top, left = margin or (gap, gap)
    above, band = top, np.empty((0, 0, 0), np.uint8)
    for cells in rows:
        count, height, width, channels = cells.shape
        line = np.full((height, columns, width + gap, channels), _PAPER, np.uint8)
        line[:, :count, :width] = cells.transpose(1, 0, 2, 3)
        flat = line.reshape(height, -1, channels)[:, : columns * (width + gap) - gap]
        band = np.pad(flat, ((above, 0), (left, left), (0, 0)), constant_values=_PAPER)
        yield band
        above = gap
    if top:
        yield np.full((top, *band.shape[1:]), _PAPER, np.uint8)


def _as_rgb(images: Pixels) -> Pixels:
    return images if images.shape[-1] == 3 else images.repeat(3, axis=-1)


def _framed(image: Pixels, width: int) -> Pixels:
    framed = np.pad(image, ((width, width), (width, width), (0, 0)))
    framed[:width], framed[-width:], framed[:, :width], framed[:, -width:] = (_ACCENT,) * 4
    return framed
