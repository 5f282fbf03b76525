"""Text on pictures, in the font that Pillow brings."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from vaecli.pixels import Pixels

if TYPE_CHECKING:
    import PIL.ImageFont

Colour: TypeAlias = tuple[int, int, int]
Align: TypeAlias = Literal["left", "centre", "right"]

INK, FAINT, ACCENT = (38, 38, 38), (118, 118, 118), (214, 90, 30)
PAPER = 255
_LEADING = 1.3  # height of a line, in font sizes
_SMALLEST, _LARGEST = 11, 26  # font sizes


def font_size(side: int) -> int:
    """Return the size of text, in pixels, beside or below images of `side` pixels."""
    return int(np.clip(side // 7, _SMALLEST, _LARGEST))


def line_height(size: int) -> int:
    """Return the height of a line of text of a font size, in pixels."""
    return round(_LEADING * size)


def text_width(text: str, size: int) -> int:
    """Return the width of a line of text, in pixels."""
    return round(_font(size).getlength(printable(text)))


def printable(text: str) -> str:
    """Return a text without characters that would break its line."""
    return "".join(character if character.isprintable() else "?" for character in text)


def shortened(text: str, width: int, size: int) -> str:
    """Return a text that is at most `width` pixels wide: dots replace what is too much in its middle."""
    text = printable(text)
    if text_width(text, size) <= width:
        return text
    kept = len(text) - 1
    while kept > 2 and text_width(_without_middle(text, kept), size) > width:
        kept -= 1
    return _without_middle(text, kept)


def block(lines: Sequence[tuple[str, Colour]], *, width: int, size: int, align: Align = "centre") -> Pixels:
    """Return lines of text with their colours on white paper, (len(lines) * line_height, width, 3).

    A line that is too wide is shortened.
    """
    import PIL.Image  # noqa: PLC0415  # takes 10 ms; plain sheets do not need it
    import PIL.ImageDraw  # noqa: PLC0415

    step = line_height(size)
    page = PIL.Image.new("RGB", (max(1, width), step * len(lines)), (PAPER,) * 3)
    draw = PIL.ImageDraw.Draw(page)
    anchor, x = {"left": ("lm", 0), "centre": ("mm", width // 2), "right": ("rm", width)}[align]
    for number, (text, colour) in enumerate(lines):
        y = step * number + step // 2
        draw.text((x, y), shortened(text, width, size), fill=colour, font=_font(size), anchor=anchor)
    return np.array(page)[:, :width]


def paste(page: Pixels, image: Pixels, top: int, left: int) -> None:
    """Copy an image (h, w, C), grey or RGB, onto a page (Y, X, 3) in place."""
    height, width, _ = image.shape
    page[top : top + height, left : left + width] = image


def captioned(image: Pixels, lines: Sequence[tuple[str, Colour]], size: int) -> Pixels:
    """Return an image (h, w, C) with centred lines of text below it, (h + text, w, 3)."""
    height, width, _ = image.shape
    text = block(lines, width=width, size=size)
    page = np.full((height + size // 4 + len(text), width, 3), PAPER, np.uint8)
    paste(page, image, 0, 0)
    paste(page, text, height + size // 4, 0)
    return page


@functools.cache
def _font(size: int) -> "PIL.ImageFont.FreeTypeFont | Any":
    import PIL.ImageFont  # noqa: PLC0415

    return PIL.ImageFont.load_default(size)


def _without_middle(text: str, kept: int) -> str:
    return f"{text[: (kept + 1) // 2]}...{text[len(text) - kept // 2 :]}"
