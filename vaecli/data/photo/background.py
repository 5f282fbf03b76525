"""The background of a picture: one colour, or a smooth surface where the light is uneven."""

import dataclasses
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float32]
_Number = TypeVar("_Number", np.uint8, np.float32, np.int32)

TOLERANCE = 0.05 * 255
"""How far from the background a pixel must be to count as subject; 5 % as in arXiv:1708.07747."""
MIDDLE = 127.5
_EVEN = 0.9  # share of the border that a background must explain to be taken as the whole background
_DARKEST = 16.0  # of a surface that pixels are divided by


@dataclasses.dataclass(frozen=True)
class Background:
    """The background of a picture of H rows and W columns.

    Attributes:
        colour: (C,), 0 to 255: the median of the border.
        size: (H, W).
        plain: the share of the border that has this colour, 0 to 1.
        surface: (6, C), the coefficients of a quadratic in the relative position; None where one colour is enough.
    """

    colour: Floats
    size: tuple[int, int]
    plain: float
    surface: Floats | None = None

    @property
    def is_plain(self) -> bool:
        """True if at least half of the border is explained by the colour or the surface."""
        return self.plain >= 0.5

    def values(self, rows: npt.NDArray[np.floating], columns: npt.NDArray[np.floating]) -> Floats:
        """Return the background at these rows (h,) and columns (w,): (h, w, C), or (C,) if it is one colour."""
        if self.surface is None:
            return self.colour
        terms = _terms(rows[:, None] / self.size[0], columns[None, :] / self.size[1])
        values: Floats = np.einsum("thw,tc->hwc", terms, self.surface).clip(0, 255)
        return values

    def flattened(
        self, pixels: Floats, rows: npt.NDArray[np.floating], columns: npt.NDArray[np.floating]
    ) -> Floats:
        """Return pixels (h, w, C) as if the whole background had its colour.

        Uneven light multiplies a light background; what lies over a dark one adds to it.
        """
        if self.surface is None:
            return pixels
        values = self.values(rows, columns)
        if self.colour.mean() > MIDDLE:
            return (pixels * (self.colour / np.maximum(values, _DARKEST))).clip(0, 255)
        return (pixels - values + self.colour).clip(0, 255)


def border(images: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """Return the outermost pixels (..., 2 H + 2 W, C) of images (..., H, W, C), corners twice."""
    sides = images[..., 0, :, :], images[..., -1, :, :], images[..., :, 0, :], images[..., :, -1, :]
    return np.concatenate(sides, axis=-2)


def find_background(image: Image.Image) -> Background:
    """Find the background of an opaque picture, grey or RGB, from its border.

    A quadratic surface is fitted where one colour does not explain the border, and the surface does.
    """
    pixels, rows, columns = _outline(image)
    colour = np.median(pixels, axis=0).astype(np.float32)
    size = (image.height, image.width)
    plain = _share(pixels, colour)
    if plain >= _EVEN:
        return Background(colour, size, plain)
    surface, fitted = _fit_surface(_terms(rows / size[0], columns / size[1]), pixels)
    even = _share(pixels, fitted)
    if even >= _EVEN:
        return Background(colour, size, even, surface)
    return Background(colour, size, plain)


def _outline(image: Image.Image) -> tuple[Floats, Floats, Floats]:
    """Return the border's pixels (n, C), their rows (n,) and columns (n,)."""
    width, height = image.size
    across, down = np.arange(width), np.arange(height)
    sides = (
        ((0, 0, width, 1), np.zeros(width), across),
        ((0, height - 1, width, height), np.full(width, height - 1), across),
        ((0, 0, 1, height), down, np.zeros(height)),
        ((width - 1, 0, width, height), down, np.full(height, width - 1)),
    )
    pixels = [np.asarray(image.crop(box), np.float32).reshape(len(rows), -1) for box, rows, _ in sides]
    rows = np.concatenate([rows for _, rows, _ in sides]).astype(np.float32)
    columns = np.concatenate([columns for _, _, columns in sides]).astype(np.float32)
    return np.concatenate(pixels), rows, columns


def _terms(y: npt.NDArray[np.floating], x: npt.NDArray[np.floating]) -> Floats:
    """Return the terms (6, ...) of a quadratic in two coordinates that broadcast."""
    x, y = np.broadcast_arrays(x, y)
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]).astype(np.float32)


def _fit_surface(terms: Floats, pixels: Floats) -> tuple[Floats, Floats]:
    """Fit by least squares, leaving out in three further rounds what lies far off: a subject at the border.

    Returns the coefficients (6, C), and the surface at all border pixels (n, C).
    """
    used = np.ones(len(pixels), bool)
    for _ in range(4):
        surface = np.linalg.lstsq(terms[:, used].T, pixels[used], rcond=None)[0].astype(np.float32)
        distance = np.abs(pixels - terms.T @ surface).max(axis=1)
        used = distance <= max(TOLERANCE, 2 * float(np.median(distance)))
    return surface, terms.T @ surface


def _share(pixels: Floats, background: Floats) -> float:
    """Return the share of pixels (n, C) that have the background's colour, given as (C,) or (n, C)."""
    return float((np.abs(pixels - background) <= TOLERANCE).all(axis=1).mean())
