"""What tests of export share: small decoders of random weights, and what they compute by definition."""

import numpy as np
import pytest

from vaecli.export import subpixel
from vaecli.export.int8.layers import Layer, Stages


@pytest.fixture(scope="session")
def random_stages():
    """Makes a decoder for images of a shape (H, W, C), as `network.classic` has it but for the channels."""

    def make(shape, *, dim=3, channels=64):
        rng = np.random.default_rng(1)
        grid = (-(-shape[0] // 4), -(-shape[1] // 4), channels)

        def layer(out, wide):
            kernel = rng.normal(scale=np.sqrt(0.9 / wide), size=(3, 3, out, wide))
            return Layer(kernel.astype(np.float32), rng.normal(scale=0.1, size=out).astype(np.float32))

        size = grid[0] * grid[1] * grid[2]
        dense = rng.normal(size=(dim, size)).astype(np.float32)
        bias = rng.normal(size=size).astype(np.float32)
        doubling = (layer(channels, channels), layer(channels // 2, channels))
        return Stages(dense, bias, grid, doubling, layer(shape[2], channels // 2), shape)

    return make


@pytest.fixture(scope="session")
def largest_pair():
    """The largest |w_k| + |w_k+1| in any column of weights (K, M)."""

    def largest_pair(rows):
        size = np.abs(rows.astype(int))
        return (size[1:] + size[:-1]).max(initial=0)

    return largest_pair


@pytest.fixture(scope="session")
def logits_from():
    """The logits before cropping, of what goes into the layer of a number, 0 for the first doubling one."""

    def logits_from(parts, x, number=0):
        for layer in parts.doubling[number:]:
            x = np.maximum(subpixel.upsampled(x, layer.kernel, layer.bias), 0)
        return subpixel.same_size(x, parts.last.kernel, parts.last.bias)

    return logits_from
