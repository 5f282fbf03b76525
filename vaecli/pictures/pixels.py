"""Pixels of 8 bits as Pillow images, and enlarged."""

from typing import TYPE_CHECKING

from vaecli.pixels import Pixels

if TYPE_CHECKING:
    import PIL.Image


def to_pillow(image: Pixels) -> "PIL.Image.Image":
    """Return an image (H, W, C) as a Pillow image, mode L or RGB."""
    import PIL.Image  # noqa: PLC0415  # takes 10 ms; sheets do not need it

    return PIL.Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def enlarge(images: Pixels, scale: int) -> Pixels:
    """Return images (..., H, W, C) with each pixel as a square: (..., H * scale, W * scale, C)."""
    return images.repeat(scale, axis=-3).repeat(scale, axis=-2)
