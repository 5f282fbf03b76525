"""Sheets of pictures with text below each."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from vaecli.pictures.pixels import enlarge, require_scale
from vaecli.pictures.sheet import viewable_scale
from vaecli.pictures.text import ACCENT, FAINT, INK, PAPER, block, font_size, line_height, paste
from vaecli.pixels import Pixels


@dataclasses.dataclass(frozen=True, eq=False)
class Captioned:
    """A picture of a sheet.

    Attributes:
        image: (H, W, C) uint8.
        lines: text below it; the first is more prominent.
        has_frame: whether it has a frame.
    """

    image: Pixels
    lines: tuple[str, ...]
    has_frame: bool = False


def captioned_sheet(
    cells: Sequence[Captioned], *, columns: int, scale: int | None = None, smooth: bool = False
) -> Pixels:
    """Return pictures of one shape in rows of `columns`, each with its text below, as one picture (Y, X, 3).

    Args:
        cells: at least one.
        columns: pictures in a row.
        scale: enlargement; by default, images are made large enough to see.
        smooth: enlarge with gradual changes, not squares.

    Raises:
        OptionError: a scale with which the sheet would be too large.
    """
    height, width, _ = cells[0].image.shape
    columns = min(columns, len(cells))
    rows = -(-len(cells) // columns)
    require_scale(scale, lambda s: 3 * rows * (height + 30) * (columns * (width + 8) + 16) * s**2)
    scale = scale or viewable_scale(rows * height, columns * width, max(height, width))
    size = font_size(min(height, width) * scale)
    gap = max(8, scale + 1)
    text_height = size // 3 + line_height(size) * max(len(cell.lines) for cell in cells)
    step_y, step_x = height * scale + text_height + gap, width * scale + gap
    page = np.full((gap + rows * step_y, gap + columns * step_x, 3), PAPER, np.uint8)
    for place, cell in enumerate(cells):
        top, left = gap + place // columns * step_y, gap + place % columns * step_x
        larger = enlarge(cell.image, scale, smooth=smooth)
        if cell.has_frame:
            frame = max(2, gap // 2)
            page[top - frame : top + len(larger) + frame, left - frame : left + larger.shape[1] + frame] = (
                ACCENT
            )
        paste(page, larger, top, left)
        colours = (INK, *[FAINT] * len(cell.lines))
        text = block(list(zip(cell.lines, colours, strict=False)), width=larger.shape[1], size=size)
        paste(page, text, top + len(larger) + gap // 2 + size // 6, left)
    return page
