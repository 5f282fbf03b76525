"""Maps of a number for each pixel, in colours, beside the picture."""

import numpy as np
import numpy.typing as npt

from vaecli.pictures.pixels import as_rgb, enlarge, picture_scale
from vaecli.pixels import Pixels

# black, violet, red, orange, pale yellow: lightness grows evenly, so that the map also reads without colour
_STOPS = np.array([(0, 0, 4), (74, 12, 107), (165, 44, 96), (237, 105, 37), (252, 255, 164)], np.float64)
_PAPER = 255


def colours(values: npt.NDArray[np.floating], largest: float) -> Pixels:
    """Return numbers (..., H, W) as colours (..., H, W, 3): 0 is black, `largest` and more pale yellow."""
    levels = np.linspace(0.0, 1.0, len(_STOPS))
    share = np.clip(values / largest, 0.0, 1.0)
    mixed = np.stack([np.interp(share, levels, channel) for channel in _STOPS.T], axis=-1)
    rounded: Pixels = np.rint(mixed).astype(np.uint8)
    return rounded


def beside(image: Pixels, values: npt.NDArray[np.floating], largest: float) -> Pixels:
    """Return an image (H, W, C) and its map (H, W) side by side, enlarged: (Y, X, 3)."""
    scale = picture_scale(image.shape)
    left, right = (enlarge(part, scale) for part in (as_rgb(image), colours(values, largest)))
    gap = np.full((len(left), max(2, scale), 3), _PAPER, np.uint8)
    return np.concatenate([left, gap, right], axis=1)
