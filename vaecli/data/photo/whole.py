"""The whole-number arithmetic of the preparation, so that a program in another language can repeat it to the bit.

All values are whole numbers below 2**53, which also the numbers of JavaScript hold exactly. `a // b` rounds down.

* Rounded division: `divide(a, b) = (2 a + b) // (2 b)`, a >= 0, b > 0. Halves are rounded up.
* Grey: `(19595 R + 38470 G + 7471 B + 32768) // 65536`, the weights of ITU-R BT.601.
* Median of n values: the element n // 2, from 0, of the sorted values.
* Resizing by area: the new pixel i of m covers the old interval [i n / m, (i + 1) n / m) of n pixels. In units of
  1 / m an old pixel j has the weight `max(0, min((j + 1) m, (i + 1) n) - max(j m, i n))`; the weights of a new
  pixel sum to n. Rows and columns together: the sum of weight times weight times value, divided by both old
  lengths in one rounded division.
* Sharpening: `(14 v - up - down - left - right + 5) // 10`, clipped to 0 to 255, at the edge with the pixel itself
  in place of a neighbour.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from vaecli.pixels import SCALE

Whole = npt.NDArray[np.int64]
Array = npt.NDArray[Any]

_CENTRE, _SHARPENED = 14, 10  # of the sharpening: weight of the pixel, and the sum of all weights
_ROWS = 2**18  # values of a picture that are multiplied at a time


def divide(numerator: Array, denominator: Array | int) -> Whole:
    """Return the quotient of whole numbers, numerator >= 0, rounded; halves are rounded up."""
    quotient: Whole = (2 * numerator + denominator) // (2 * denominator)
    return quotient


def divided(numerator: int, denominator: int) -> int:
    """Return `divide` of two single numbers."""
    return (2 * numerator + denominator) // (2 * denominator)


def fit_inside(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """Return the rows and columns, 1 at least, that a picture of `size` fills in a box without distortion."""
    (rows, columns), (height, width) = size, box
    if height * columns <= width * rows:
        return height, max(1, divided(columns * height, rows))
    return max(1, divided(rows * width, columns)), width


def grey(pixels: Array) -> Whole:
    """Return pixels (..., 3) as grey (..., 1), 0 to 255."""
    red, green, blue = (pixels[..., channel].astype(np.int64) for channel in range(3))
    grey_values: Whole = ((19595 * red + 38470 * green + 7471 * blue + 32768) // 65536)[..., None]
    return grey_values


def median(values: Array) -> Array:
    """Return the median along the first axis of values (n, ...): the upper of the middle two if n is even."""
    middle = len(values) // 2
    element: Array = np.partition(values, middle, axis=0)[middle].astype(np.int32)
    return element


def resize(pixels: Array, height: int, width: int) -> Whole:
    """Resize pixels (H, W, C), 0 to 255, by area; the same numbers if they have the size."""
    rows, columns, channels = pixels.shape
    if (rows, columns) == (height, width):
        return pixels.astype(np.int64)
    down, across = _weights(rows, height), _weights(columns, width)
    sums = np.zeros((height, width * channels))  # float64 holds the sums exactly, and multiplies fast
    step = max(1, _ROWS // (columns * channels))
    for top in range(0, rows, step):
        part = pixels[top : top + step].astype(np.float64)
        narrowed = np.einsum("wk,rkc->rwc", across, part, optimize=True).reshape(len(part), -1)
        sums += down[:, top : top + step] @ narrowed
    return divide(sums.astype(np.int64), rows * columns).reshape(height, width, channels)


def _weights(old: int, new: int) -> npt.NDArray[np.float64]:
    """Return the weight of each old pixel in each new one, (new, old)."""
    start, stop = np.arange(new)[:, None] * old, np.arange(1, new + 1)[:, None] * old
    first, last = np.arange(old)[None] * new, np.arange(1, old + 1)[None] * new
    overlap = np.minimum(stop, last) - np.maximum(start, first)
    return overlap.clip(0).astype(np.float64)


def sharpen(pixels: Array) -> Whole:
    """Sharpen pixels (H, W, C), 0 to 255."""
    padded = np.pad(pixels.astype(np.int64), ((1, 1), (1, 1), (0, 0)), mode="edge")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    sharpened: Whole = (_CENTRE * padded[1:-1, 1:-1] - around + _SHARPENED // 2) // _SHARPENED
    return sharpened.clip(0, SCALE)
