"""Frames of an animation that moves along latent dimensions, each with a text and a slider below the picture."""

import math

import numpy as np

from vaecli.pictures.pixels import enlarge, picture_scale, require_scale
from vaecli.pictures.text import ACCENT, FAINT, INK, PAPER, block, font_size, line_height, paste
from vaecli.pixels import Pixels

_RAIL = (205, 205, 205)


def film_scale(shape: tuple[int, int, int], scale: int | None) -> int:
    """Return the enlargement of pictures of a shape (H, W, C): `scale`, or one that makes them large enough to see.

    Raises:
        OptionError: a scale with which two frames would be too large.
    """
    require_scale(scale, lambda s: 2 * math.prod(frame_shape(shape, s)))
    return scale or picture_scale(shape)


def frame_shape(shape: tuple[int, int, int], scale: int) -> tuple[int, int, int]:
    """Return the shape (Y, X, 3) of a frame of a picture of a shape (H, W, C)."""
    height, width = shape[0] * scale, shape[1] * scale
    size = font_size(min(height, width) // 2)
    return height + line_height(size) + 2 * size, width, 3


def slider_frame(
    image: Pixels, texts: tuple[str, str], position: float, *, scale: int, smooth: bool = False
) -> Pixels:
    """Return an image (H, W, C) enlarged, with text and a slider below it: (Y, X, 3).

    Args:
        image: the picture.
        texts: written on the left and on the right.
        position: of the knob, 0 left to 1 right; beyond, it stays at the end.
        scale: enlargement.
        smooth: enlarge with gradual changes, not squares.
    """
    larger = enlarge(image, scale, smooth=smooth)
    height, width, _ = larger.shape
    size = font_size(min(height, width) // 2)
    left = block([(texts[0], INK)], width=width - size, size=size, align="left")
    right = block([(texts[1], FAINT)], width=width - size, size=size, align="right")
    page = np.full(frame_shape(image.shape, scale), PAPER, np.uint8)
    paste(page, larger, 0, 0)
    paste(page, np.minimum(left, right), height + size // 4, size // 2)
    rail = height + len(left) + size
    page[rail - 1 : rail + 1, size : width - size] = _RAIL
    knob = size + round(float(np.clip(position, 0, 1)) * (width - 2 * size))
    page[rail - size // 2 : rail + size // 2, max(0, knob - size // 3) : knob + size // 3] = ACCENT
    return page
