"""Structural similarity (SSIM), which is 1 for equal images.

Source: Wang, Bovik, Sheikh & Simoncelli 2004, "Image quality assessment: from error visibility to structural
    similarity", IEEE Transactions on Image Processing 13(4).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from vaecli.metrics.protocol import Float64

WINDOW, SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2  # (K1 L)^2 and (K2 L)^2 for a data range L of 1


def ssim(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> Float64:
    """Compute the SSIM of each pair of images (N, H, W, C) in [0, 1], averaged over positions and channels: (N,).

    The window is Gaussian, 11 x 11 pixels with sigma 1.5; covariances are those of a population. Only windows
    that lie inside the image count, so there is no padding. Images with a side below 11 pixels get the largest
    odd window that fits.
    """
    x, y = (np.moveaxis(np.asarray(images, dtype=np.float64), -1, 1) for images in (a, b))  # (N, C, H, W)
    mean_x, mean_y = _blurred(x), _blurred(y)
    variance_x = _blurred(x * x) - mean_x * mean_x
    variance_y = _blurred(y * y) - mean_y * mean_y
    covariance = _blurred(x * y) - mean_x * mean_y
    similarity = ((2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)) / (
        (mean_x * mean_x + mean_y * mean_y + _C1) * (variance_x + variance_y + _C2)
    )
    per_image: Float64 = similarity.mean(axis=(1, 2, 3))
    return per_image


def _blurred(images: Float64) -> Float64:
    """Compute the Gaussian mean of each window of (N, C, H, W), as a matrix product along each axis."""
    height, width = images.shape[2:]
    size = min(WINDOW, height, width)
    size -= 1 - size % 2
    blurred: Float64 = _band(height, size) @ images @ _band(width, size).T
    return blurred


def _band(length: int, size: int) -> Float64:
    """Build the matrix (length - size + 1, length) whose row i has the window at position i."""
    distance = np.arange(size) - size // 2
    window = np.exp(-0.5 * (distance / SIGMA) ** 2)
    band = np.zeros((length - size + 1, length))
    for row in range(len(band)):
        band[row, row : row + size] = window / window.sum()
    return band
