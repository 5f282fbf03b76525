"""Sub-pixel form: the same numbers as the transposed convolution, by its definition."""

import numpy as np
import pytest

from vaecli.export import subpixel


def transposed(x, kernel, stride):
    """The definition, "same" padding: output pixel y gets x[i] k[t] for y = stride i + t - cut."""
    n, h, w, _ = x.shape
    full = np.zeros((n, stride * h + 2, stride * w + 2, kernel.shape[2]))
    for i in range(h):
        for j in range(w):
            block = np.einsum("nc,yxdc->nyxd", x[:, i, j], kernel)
            full[:, stride * i : stride * i + 3, stride * j : stride * j + 3] += block
    cut = 0 if stride == 2 else 1
    return full[:, cut : cut + stride * h, cut : cut + stride * w]


@pytest.mark.parametrize(("h", "w"), [(1, 1), (3, 5), (4, 2)])
def test_doubling_is_exact(h, w):
    """Integers in, the same integers out: nothing but the order of the sum is changed."""
    rng = np.random.default_rng(h)
    x = rng.integers(-9, 9, (2, h, w, 3)).astype(np.float32)
    kernel = rng.integers(-9, 9, (3, 3, 5, 3)).astype(np.float32)
    bias = np.arange(5, dtype=np.float32)
    np.testing.assert_array_equal(subpixel.upsampled(x, kernel, bias), transposed(x, kernel, 2) + bias)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("h", "w"), [(1, 1), (3, 5)])
def test_the_last_layer_around_corners_is_exact(h, w, channels):
    """Phases times the corner matrix, summed around corners, is the stride-1 layer on the whole image."""
    rng = np.random.default_rng(w)
    parts = [rng.integers(-9, 9, (2, h, w, 4)).astype(np.float32) for _ in range(4)]
    kernel = rng.integers(-9, 9, (3, 3, channels, 4)).astype(np.float32)
    products = np.concatenate(parts, axis=3) @ subpixel.corner_matrix(kernel)
    expected = transposed(subpixel.interleaved(parts), kernel, 1)
    np.testing.assert_array_equal(subpixel.corners_summed(products), expected)
