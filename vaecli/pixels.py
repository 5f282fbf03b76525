"""Pixels of 8 bits and of float32, and chunks of images that are bounded in bytes.

Pixels of 8 bits are 0 to 255; models take `pixel / 255`, float32 in [0, 1].
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

SCALE = 255
CHUNK_BYTES = 2**24  # of 8-bit pixels; four times as many in float32

Pixels: TypeAlias = npt.NDArray[np.uint8]  # (N, H, W, C) or (H, W, C), C is 1 (grey) or 3 (RGB)


def to_float32(images: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return images of any shape as float32: uint8 divided by 255, floats unchanged."""
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(SCALE)
    return images.astype(np.float32, copy=False)


def to_uint8(images: npt.NDArray[Any]) -> Pixels:
    """Return images of any shape as uint8: floats clipped to [0, 1], times 255, rounded; uint8 unchanged."""
    if images.dtype == np.uint8:
        return images
    levels = np.clip(images, 0.0, 1.0)
    levels *= float(SCALE)
    rounded: Pixels = np.rint(levels, out=levels).astype(np.uint8)
    return rounded


def chunk_length(shape: Sequence[int], *, most: int, chunk_bytes: int = CHUNK_BYTES) -> int:
    """Return how many images of `shape` (H, W, C) fit in `chunk_bytes` of 8-bit pixels, from 1 to `most`."""
    return max(1, min(most, chunk_bytes // math.prod(shape)))


def chunks(count: int, shape: Sequence[int], *, most: int, chunk_bytes: int = CHUNK_BYTES) -> Iterator[slice]:
    """Yield slices that cover `count` images of `shape` (H, W, C) in order, `chunk_length` images each."""
    length = chunk_length(shape, most=most, chunk_bytes=chunk_bytes)
    return (slice(start, min(start + length, count)) for start in range(0, count, length))
