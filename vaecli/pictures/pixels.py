"""Pixels of 8 bits as Pillow images, and enlarged."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaecli import checks
from vaecli.errors import OptionError
from vaecli.pixels import Pixels

if TYPE_CHECKING:
    import PIL.Image

MAX_SCALE = 512
VIEWABLE = 224  # pixels; a smaller picture is enlarged until its longer side is at most this
MAX_ENLARGED = 2**27  # bytes of a picture, or of all frames of a GIF, that `--scale` makes at most


def to_pillow(image: Pixels) -> "PIL.Image.Image":
    """Return an image (H, W, C) as a Pillow image, mode L or RGB."""
    import PIL.Image  # noqa: PLC0415  # takes 10 ms; sheets do not need it

    return PIL.Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def enlarge(images: Pixels, scale: int, *, smooth: bool = False) -> Pixels:
    """Return images (..., H, W, C) enlarged to (..., H * scale, W * scale, C).

    Each pixel becomes a square; with `smooth`, colours change gradually (Lanczos filter).
    """
    if smooth and scale > 1:
        flat = images.reshape(-1, *images.shape[-3:])
        smoothed = np.stack([_smooth(image, scale) for image in flat])
        return smoothed.reshape(*images.shape[:-3], *smoothed.shape[1:])
    return images.repeat(scale, axis=-3).repeat(scale, axis=-2)


def as_rgb(images: Pixels) -> Pixels:
    """Return images (..., H, W, C), grey or RGB, as RGB (..., H, W, 3)."""
    return images if images.shape[-1] == 3 else images.repeat(3, axis=-1)


def picture_scale(shape: Sequence[int]) -> int:
    """Return the enlargement of a picture of a shape (H, W, ...) to at most 224 pixels a side, at least 1."""
    return max(1, VIEWABLE // max(shape[:2]))


def require_scale(scale: int | None, size: Callable[[int], int]) -> None:
    """Refuse a scale with which a picture would take more than 128 MiB; 1 and None always pass.

    Args:
        scale: side of the square that each pixel becomes.
        size: returns, for a scale, the bytes of the picture, or of all pictures in memory at once.

    Raises:
        OptionError: not a whole number from 1 to 512, or too large: the error names the largest that works.
    """
    if scale is None:
        return
    checks.integer(scale, "--scale", least=1, most=MAX_SCALE)
    if scale > 1 and size(scale) > MAX_ENLARGED:
        largest = next(
            least for least in range(scale - 1, 0, -1) if least == 1 or size(least) <= MAX_ENLARGED
        )
        raise OptionError(
            f"--scale must be at most {largest} for pictures of this size and number, got {scale}.",
            option="--scale",
        )


def _smooth(image: Pixels, scale: int) -> Pixels:
    import PIL.Image  # noqa: PLC0415

    height, width, channels = image.shape
    larger = to_pillow(image).resize((width * scale, height * scale), PIL.Image.Resampling.LANCZOS)
    return np.asarray(larger).reshape(height * scale, width * scale, channels)
