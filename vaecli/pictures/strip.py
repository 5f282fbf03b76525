"""Interpolations as one picture: strips of paths, and grids between four corners."""

from collections.abc import Sequence

import numpy as np

from vaecli.pictures.pixels import as_rgb, enlarge, require_scale
from vaecli.pictures.sheet import lay_out, viewable_scale
from vaecli.pixels import Pixels

_PAPER = 255
_ACCENT = (214, 90, 30)


def strip(
    originals: Pixels,
    steps: Pixels,
    *,
    stops: Sequence[int] | None = None,
    scale: int | None = None,
    smooth: bool = False,
) -> Pixels:
    """Return an interpolation as a picture (Y, X, 3): in each row an original, the steps, the next original.

    Originals have a frame and a gap beside them. Rows of fewer steps end in white before their second original.

    Args:
        originals: (P, H, W, C), P >= 2 pictures.
        steps: (N, H, W, C), the path through them in P - 1 legs.
        stops: index in `steps` of each original; by default all legs have the same number of steps.
        scale: enlargement; by default, images are made large enough to see.
        smooth: enlarge with gradual changes, not squares.

    Raises:
        OptionError: a scale with which the picture would be too large.
    """
    legs = len(originals) - 1
    stops = stops or range(0, len(steps), (len(steps) - 1) // legs)
    longest = max(int(number) for number in np.diff(stops)) + 1
    _, height, width, _ = steps.shape
    columns = longest + 2
    require_scale(scale, lambda s: 3 * legs * (height + 7) * (columns * (width + 1) + 20) * s**2)
    scale = scale or viewable_scale(legs * height, columns * width, max(height, width))
    gap, frame = max(1, scale), max(2, scale)

    def larger(images: Pixels) -> Pixels:
        return as_rgb(enlarge(images, scale, smooth=smooth))

    rows = []
    for leg in range(legs):
        path = larger(steps[stops[leg] : stops[leg + 1] + 1])
        left, right = (_framed(larger(image), frame) for image in originals[leg : leg + 2])
        middle = np.concatenate(list(lay_out([path], longest, gap=gap, margin=(frame, 4 * gap))))
        rows.append(np.concatenate([left, middle, right], axis=1)[None])
    return np.concatenate(list(lay_out(rows, 1, gap=3 * gap)))


def corner_sheet(
    originals: Pixels, grid: Pixels, *, scale: int | None = None, smooth: bool = False
) -> Pixels:
    """Return a grid between four pictures as one picture (Y, X, 3), with the originals beside its corners.

    Args:
        originals: (4, H, W, C): top left, top right, bottom left, bottom right.
        grid: (S * S, H, W, C), row by row from the top left.
        scale: enlargement; by default, images are made large enough to see.
        smooth: enlarge with gradual changes, not squares.

    Raises:
        OptionError: a scale with which the picture would be too large.
    """
    _, height, width, _ = grid.shape
    side = round(len(grid) ** 0.5)
    require_scale(scale, lambda s: 3 * (side * (height + 1) + 20) * ((side + 2) * (width + 1) + 20) * s**2)
    scale = scale or viewable_scale(side * height, (side + 2) * width, max(height, width))
    gap, frame = max(1, scale), max(2, scale)

    def larger(images: Pixels) -> Pixels:
        return as_rgb(enlarge(images, scale, smooth=smooth))

    rows = (larger(row) for row in grid.reshape(side, side, *grid.shape[1:]))
    middle = np.concatenate(list(lay_out(rows, side, gap=gap, margin=(frame, 4 * gap))))
    sides = []
    for top, bottom in ((0, 2), (1, 3)):
        above, below = (_framed(larger(originals[corner]), frame) for corner in (top, bottom))
        column = np.full((len(middle), *above.shape[1:]), _PAPER, np.uint8)
        column[: len(above)], column[-len(below) :] = above, below
        sides.append(column)
    page = np.concatenate([sides[0], middle, sides[1]], axis=1)
    return np.pad(page, ((3 * gap,) * 2, (3 * gap,) * 2, (0, 0)), constant_values=_PAPER)


def _framed(image: Pixels, width: int) -> Pixels:
    framed = np.pad(image, ((width, width), (width, width), (0, 0)))
    framed[:width], framed[-width:], framed[:, :width], framed[:, -width:] = (_ACCENT,) * 4
    return framed
