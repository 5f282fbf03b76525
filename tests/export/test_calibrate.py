"""The decoder in bytes: what its numbers stand for, and that no processor saturates on them."""

import numpy as np
import pytest

from vaecli.export import calibrate, quantise, subpixel


@pytest.fixture(scope="module")
def latents():
    return np.random.default_rng(2).normal(size=(40, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def made(random_stages, latents):
    parts = random_stages((9, 14, 3), channels=16)
    return parts, calibrate.calibrated(parts, latents)


def decoded(stages, z):
    """The logits by the definition of `ByteStages`, with exact integers."""
    x = quantise.levels((z @ stages.dense + stages.dense_bias).reshape(len(z), *stages.grid), np.float32(1))
    for phases in stages.doubling:
        cells = []
        for phase in phases:
            exact = subpixel.Phase(phase.weights.astype(np.int64), phase.top, phase.left)
            rows = subpixel.windows(x.astype(np.int64), exact)
            sums = rows @ exact.kernel.reshape(-1, len(phase.bias)) + phase.bias
            cells.append(quantise.levels(sums.astype(np.float32) * phase.scale, np.float32(1)))
        x = subpixel.interleaved(cells)
    products = np.concatenate(cells, axis=3).astype(np.int64) @ stages.corners.astype(np.int64)
    sums = subpixel.corners_summed(products)  # block (2i - 1, 2i): the first row of a block is an odd one
    height, width, channels = stages.image_shape
    scale, bias = (
        value.reshape(2, 2, channels)[::-1, ::-1] for value in (stages.corner_scale, stages.corner_bias)
    )
    tiles = (sums.shape[1] // 2, sums.shape[2] // 2, 1)
    return (sums * np.tile(scale, tiles) + np.tile(bias, tiles))[:, :height, :width]


def test_near_to_float32(made, latents, logits_from):
    """By the definition of its numbers, on other latents: within one per cent of the logits' spread."""
    parts, stages = made
    z = latents[::-1] * np.float32(0.9)
    expected = logits_from(parts, parts.activations(z)[0])[:, :9, :14]
    assert np.abs(decoded(stages, z) - expected).mean() < 0.02 * expected.std()


def test_pairs_are_kept(made, largest_pair):
    """|w_k| + |w_k+1| <= 128 in both orders of every convolution, and along the columns of the corner matrix."""
    _, stages = made
    kernels = [
        rows for phases in stages.doubling for phase in phases for rows in quantise.reductions(phase.weights)
    ]
    pairs = [largest_pair(rows) for rows in [*kernels, stages.corners]]
    assert len(pairs) == 17
    assert 100 < max(pairs) <= 128


def test_zeros_of_the_corner_matrix(made):
    """It has weights only where the float32 one may have them."""
    parts, stages = made
    possible = subpixel.corner_matrix(np.ones_like(parts.last.kernel)) > 0
    assert not stages.corners[~possible].any()
    assert stages.corners[possible].any()


def test_dead_layers(random_stages, latents):
    """A decoder whose layers give nothing but zeros: the bias alone, exactly; no division by zero."""
    parts = random_stages((4, 4, 1), channels=4)
    parts.dense[:] = 0
    parts.dense_bias[:] = -1
    for layer in parts.doubling:
        layer.bias[:] = -1
    stages = calibrate.calibrated(parts, latents)
    np.testing.assert_allclose(decoded(stages, latents), parts.last.bias[0], atol=1e-5)
