"""Terminal pictures as data: a character cell shows two pixels, one above the other, as a half block.

The command line prints an upper half block with `upper` as its colour and `lower` as its background.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
import PIL.Image

from vaecli.pictures.pixels import to_pillow
from vaecli.pixels import Pixels

Colour: TypeAlias = tuple[int, int, int]

_MIN_CELLS = 14  # width of an image, where the terminal is wide enough: narrower, clothes look alike


class Cell(NamedTuple):
    """One character cell: the colours of its upper and its lower half."""

    upper: Colour
    lower: Colour


def half_blocks(images: Pixels, *, width: int, columns: int | None = None) -> list[list[Cell | None]]:
    """Arrange images (N, H, W, C) in rows, and return the lines of cells that show them in a terminal.

    A cell that is None is blank: a gap between images. Images are shrunk to fit by averaging, never enlarged.

    Args:
        images: shown in rows from left to right, the first row on top.
        width: largest number of character cells in a line.
        columns: number of images in a row; by default as many as fit at 14 cells each, such as five in 80 cells.
    """
    count, height, original_width, _ = images.shape
    columns = min(columns or max(1, (width + 1) // (_MIN_CELLS + 1)), count)
    cell_width = max(1, min(original_width, (width - (columns - 1)) // columns))
    pixel_rows = max(1, round(height * cell_width / original_width / 2)) * 2
    small = [_shrunk(image, cell_width, pixel_rows) for image in images]
    lines: list[list[Cell | None]] = []
    for start in range(0, count, columns):
        if start:
            lines.append([None] * (columns * (cell_width + 1) - 1))
        lines += _row(small[start : start + columns], columns)
    return lines


def _row(images: list[Pixels], columns: int) -> list[list[Cell | None]]:
    """Return the lines of one row of images; a row of fewer than `columns` images is filled with blank cells."""
    height, width, _ = images[0].shape
    lines: list[list[Cell | None]] = []
    for y in range(0, height, 2):
        line: list[Cell | None] = []
        for image in images:
            pairs = zip(image[y].tolist(), image[y + 1].tolist(), strict=True)
            line += [Cell(tuple(upper), tuple(lower)) for upper, lower in pairs]
            line.append(None)
        line += [None] * ((columns - len(images)) * (width + 1))
        lines.append(line[:-1])
    return lines


def _shrunk(image: Pixels, width: int, height: int) -> Pixels:
    """Return one image as RGB (height, width, 3), each pixel the mean of the area that it covers."""
    picture = to_pillow(image).convert("RGB")
    return np.asarray(picture.resize((width, height), PIL.Image.Resampling.BOX))
