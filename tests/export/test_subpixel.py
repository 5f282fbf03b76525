"""Sub-pixel form: equal to the transposed convolution by its definition."""

import numpy as np
import pytest

from vaecli.export import subpixel


def transposed(x, kernel, stride):
    """Compute the definition with padding "same": output pixel y sums x[i] k[t] over y = stride i + t - cut."""
    n, h, w, _ = x.shape
    full = np.zeros((n, stride * h + 2, stride * w + 2, kernel.shape[2]))
    for i in range(h):
        for j in range(w):
            block = np.einsum("nc,yxdc->nyxd", x[:, i, j], kernel)
            full[:, stride * i : stride * i + 3, stride * j : stride * j + 3] += block
    cut = 0 if stride == 2 else 1
    return full[:, cut : cut + stride * h, cut : cut + stride * w]


@pytest.mark.parametrize(("h", "w"), [(1, 1), (3, 5), (4, 2)])
def test_upsampling_is_exact(h, w):
    """On integers it equals the definition, so only the order of the sums differs."""
    rng = np.random.default_rng(h)
    x = rng.integers(-9, 9, (2, h, w, 3)).astype(np.float32)
    kernel = rng.integers(-9, 9, (3, 3, 5, 3)).astype(np.float32)
    bias = np.arange(5, dtype=np.float32)
    np.testing.assert_array_equal(subpixel.upsample(x, kernel, bias), transposed(x, kernel, 2) + bias)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("h", "w"), [(1, 1), (3, 5)])
def test_the_corner_matrix_is_the_stride_1_layer(h, w, channels):
    """Cells times the corner matrix, summed around corners, equal the layer on the interleaved image."""
    rng = np.random.default_rng(w)
    phases = [rng.integers(-9, 9, (2, h, w, 4)).astype(np.float32) for _ in range(4)]
    kernel = rng.integers(-9, 9, (3, 3, channels, 4)).astype(np.float32)
    quarters = np.concatenate(phases, axis=3) @ subpixel.corner_matrix(kernel)
    expected = transposed(subpixel.interleave(phases), kernel, 1)
    np.testing.assert_array_equal(subpixel.sum_corners(quarters), expected)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("h", "w"), [(1, 1), (3, 5)])
def test_the_corner_kernel_sums_and_scales_quarters(h, w, channels):
    """As a stride-2 transposed convolution by its definition, cut by one on all sides, it does `sum_corners`."""
    rng = np.random.default_rng(w)
    quarters = rng.integers(-9, 9, (2, h, w, 16 * channels)).astype(np.float32)
    scale = rng.integers(1, 9, (2, 2, channels)).astype(np.float32)
    kernel = subpixel.corner_kernel(scale.ravel())
    image = np.zeros((2, 2 * h + 2, 2 * w + 2, channels), np.float32)
    for i in range(h):
        for j in range(w):
            image[:, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += np.einsum(
                "nk,kcyx->nyxc", quarters[:, i, j], kernel
            )
    pixel_scale = np.tile(scale[::-1, ::-1], (h, w, 1))  # the image begins with the second row of a block
    np.testing.assert_array_equal(image[:, 1:-1, 1:-1], subpixel.sum_corners(quarters) * pixel_scale)


def inner(a, b):
    return (a.astype(np.float64) * b).sum()


@pytest.mark.parametrize(("h", "w"), [(1, 1), (3, 5)])
def test_gradients_are_the_transpose(h, w):
    """<A x, y> = <x, A' y> for both kinds of layers, exactly in integers."""
    rng = np.random.default_rng(h)
    x, y = (rng.integers(-9, 9, (2, *size)).astype(np.float32) for size in ((h, w, 3), (2 * h, 2 * w, 5)))
    kernel = rng.integers(-9, 9, (3, 3, 5, 3)).astype(np.float32)
    no_bias = np.zeros(5, np.float32)
    assert inner(subpixel.upsample(x, kernel, no_bias), y) == inner(x, subpixel.upsample_gradient(y, kernel))
    wide = rng.integers(-9, 9, (2, 2 * h, 2 * w, 3)).astype(np.float32)
    assert inner(subpixel.convolve_same(wide, kernel, no_bias), y) == inner(
        wide, subpixel.convolve_same_gradient(y, kernel)
    )
    np.testing.assert_array_equal(subpixel.convolve_same(wide, kernel, no_bias), transposed(wide, kernel, 1))


def test_corner_blocks_and_patches():
    """A corner block is the patch of the four cells around it times the stacked quarters of the corner matrix."""
    rng = np.random.default_rng(7)
    cells = rng.integers(-9, 9, (2, 3, 2, 8)).astype(np.float32)
    kernel = rng.integers(-9, 9, (3, 3, 3, 2)).astype(np.float32)
    matrix = subpixel.corner_matrix(kernel)
    image = subpixel.sum_corners(cells @ matrix)
    stacked = matrix.reshape(8, 4, 12).transpose(1, 0, 2).reshape(32, 12)
    blocks = subpixel.corner_patches(cells) @ stacked
    expected = subpixel.corner_blocks(image).reshape(blocks.shape)
    np.testing.assert_array_equal(blocks[:, 1:-1, 1:-1], expected[:, 1:-1, 1:-1])
    inside = subpixel.corner_blocks(np.ones_like(image)).reshape(blocks.shape) > 0
    np.testing.assert_array_equal(blocks[inside], expected[inside])
