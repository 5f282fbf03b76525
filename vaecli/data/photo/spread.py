"""Spreading over the pixels of a small picture: growing and shrinking, barrier distances, filling in.

All sweep over rows and columns, up and down, a line at a time, so that numpy does the work.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

from vaecli.data.photo.oklab import Floats

Bools = npt.NDArray[np.bool_]
_SWEEPS = 3  # over a picture in each direction, for the barrier distance
_SURE = 0.99  # weight from which a value counts as known


def frame_mask(shape: tuple[int, ...], width: int = 1) -> Bools:
    """Return a mask (H, W) of the outermost pixels, `width` of them on each side."""
    mask = np.ones(shape[:2], bool)
    mask[width : shape[0] - width, width : shape[1] - width] = False
    return mask


def dilate(mask: Bools, times: int = 1) -> Bools:
    """Return a mask grown by so many pixels to all four sides."""
    for _ in range(times):
        padded = np.pad(mask, 1)
        rows = padded[:-2, 1:-1] | padded[2:, 1:-1]
        mask = mask | rows | padded[1:-1, :-2] | padded[1:-1, 2:]
    return mask


def erode(mask: Bools, times: int = 1) -> Bools:
    """Return a mask shrunk by so many pixels from all four sides; beyond the picture it goes on."""
    return ~dilate(~mask, times)


def _neighbours(length: int) -> Iterator[tuple[int, int, int]]:
    """Yield line, the line before it on the way, and the gap between them: downward, then upward."""
    yield from ((line, line - 1, line - 1) for line in range(1, length))
    yield from ((line, line + 1, line) for line in range(length - 2, -1, -1))


def barrier_distance(colours: Floats) -> Floats:
    """Return the minimum barrier distance (H, W) of each pixel from the picture's border.

    The barrier of a path is the largest range of a channel along it (Zhang et al., "Minimum barrier salient object
    detection at 80 FPS", ICCV 2015). `colours` is (H, W, C).
    """
    high, low = colours.copy(), colours.copy()
    barrier = np.where(frame_mask(colours.shape), 0, np.inf).astype(np.float32)
    for _ in range(_SWEEPS):
        _sweep(colours, high, low, barrier)
        _sweep(colours.swapaxes(0, 1), high.swapaxes(0, 1), low.swapaxes(0, 1), barrier.T)
    return barrier


def _sweep(colours: Floats, high: Floats, low: Floats, barrier: Floats) -> None:
    """Improve the paths line by line, downward and upward; the arrays are views and change."""
    for line, before, _ in _neighbours(len(colours)):
        higher = np.maximum(high[before], colours[line])
        lower = np.minimum(low[before], colours[line])
        height = (higher - lower).max(axis=-1)
        better = height < barrier[line]
        barrier[line][better] = height[better]
        high[line][better] = higher[better]
        low[line][better] = lower[better]


def fill_in(colours: Floats, known: Bools) -> Floats:
    """Return colours (H, W, C) with those outside `known` continued smoothly from it, coarse to fine."""
    return _pulled(colours, known.astype(np.float32))


def _pulled(colours: Floats, weights: Floats) -> Floats:
    height, width = weights.shape
    total = max(float(weights.sum()), 1e-6)
    if max(height, width) <= 2 or float(weights.min()) > _SURE:
        mean = (colours * weights[..., None]).sum(axis=(0, 1)) / total
        return np.where(weights[..., None] > 1 - _SURE, colours, mean).astype(np.float32)
    padding = ((0, height % 2), (0, width % 2))
    half = (height + 1) // 2, 2, (width + 1) // 2, 2
    sums = np.pad(weights, padding).reshape(half).sum(axis=(1, 3))
    weighted = np.pad(colours * weights[..., None], (*padding, (0, 0)))
    means = weighted.reshape(*half, -1).sum(axis=(1, 3)) / np.maximum(sums, 1e-6)[..., None]
    coarse = resample(_pulled(means, np.minimum(sums, 1)), (height, width))
    return colours * weights[..., None] + coarse * (1 - weights[..., None])


def resample(values: Floats, size: tuple[int, int]) -> Floats:
    """Return values (h, w, C) at another size (H, W), interpolated."""
    planes = [
        Image.fromarray(np.ascontiguousarray(values[..., c], np.float32)) for c in range(values.shape[-1])
    ]
    enlarged = [np.asarray(plane.resize(size[::-1], Image.Resampling.BILINEAR)) for plane in planes]
    return np.stack(enlarged, axis=-1)
