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


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("h", "w"), [(1, 1), (3, 5)])
def test_the_corner_kernel_sums_the_quarters(h, w, channels):
    """A stride-2 transposed convolution by its definition, cut by one on all sides: the sums, each pixel scaled."""
    rng = np.random.default_rng(w)
    products = rng.integers(-9, 9, (2, h, w, 16 * channels)).astype(np.float32)
    scale = rng.integers(1, 9, (2, 2, channels)).astype(np.float32)
    kernel = subpixel.corner_kernel(scale.ravel())
    image = np.zeros((2, 2 * h + 2, 2 * w + 2, channels), np.float32)
    for i in range(h):
        for j in range(w):
            image[:, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += np.einsum(
                "nk,kcyx->nyxc", products[:, i, j], kernel
            )
    of_pixels = np.tile(scale[::-1, ::-1], (h, w, 1))  # the image begins with the second row of a block
    np.testing.assert_array_equal(image[:, 1:-1, 1:-1], subpixel.corners_summed(products) * of_pixels)


def inner(a, b):
    return (a.astype(np.float64) * b).sum()


@pytest.mark.parametrize(("h", "w"), [(1, 1), (3, 5)])
def test_the_way_back_is_the_transpose(h, w):
    """<A x, y> = <x, A' y> for both kinds of layers, in whole numbers."""
    rng = np.random.default_rng(h)
    x, y = (rng.integers(-9, 9, (2, *size)).astype(np.float32) for size in ((h, w, 3), (2 * h, 2 * w, 5)))
    kernel = rng.integers(-9, 9, (3, 3, 5, 3)).astype(np.float32)
    none = np.zeros(5, np.float32)
    assert inner(subpixel.upsampled(x, kernel, none), y) == inner(x, subpixel.upsampled_back(y, kernel))
    wide = rng.integers(-9, 9, (2, 2 * h, 2 * w, 3)).astype(np.float32)
    assert inner(subpixel.same_size(wide, kernel, none), y) == inner(wide, subpixel.same_size_back(y, kernel))
    np.testing.assert_array_equal(subpixel.same_size(wide, kernel, none), transposed(wide, kernel, 1))


def test_blocks_and_what_they_see():
    """A block's sums: its quarters of the corner matrix on the four cells around it."""
    rng = np.random.default_rng(7)
    cells = rng.integers(-9, 9, (2, 3, 2, 8)).astype(np.float32)
    kernel = rng.integers(-9, 9, (3, 3, 3, 2)).astype(np.float32)
    matrix = subpixel.corner_matrix(kernel)
    image = subpixel.corners_summed(cells @ matrix)
    quarters = matrix.reshape(8, 4, 12).transpose(1, 0, 2).reshape(32, 12)
    seen = subpixel.corner_windows(cells) @ quarters
    expected = subpixel.blocks(image).reshape(seen.shape)
    np.testing.assert_array_equal(seen[:, 1:-1, 1:-1], expected[:, 1:-1, 1:-1])
    inside = subpixel.blocks(np.ones_like(image)).reshape(seen.shape) > 0
    np.testing.assert_array_equal(seen[inside], expected[inside])
