"""Pixels between float and uint8, between arrays and Pillow images."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import PIL.Image

Images: TypeAlias = npt.NDArray[np.uint8]  # (N, H, W, C), C is 1 (grey) or 3 (RGB)


def to_uint8(images: npt.NDArray[Any]) -> Images:
    """Floats in [0, 1] as the nearest of 256 levels, any shape; clips the rest, leaves uint8 alone."""
    if images.dtype == np.uint8:
        return images
    levels = np.clip(images, 0.0, 1.0)
    levels *= 255.0
    rounded: Images = np.rint(levels, out=levels).astype(np.uint8)
    return rounded


def to_float32(images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Images as float32 in [0, 1], any shape; the inverse of `to_uint8` on its 256 levels."""
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255.0)
    return images.astype(np.float32, copy=False)


def to_pillow(image: Images) -> "PIL.Image.Image":
    """One image (H, W, C) as a Pillow image, mode L or RGB."""
    import PIL.Image  # noqa: PLC0415  # 10 ms that a sheet does without

    return PIL.Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def enlarge(images: Images, scale: int) -> Images:
    """Each pixel as a square of `scale` x `scale`: (..., H, W, C) to (..., H * scale, W * scale, C)."""
    return images.repeat(scale, axis=-3).repeat(scale, axis=-2)
