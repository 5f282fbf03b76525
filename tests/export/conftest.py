"""Fixtures for tests of export: small decoders of random weights, and their logits by definition."""

import numpy as np
import pytest

from vaecli.export import subpixel
from vaecli.export.int8.layers import FloatDecoder, Layer


@pytest.fixture(scope="session")
def random_decoder():
    """A function that makes a decoder for images (H, W, C), built as the classic network with other channels."""

    def make(shape, *, dim=3, channels=64):
        rng = np.random.default_rng(1)
        grid = (-(-shape[0] // 4), -(-shape[1] // 4), channels)

        def layer(c_out, c_in):
            kernel = rng.normal(scale=np.sqrt(0.9 / c_in), size=(3, 3, c_out, c_in))
            return Layer(kernel.astype(np.float32), rng.normal(scale=0.1, size=c_out).astype(np.float32))

        size = grid[0] * grid[1] * grid[2]
        dense = rng.normal(size=(dim, size)).astype(np.float32)
        bias = rng.normal(size=size).astype(np.float32)
        upsampling = (layer(channels, channels), layer(channels // 2, channels))
        return FloatDecoder(dense, bias, grid, upsampling, layer(shape[2], channels // 2), shape)

    return make


@pytest.fixture(scope="session")
def largest_pair():
    """A function that returns the largest |w_k| + |w_k+1| in any column of weights (K, M)."""

    def largest_pair(weights):
        size = np.abs(weights.astype(int))
        return (size[1:] + size[:-1]).max(initial=0)

    return largest_pair


@pytest.fixture(scope="session")
def logits_from():
    """A function that returns the logits before cropping, from the input of upsampling layer `number`."""

    def logits_from(decoder, x, number=0):
        for layer in decoder.upsampling[number:]:
            x = np.maximum(subpixel.upsample(x, layer.kernel, layer.bias), 0)
        return subpixel.convolve_same(x, decoder.last.kernel, decoder.last.bias)

    return logits_from
