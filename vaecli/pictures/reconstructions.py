"""Sheets of reconstructions: original, reconstruction and difference of each picture, with text below."""

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from vaecli.errors import OptionError
from vaecli.pictures.pixels import as_rgb, enlarge, require_scale
from vaecli.pictures.png import MAX_SIDE
from vaecli.pictures.sheet import lay_out, viewable_scale
from vaecli.pictures.text import (
    ACCENT,
    FAINT,
    INK,
    PAPER,
    Colour,
    block,
    captioned,
    font_size,
    line_height,
    paste,
)
from vaecli.pixels import SCALE, Pixels

HEADINGS = ("original", "reconstruction", "difference")
LINES = 2  # of text below each
FULL = 0.5  # of the range of pixels: differences from here on have the full colour
BRIGHTER, DARKER = ACCENT, (30, 90, 214)  # where the reconstruction is
_LEGIBLE = 80  # pixels of a side: text below smaller images would be cut
_BAND = 2**26  # bytes of a row of the sheet
_TEXT_SHARE = 1.4  # height of an image with its text, in heights of the image, roughly


class Tile(NamedTuple):
    """One picture of the sheet.

    Attributes:
        original: (H, W, C) uint8; None for a picture that cannot be read.
        reconstruction: (H, W, C) uint8; None likewise.
        captions: up to `LINES` lines below each of the three.
    """

    original: Pixels | None
    reconstruction: Pixels | None
    captions: Sequence[Sequence[str]]


@dataclasses.dataclass(frozen=True)
class Plan:
    """Layout of a sheet of reconstructions.

    Attributes:
        count: number of tiles.
        image_shape: (H, W, C) of one image.
        columns: tiles in a row.
        scale: side of the square that each pixel becomes.
        smooth: enlarge with gradual changes, not squares.
    """

    count: int
    image_shape: tuple[int, int, int]
    columns: int
    scale: int
    smooth: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (Y, X, 3) of the sheet."""
        rows = -(-self.count // self.columns)
        height = self._heading + rows * (self._tile[0] + self._gap) + 2 * self._gap
        return height, self._gap + self.columns * (self._tile[1] + self._gap), 3

    @property
    def _cell(self) -> tuple[int, int]:
        return self.image_shape[0] * self.scale, self.image_shape[1] * self.scale

    @property
    def _font(self) -> int:
        return font_size(min(self._cell))

    @property
    def _heading(self) -> int:
        return line_height(self._font)

    @property
    def _inner(self) -> int:
        return max(2, self.scale // 2)

    @property
    def _gap(self) -> int:
        return 4 * self._inner

    @property
    def _tile(self) -> tuple[int, int]:
        """Height and width of a tile with its text."""
        height, width = self._cell
        return height + self._font // 4 + LINES * line_height(self._font), 3 * width + 2 * self._inner

    def bands(self, tiles: Iterable[Tile]) -> Iterator[Pixels]:
        """Yield the sheet from the top in bands (y, X, 3), in flat memory."""
        return lay_out(self._rows(tiles), self.columns, gap=self._gap)

    def _rows(self, tiles: Iterable[Tile]) -> Iterator[Pixels]:
        """Yield the headings, then tiles (n, h, w, 3), a row at a time."""
        heading = [block([(text, FAINT)], width=self._cell[1], size=self._font) for text in HEADINGS]
        yield np.stack([self._side_by_side(heading)] * self.columns)
        row: list[Pixels] = []
        for tile in tiles:
            row.append(self._drawn(tile))
            if len(row) == self.columns:
                yield np.stack(row)
                row = []
        if row:
            yield np.stack(row)

    def _drawn(self, tile: Tile) -> Pixels:
        """Return a tile as pixels (h, w, 3)."""
        if tile.original is None or tile.reconstruction is None:
            parts = [np.full((*self.image_shape[:2], 3), PAPER - 20, np.uint8)] * 3
        else:
            shown = [as_rgb(image) for image in (tile.original, tile.reconstruction)]
            parts = [*shown, difference(tile.original, tile.reconstruction)]
        cells = []
        for part, texts in zip(parts, tile.captions, strict=True):
            lines: list[tuple[str, Colour]] = [("", INK)] * LINES
            lines[: len(texts)] = [(text, FAINT if number else INK) for number, text in enumerate(texts)]
            cells.append(captioned(enlarge(part, self.scale, smooth=self.smooth), lines, self._font))
        return self._side_by_side(cells)

    def _side_by_side(self, cells: Sequence[Pixels]) -> Pixels:
        """Return three cells (h, w, 3) in a row, (h, 3 w and two gaps, 3)."""
        height, width, _ = cells[0].shape
        row = np.full((height, self._tile[1], 3), PAPER, np.uint8)
        for number, cell in enumerate(cells):
            paste(row, cell, 0, number * (width + self._inner))
        return row


def plan_reconstructions(
    count: int, image_shape: tuple[int, int, int], *, scale: int | None = None, smooth: bool = False
) -> Plan:
    """Lay out `count` tiles; by default the sheet is nearly square, and all is large enough to see.

    Raises:
        OptionError: more pictures than fit in a PNG, or a scale with which the sheet would be too large.
    """
    height, width, _ = image_shape
    columns = min(count, math.ceil(math.sqrt(count * _TEXT_SHARE * height / (3 * width))))

    def planned(scale: int) -> Plan:
        tile_bytes = math.prod(Plan(1, image_shape, 1, scale).shape)
        return Plan(count, image_shape, max(1, min(columns, _BAND // tile_bytes)), scale, smooth)

    require_scale(scale, lambda larger: math.prod(planned(larger).shape))
    rows = -(-count // columns)
    viewable = viewable_scale(round(rows * _TEXT_SHARE * height), columns * 3 * width, max(height, width))
    result = planned(scale or max(viewable, -(-_LEGIBLE // width)))
    if max(result.shape) > MAX_SIDE:
        raise OptionError(
            f"PICTURES must be fewer: a sheet of {count:,} exceeds the {MAX_SIDE:,} pixels a side of a PNG.",
            option="PICTURES",
            hint="Write a folder or an .npy file.",
        )
    return result


def difference(original: Pixels, reconstruction: Pixels) -> Pixels:
    """Return how a reconstruction differs from its original (H, W, C), in colours (H, W, 3).

    White is no difference, `BRIGHTER` and `DARKER` are a difference of `FULL` or more, as the mean of the channels.
    """
    change = (reconstruction.astype(np.float32) - original.astype(np.float32)).mean(axis=2) / (FULL * SCALE)
    strength = np.minimum(np.abs(change), 1.0)[..., None]
    colour = np.where(change[..., None] > 0, np.array(BRIGHTER, np.float32), np.array(DARKER, np.float32))
    mixed: Pixels = np.rint(PAPER + (colour - PAPER) * strength).astype(np.uint8)
    return mixed
