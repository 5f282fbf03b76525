"""Rows of images with text: a label beside each row, a heading above each column, and given pictures on top."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from vaecli.pictures.pixels import enlarge, require_scale
from vaecli.pictures.sheet import viewable_scale
from vaecli.pictures.text import (
    ACCENT,
    FAINT,
    INK,
    PAPER,
    block,
    captioned,
    font_size,
    line_height,
    paste,
    text_width,
)
from vaecli.pixels import Pixels


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of images.

    Attributes:
        images: (n, H, W, C) uint8.
        title: first line of the text beside it.
        note: second line, less prominent.
        mark: index of the image that gets a frame; None for no frame.
    """

    images: Pixels
    title: str
    note: str = ""
    mark: int | None = None


def labelled_rows(
    rows: Sequence[Row],
    headings: Sequence[str],
    *,
    given: Sequence[tuple[Pixels, str]] = (),
    scale: int | None = None,
    smooth: bool = False,
) -> Pixels:
    """Return rows of images as one picture (Y, X, 3).

    Args:
        rows: at least one; all have images of the same number and shape.
        headings: text above each column.
        given: pictures (H, W, C) above the rows, each with the text below it.
        scale: enlargement; by default, images are made large enough to see.
        smooth: enlarge with gradual changes, not squares.

    Raises:
        OptionError: a scale with which the picture would be too large.
    """
    count, height, width, _ = rows[0].images.shape
    lines = len(rows) + (2 if given else 0)
    require_scale(scale, lambda s: 3 * (lines * (height + 8) + 8) * ((count + 3) * (width + 4)) * s**2)
    scale = scale or viewable_scale(lines * height, (count + 2) * width, max(height, width))
    size = font_size(min(height, width) * scale)
    layout = _Layout(rows, headings, given, scale, size)
    page = np.full((layout.height, layout.width, 3), PAPER, np.uint8)
    top = _put_given(page, layout, smooth=smooth)
    for column, text in enumerate(headings):
        heading = block([(text, FAINT)], width=layout.cell_width, size=size)
        paste(page, heading, top, layout.left + column * layout.step_x)
    top += layout.heading_height
    for row in rows:
        _put_row(page, layout, row, top, smooth=smooth)
        top += layout.cell_height + layout.gap
    return page


@dataclasses.dataclass(frozen=True)
class _Layout:
    """Sizes of a page, in pixels."""

    rows: Sequence[Row]
    headings: Sequence[str]
    given: Sequence[tuple[Pixels, str]]
    scale: int
    size: int

    @property
    def gap(self) -> int:
        return max(6, self.scale + 1)

    @property
    def cell_height(self) -> int:
        return int(self.rows[0].images.shape[1]) * self.scale

    @property
    def cell_width(self) -> int:
        return int(self.rows[0].images.shape[2]) * self.scale

    @property
    def step_x(self) -> int:
        return self.cell_width + self.gap

    @property
    def margin(self) -> int:
        return 2 * self.gap

    @property
    def label_width(self) -> int:
        texts = [text for row in self.rows for text in (row.title, row.note)]
        return max(text_width(text, self.size) for text in texts)

    @property
    def left(self) -> int:
        """Return where the images begin."""
        return self.margin + self.label_width + self.size

    @property
    def given_height(self) -> int:
        """Return the height of the band of given pictures, 0 without them."""
        return self.cell_height + line_height(self.size) + 4 * self.gap if self.given else 0

    @property
    def heading_height(self) -> int:
        """Return the height of the headings with the space below them."""
        return line_height(self.size) + self.size // 4

    @property
    def width(self) -> int:
        columns = max(len(self.headings), len(self.given))
        return self.left + columns * self.step_x - self.gap + self.margin

    @property
    def height(self) -> int:
        rows = len(self.rows) * (self.cell_height + self.gap) - self.gap
        return self.margin + self.given_height + self.heading_height + rows + self.margin


def _put_given(page: Pixels, layout: _Layout, *, smooth: bool) -> int:
    """Draw the given pictures; return where the headings begin."""
    for column, (image, text) in enumerate(layout.given):
        larger = captioned(enlarge(image, layout.scale, smooth=smooth), [(text, INK)], layout.size)
        left = layout.left + column * layout.step_x
        paste(page, larger, layout.margin, left)
        if column == 0:
            _frame(page, layout, layout.margin, left)
            paste(page, larger[: layout.cell_height], layout.margin, left)
    return layout.margin + layout.given_height


def _put_row(page: Pixels, layout: _Layout, row: Row, top: int, *, smooth: bool) -> None:
    lines = [(row.title, INK)] + ([(row.note, FAINT)] if row.note else [])
    text = block(lines, width=layout.label_width, size=layout.size, align="right")
    paste(page, text, top + max(0, layout.cell_height - len(text)) // 2, layout.margin)
    for column, image in enumerate(enlarge(row.images, layout.scale, smooth=smooth)):
        left = layout.left + column * layout.step_x
        if column == row.mark:
            _frame(page, layout, top, left)
        paste(page, image, top, left)


def _frame(page: Pixels, layout: _Layout, top: int, left: int) -> None:
    """Draw a frame round the place of an image, within the gaps."""
    width = max(2, layout.gap - 2)
    page[top - width : top + layout.cell_height + width, left - width : left + layout.cell_width + width] = (
        ACCENT
    )
