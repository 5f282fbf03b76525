"""Contact sheets and strips: many small images as one picture."""

import math

import numpy as np

from vaecli.errors import OptionError
from vaecli.pictures.pixels import Images, enlarge

MAX_PIXELS = 80_000_000  # below the size at which Pillow, on reading, warns of a decompression bomb
_VIEWABLE = 112  # pixels a side that an image is enlarged to at most
_SCREEN = 2048  # pixels a side that a sheet keeps to, if it can by enlarging less
_PAPER = 255
_ACCENT = (214, 90, 30)


def sheet(
    images: Images, *, columns: int | None = None, scale: int | None = None, gap: int | None = None
) -> Images:
    """A contact sheet (Y, X, C) of `images` (N, H, W, C) in reading order, near-square if `columns` is not given.

    `scale` enlarges each pixel to a square; left out, small images are made large enough to see. `gap` is the
    white between images, in pixels of the result.

    Raises:
        OptionError: no images, or more than `MAX_PIXELS` hold.
    """
    count, height, width, _ = images.shape
    columns = columns or near_square(count)
    rows = -(-count // columns)
    require_room(count, (height, width), columns=columns)
    scale = scale or _scale_for(rows * height, columns * width, max(height, width))
    cells = enlarge(images, scale)
    return _lay_out(cells, rows, columns, gap=max(1, 2 * scale // 3) if gap is None else gap)


def near_square(count: int) -> int:
    """The number of columns that makes `count` images fill a square, or nearly."""
    return max(1, math.ceil(math.sqrt(count)))


def require_room(count: int, size: tuple[int, int], *, columns: int | None = None) -> None:
    """Refuse a sheet that has no images or more than picture viewers open; `size` is (H, W) of one image.

    Raises:
        OptionError: with what to do instead.
    """
    if count < 1:
        raise OptionError(f"A sheet needs at least one picture, not {count}.", option="-n")
    columns = columns or near_square(count)
    rows = -(-count // columns)
    if rows * (size[0] + 1) * columns * (size[1] + 1) > MAX_PIXELS:
        raise OptionError(
            f"A sheet of {count} pictures would have more than {MAX_PIXELS:,} pixels.",
            option="-n",
            hint="Write a folder or an .npy file.",
        )


def strip(originals: Images, steps: Images, *, scale: int | None = None) -> Images:
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
        middle = _lay_out(path, 1, len(path), gap=gap, margin=(frame, 4 * gap))
        rows.append(np.concatenate([ends[0], middle, ends[1]], axis=1))
    return _lay_out(np.stack(rows), legs, 1, gap=3 * gap, margin=(3 * gap, 3 * gap))


def _scale_for(height: int, width: int, side: int) -> int:
    """How much to enlarge: images to a viewable size, unless all together get larger than a screen."""
    return max(1, min(_VIEWABLE // side, _SCREEN // height, _SCREEN // width))


def _lay_out(
    cells: Images, rows: int, columns: int, *, gap: int, margin: tuple[int, int] | None = None
) -> Images:
    """Cells (N, h, w, C) on white paper, row by row, `gap` between and `margin` (y, x) around: (Y, X, C)."""
    height, width, channels = cells.shape[1:]
    top, left = margin or (gap, gap)
    page = np.full((rows, height + gap, columns, width + gap, channels), _PAPER, np.uint8)
    for row in range(rows):
        part = cells[row * columns : (row + 1) * columns]
        page[row, :height, : len(part), :width] = part.transpose(1, 0, 2, 3)
    flat = page.reshape(rows * (height + gap), columns * (width + gap), channels)
    inner = flat[: flat.shape[0] - gap, : flat.shape[1] - gap]
    return np.pad(inner, ((top, top), (left, left), (0, 0)), constant_values=_PAPER)


def _as_rgb(images: Images) -> Images:
    return images if images.shape[-1] == 3 else images.repeat(3, axis=-1)


def _framed(image: Images, width: int) -> Images:
    framed = np.pad(image, ((width, width), (width, width), (0, 0)))
    framed[:width], framed[-width:], framed[:, :width], framed[:, -width:] = (_ACCENT,) * 4
    return framed
