"""Half-block pictures on the terminal."""

import numpy as np
from rich.console import Console
from rich.text import Text

from vaecli.cli import console
from vaecli.pictures.cells import Cell, half_blocks
from vaecli.pixels import to_uint8

WIDEST = 120


def picture(images: np.ndarray, *, width: int, columns: int | None = None) -> Text:
    """Images (N, H, W, C) in [0, 1] as a text of half blocks, at most `width` cells wide."""
    lines = half_blocks(to_uint8(images), width=min(width, WIDEST), columns=columns)
    return Text("\n").join(Text.assemble(*map(_cell, line), no_wrap=True) for line in lines)


def _cell(cell: Cell | None) -> tuple[str, str]:
    if cell is None:
        return " ", ""
    upper, lower = ("#{:02x}{:02x}{:02x}".format(*colour) for colour in cell)
    return "▀", f"{upper} on {lower}"


def draw(images: np.ndarray, target: Console | None = None) -> None:
    """Print images to the terminal, stderr if none is given."""
    target = target or console.stderr()
    target.print(picture(images, width=target.width))
