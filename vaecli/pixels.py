"""Pixels: the one scale between 8-bit and float, and chunks of images whose size is bounded in bytes.

8-bit pixels are 0 to 255; models see `pixel / 255`, float32 in [0, 1].
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

SCALE = 255
CHUNK_BYTES = 2**24  # of 8-bit pixels; as float32 four times as much

Pixels: TypeAlias = npt.NDArray[np.uint8]  # (N, H, W, C) or (H, W, C), C is 1 (grey) or 3 (RGB)


def to_float32(images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Images of any shape as float32: 8-bit ones divided by 255, floats as they are."""
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(SCALE)
    return images.astype(np.float32, copy=False)


def to_uint8(images: npt.NDArray[Any]) -> Pixels:
    """Floats of any shape as the nearest of 256 levels, clipped to [0, 1]; uint8 is left alone."""
    if images.dtype == np.uint8:
        return images
    levels = np.clip(images, 0.0, 1.0)
    levels *= float(SCALE)
    rounded: Pixels = np.rint(levels, out=levels).astype(np.uint8)
    return rounded


def chunk_length(shape: Sequence[int], *, most: int, chunk_bytes: int = CHUNK_BYTES) -> int:
    """The number of images of `shape` (H, W, C) to work on at a time, at least 1 and at most `most`."""
    return max(1, min(most, chunk_bytes // math.prod(shape)))


def chunks(count: int, shape: Sequence[int], *, most: int, chunk_bytes: int = CHUNK_BYTES) -> Iterator[slice]:
    """Slices that cover `count` images of `shape` (H, W, C) in order, each of `chunk_length` images."""
    length = chunk_length(shape, most=most, chunk_bytes=chunk_bytes)
    return (slice(start, min(start + length, count)) for start in range(0, count, length))
