"""8-bit pixels as Pillow images, and enlarged."""

from typing import TYPE_CHECKING

from vaecli.pixels import Pixels

if TYPE_CHECKING:
    import PIL.Image


def to_pillow(image: Pixels) -> "PIL.Image.Image":
    """One image (H, W, C) as a Pillow image, mode L or RGB."""
    import PIL.Image  # noqa: PLC0415  # 10 ms that a sheet does without

    return PIL.Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def enlarge(images: Pixels, scale: int) -> Pixels:
    """Each pixel as a square of `scale` x `scale`: (..., H, W, C) to (..., H * scale, W * scale, C)."""
    return images.repeat(scale, axis=-3).repeat(scale, axis=-2)
