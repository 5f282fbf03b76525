"""The likeness of training images, so that a user's picture can be made like them."""

import numpy as np
import numpy.typing as npt

from vaecli.choices import Photo, Polarity
from vaecli.data.images import Images, spread
from vaecli.data.photo.background import MIDDLE, TOLERANCE, border
from vaecli.data.photo.frame import BACKGROUNDS, DIGIT_BOX
from vaecli.pixels import Pixels

_PLAIN = 0.5  # of an image's border that has its median: the background is plain
_MOST = 0.7  # of the images must have a plain background, all of one shade
_CENTRED = 1.25 / 28  # of the frame: how far from its middle the centre of mass of a digit is, at most
_NEARLY_ALL = 0.95


def guess_polarity(images: Images) -> Polarity:
    """Return the polarity of a data set (N, H, W, C), from the borders of up to 1,000 of its images.

    `any` if in colour, or if under 70 % of them share a plain background, all dark or all light.
    """
    if images.shape[3] == 3:
        return "any"
    shades = np.concatenate([_shades(part) for part in spread(images)])
    dark, light = (shades < MIDDLE).mean(), (shades > MIDDLE).mean()
    if max(dark, light) < _MOST:
        return "any"
    return "dark-on-light" if light > dark else "light-on-dark"


def _shades(images: Pixels) -> np.ndarray:
    """Return the shade of each image's background (N,), 0 to 255; NaN where it is not plain."""
    pixels = border(images)[..., 0].astype(np.float32)
    shades = np.median(pixels, axis=1)
    plain = (np.abs(pixels - shades[:, None]) <= TOLERANCE).mean(axis=1)
    return np.where(plain >= _PLAIN, shades, np.nan)


def guess_photo(images: Images, polarity: Polarity) -> Photo:
    """Return how pictures become like the images of a data set (N, H, W, C), from up to 1,000 of them.

    `digits` if the subjects are no larger than 20 / 28 of the frame and centred by their mass, as in MNIST; else
    `fashion`.
    """
    if polarity not in BACKGROUNDS:
        return "fashion"
    fitting = [_like_digits(part, BACKGROUNDS[polarity]) for part in spread(images)]
    return "digits" if np.concatenate(fitting).mean() >= _NEARLY_ALL else "fashion"


def _like_digits(images: Pixels, background: float) -> npt.NDArray[np.bool_]:
    """Say of each image (N, H, W, C) whether it is small and centred by its mass, (N,)."""
    contrast = np.abs(images.astype(np.float32) - background).max(axis=3)
    like: npt.NDArray[np.bool_] = contrast.max(axis=(1, 2)) > TOLERANCE
    for axis in (1, 2):
        length = contrast.shape[axis]
        touched = (contrast > TOLERANCE).any(axis=3 - axis)
        extent = length - touched.argmax(axis=1) - touched[:, ::-1].argmax(axis=1)
        profile = contrast.sum(axis=3 - axis)
        centre = (profile * np.arange(length)).sum(axis=1) / np.maximum(profile.sum(axis=1), 1)
        like &= extent <= round(length * DIGIT_BOX)
        like &= np.abs(centre - (length - 1) / 2) <= _CENTRED * length
    return like
