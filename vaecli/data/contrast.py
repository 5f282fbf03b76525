"""The range of pixel values that a data set uses, and its stretch to 0 to 255.

Masks of 0 and 1, or digits of 0 to 16, are nearly black to a model, which divides by 255.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from vaecli.data.file_images import StreamedImages
from vaecli.data.images import CHUNK, Images, ImageSet
from vaecli.pixels import SCALE, chunks

FULL_ENOUGH = 128  # a range of so many values is taken as it is


def pixel_range(images: Images) -> tuple[int, int]:
    """Return the smallest and the largest pixel of all images (N, H, W, C)."""
    low, high = SCALE, 0
    for part in chunks(len(images), images.shape[1:], most=CHUNK):
        pixels = images[part]
        low, high = min(low, int(pixels.min())), max(high, int(pixels.max()))
    return low, high


def stretched(data: ImageSet, low: int, high: int) -> ImageSet:
    """Return the set with `low` and below turned into 0, `high` and above into 255, linear between."""
    levels = np.rint((np.arange(SCALE + 1) - low) * (SCALE / (high - low))).clip(0, SCALE).astype(np.uint8)
    if isinstance(data.images, StreamedImages):
        return dataclasses.replace(data, images=data.images.with_levels(levels), stretch=(low, high))
    images = levels[data.images]
    images.flags.writeable = False
    return dataclasses.replace(data, images=images, stretch=(low, high))


def for_training(data: ImageSet, *, stretch: bool, warn: Callable[[str], None]) -> ImageSet:
    """Return the training images, stretched to 0 to 255 if `stretch` is set; else warn if their range is small.

    A set that uses the full range, or only one pixel value, is returned unchanged.
    """
    low, high = pixel_range(data.images)
    if stretch and 0 < high - low < SCALE:
        return stretched(data, low, high)
    if high - low < FULL_ENOUGH:
        warn(
            f"The pixels of {data.name} are {low} to {high}, of 0 to {SCALE}: samples will be as faint. "
            f"To train on pixels of 0 to {SCALE}, add --stretch."
        )
    return data


def like_training(data: ImageSet, low: int, high: int) -> ImageSet:
    """Return images for a model whose training images were stretched: `low` became 0, `high` became 255.

    They are stretched in the same way, but left unchanged if their largest pixel is at least 2 * `high`.
    """
    return stretched(data, low, high) if pixel_range(data.images)[1] < 2 * high else data
