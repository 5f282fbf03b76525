"""Pictures on the terminal, two pixels in each character cell."""

import numpy as np
from rich.console import Console
from rich.text import Text

from vaecli.cli import console, streams
from vaecli.pictures.cells import Cell, half_blocks
from vaecli.pixels import to_uint8

WIDEST = 120  # cells
HALF_BLOCK = "▀"
RAMP = " .:-=+*#%@"  # from dark to bright, for encodings without the half block


def picture(images: np.ndarray, *, width: int, columns: int | None = None) -> Text:
    """Return images (N, H, W, C) in [0, 1] as lines of half blocks, at most `width` characters wide."""
    lines = half_blocks(to_uint8(images), width=min(width, WIDEST), columns=columns)
    file = console.stderr().file
    draw_cell = _coloured if streams.printable(HALF_BLOCK, file) == HALF_BLOCK else _plain
    return Text("\n").join(Text.assemble(*map(draw_cell, line), no_wrap=True) for line in lines)


def draw(images: np.ndarray, target: Console | None = None, *, columns: int | None = None) -> None:
    """Print images to a console, stderr by default, `columns` in a row if they are given."""
    target = target or console.stderr()
    target.print(picture(images, width=target.width, columns=columns))


def _coloured(cell: Cell | None) -> tuple[str, str]:
    """Return a half block and its style: upper pixel as foreground colour, lower pixel as background colour."""
    if cell is None:
        return " ", ""
    upper, lower = ("#{:02x}{:02x}{:02x}".format(*colour) for colour in cell)
    return HALF_BLOCK, f"{upper} on {lower}"


def _plain(cell: Cell | None) -> tuple[str, str]:
    """Return an ASCII character as bright as the cell's mean."""
    if cell is None:
        return " ", ""
    level = sum(map(sum, cell)) / (6 * 256)
    return RAMP[int(level * len(RAMP))], ""
