"""Colours as people see them: OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020)."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_CHROMA = 2.0  # weight of a and b: a ground and a garment differ more surely in hue than in lightness
_VALUES = np.arange(256) / 255
_LINEAR = np.where(_VALUES <= 0.04045, _VALUES / 12.92, ((_VALUES + 0.055) / 1.055) ** 2.4).astype(np.float32)
_TO_CONES = np.array(
    [
        [0.4122214708, 0.2119034982, 0.0883024619],
        [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 1.9779984951, 0.0259040371],
        [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ],
    np.float32,
)


def to_oklab(pixels: npt.NDArray[np.uint8]) -> Floats:
    """Return sRGB pixels (..., 3) as lightness, 0 to 1, and the two axes of colour, which count double."""
    lab: Floats = np.cbrt(_LINEAR[pixels] @ _TO_CONES) @ _TO_LAB
    lab[..., 1:] *= _CHROMA
    return lab


def distance(first: Floats, second: Floats) -> Floats:
    """Return the distances (...) between OKLab colours (..., 3); the shapes broadcast."""
    between: Floats = np.sqrt(((first - second) ** 2).sum(axis=-1))
    return between
