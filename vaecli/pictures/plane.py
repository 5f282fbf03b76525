"""A plane through the latent space: decoded pictures, and latents of images as points on the same axes."""

import colorsys
import dataclasses
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vaecli.pictures.pixels import enlarge, require_scale
from vaecli.pictures.sheet import sheet, viewable_scale
from vaecli.pictures.text import (
    ACCENT,
    FAINT,
    INK,
    PAPER,
    Colour,
    block,
    font_size,
    line_height,
    paste,
    text_width,
)
from vaecli.pixels import Pixels

Numbers: TypeAlias = npt.NDArray[np.floating]

_TEN: Sequence[Colour] = (
    (31, 119, 180),
    (255, 127, 14),
    (44, 160, 44),
    (214, 39, 40),
    (148, 103, 189),
    (140, 86, 75),
    (227, 119, 194),
    (127, 127, 127),
    (188, 189, 34),
    (23, 190, 207),
)
_PLAIN: Colour = (31, 90, 150)
_FADED = 0.2  # what remains of the pictures behind the points
_TICKS = 5  # numbers along an axis, at most


@dataclasses.dataclass(frozen=True, eq=False)
class Points:
    """Latents of images on a plane.

    Attributes:
        places: (n, 2), horizontal and vertical coordinate.
        labels: (n,) classes; None if they have none.
        class_names: names of the classes.
        title: text above them.
        own: (2,) a point that is drawn as a ring; None for none.
    """

    places: Numbers
    labels: npt.NDArray[np.integer] | None
    class_names: Sequence[str]
    title: str
    own: Numbers | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Axes:
    """The two axes of a plane.

    Attributes:
        names: of the horizontal and the vertical axis.
        x: (S,) coordinates of the columns, increasing.
        y: (S,) coordinates of the rows from below, increasing.
    """

    names: tuple[str, str]
    x: Numbers
    y: Numbers


def plane(
    images: Pixels,
    axes: Axes,
    title: str,
    points: Points | None = None,
    *,
    scale: int | None = None,
    smooth: bool = False,
) -> Pixels:
    """Return decoded pictures of a plane as one picture (Y, X, 3), with points beside it if there are any.

    Args:
        images: (S * S, H, W, C), row by row from the top left; the vertical coordinate grows upwards.
        axes: the axes.
        title: text above the pictures.
        points: latents of images.
        scale: enlargement; by default, images are made large enough to see.
        smooth: enlarge with gradual changes, not squares.

    Raises:
        OptionError: a scale with which the picture would be too large.
    """
    side, (_, height, width, _) = len(axes.x), images.shape
    require_scale(scale, lambda s: 3 * (side * height + 60) * (2 * side * width + 90) * s**2)
    scale = scale or viewable_scale(side * height, 2 * side * width, max(height, width))
    decoded = enlarge(sheet(images, columns=side, scale=1, gap=0), scale, smooth=smooth)
    decoded = np.broadcast_to(decoded, (*decoded.shape[:2], 3))
    size = font_size(min(decoded.shape[:2]) // 7)
    panels = [_with_axes(decoded, title, axes, size)]
    if points is not None:
        panels.append(_with_axes(_scatter(decoded, points, axes, size), points.title, axes, size))
        if points.labels is not None:
            panels.append(_legend(points, size, len(panels[0])))
    padded = [np.pad(panel, ((size, size), (size, 0), (0, 0)), constant_values=PAPER) for panel in panels]
    return np.pad(np.concatenate(padded, axis=1), ((0, 0), (0, size), (0, 0)), constant_values=PAPER)


def class_colours(count: int) -> list[Colour]:
    """Return a colour for each class: ten that are easy to tell apart, or as many hues as there are classes."""
    if count <= len(_TEN):
        return list(_TEN[:count])
    colours = []
    for index in range(count):
        red, green, blue = colorsys.hsv_to_rgb(index / count, 0.85, 0.6 + 0.35 * (index % 2))
        colours.append((round(255 * red), round(255 * green), round(255 * blue)))
    return colours


def _scatter(decoded: Pixels, points: Points, axes: Axes, size: int) -> Pixels:
    """Return the panel of points over the faded pictures."""
    panel = PAPER - (PAPER - decoded.astype(np.float32)) * _FADED
    colours = [_PLAIN] * len(points.places)
    if points.labels is not None:
        palette = class_colours(len(points.class_names))
        colours = [palette[label] for label in points.labels]
    for place, colour in zip(points.places, colours, strict=True):
        x, y = _pixel(place, axes, panel.shape)
        _disc(panel, x, y, 0.42 * size, (PAPER,) * 3)
        _disc(panel, x, y, 0.34 * size, colour)
    if points.own is not None:
        x, y = _pixel(points.own, axes, panel.shape)
        for radius, colour in ((0.95, (PAPER,) * 3), (0.85, INK), (0.65, (PAPER,) * 3), (0.45, ACCENT)):
            _disc(panel, x, y, radius * size, colour)
    rounded: Pixels = np.rint(panel).astype(np.uint8)
    return rounded


def _pixel(place: Numbers, axes: Axes, shape: tuple[int, ...]) -> tuple[float, float]:
    """Return where a point lies on a panel, (x, y) in pixels; points outside lie on its edge."""
    x = _fraction(float(place[0]), axes.x) * shape[1]
    return x, (1.0 - _fraction(float(place[1]), axes.y)) * shape[0]


def _fraction(value: float, ticks: Numbers) -> float:
    """Return where a coordinate lies along an axis, from 0 to 1; each tick is the middle of a cell."""
    steps = len(ticks)
    before, after = 2 * ticks[0] - ticks[1], 2 * ticks[-1] - ticks[-2]
    cell = np.interp(value, [before, *ticks, after], np.arange(-1, steps + 1))
    return float(np.clip((cell + 0.5) / steps, 0.0, 1.0))


def _disc(page: npt.NDArray[np.float32], x: float, y: float, radius: float, colour: Colour) -> None:
    """Draw a disc with a smooth edge on a page (Y, X, 3) in place."""
    top, left = max(0, int(y - radius - 1)), max(0, int(x - radius - 1))
    window = page[top : int(y + radius + 2), left : int(x + radius + 2)]
    rows, columns = np.ogrid[top : top + window.shape[0], left : left + window.shape[1]]
    distance = np.hypot(rows + 0.5 - y, columns + 0.5 - x)
    covered = np.clip(radius + 0.5 - distance, 0.0, 1.0)[..., np.newaxis]
    window += covered * (np.array(colour, np.float32) - window)


def _with_axes(panel: Pixels, title: str, axes: Axes, size: int) -> Pixels:
    """Return a panel with its title above, and numbers and names along its left and lower side."""
    height, width, _ = panel.shape
    line = line_height(size)
    numbers = [_number(value) for value in axes.y]
    left = line + max(text_width(number, size) for number in numbers) + size // 2
    top = line + size // 2
    page = np.full((top + height + size // 4 + 2 * line, left + width, 3), PAPER, np.uint8)
    paste(page, block([(title, INK)], width=width, size=size, align="left"), 0, left)
    paste(page, panel, top, left)
    for cell in _tick_cells(len(axes.x)):
        middle = round((cell + 0.5) * width / len(axes.x))
        _put(page, _number(axes.x[cell]), size, top + height + size // 4, left + middle)
        middle = round((cell + 0.5) * height / len(axes.y))
        number = block([(numbers[cell], FAINT)], width=left - line - size // 2, size=size, align="right")
        paste(page, number, min(max(0, top + height - middle - line // 2), len(page) - line), line)
    name = block([(axes.names[0], INK)], width=width, size=size)
    paste(page, name, top + height + size // 4 + line, left)
    paste(page, np.rot90(block([(axes.names[1], INK)], width=height, size=size)), top, 0)
    return page


def _put(page: Pixels, number: str, size: int, top: int, middle: int) -> None:
    """Write a number below the middle of a column."""
    width = text_width(number, size) + 2
    text = block([(number, FAINT)], width=width, size=size)
    paste(page, text, top, min(max(0, middle - width // 2), page.shape[1] - width))


def _number(value: float) -> str:
    return f"{round(float(value), 1) + 0.0:.1f}"  # never -0.0


def _tick_cells(steps: int) -> list[int]:
    """Return the cells that get a number: both ends, the middle, and what lies evenly between."""
    return sorted({round(cell) for cell in np.linspace(0, steps - 1, min(steps, _TICKS))})


def _legend(points: Points, size: int, height: int) -> Pixels:
    """Return the colours and names of the classes; the last line counts those for which there is no room."""
    line = line_height(size) + size // 3
    room = max(1, (height - 2 * line) // line)
    names, rest = list(points.class_names), 0
    if len(names) > room:
        rest = len(names) - (room - 1)
        names = names[: room - 1]
    widest = max(text_width(name, size) for name in [*points.class_names, "and 1,000 more"])
    page = np.full((height, 2 * size + min(widest, 16 * size), 3), float(PAPER), np.float32)
    for row, (name, colour) in enumerate(zip(names, class_colours(len(points.class_names)), strict=False)):
        top = 2 * line + row * line
        _disc(page, 0.7 * size, top + line_height(size) / 2, 0.45 * size, colour)
        text = block([(name, INK)], width=page.shape[1] - 2 * size, size=size, align="left")
        page[top : top + len(text), 2 * size :] = text
    if rest:
        text = block([(f"and {rest:,} more", FAINT)], width=page.shape[1] - 2 * size, size=size, align="left")
        top = 2 * line + len(names) * line
        page[top : top + len(text), 2 * size :] = text[: height - top]
    return np.rint(page).astype(np.uint8)
