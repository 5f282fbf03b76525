"""The residual network: bottleneck blocks without normalisation at half of the size, and at each smaller one.

Its width is the number of channels at half the size; below there are half as many again. Its depth is the number of
blocks at each size, less one at half the size in the encoder.

A block adds to its input what three layers make of it: 1x1 to half the channels, 3x3, 1x1 back. A ReLU follows the
sum (He et al. 2015, arXiv:1512.03385). The last layer of each block starts small, with a gain of 1 / sqrt(B), so
that the sum over B blocks keeps its size (Child 2021, arXiv:2011.10650). With the ReLU before the three layers
instead, the remapper of TensorFlow 2.21 fails on the graph.
"""

import math

from vaecli.training.networks.layers import (
    Convolution,
    Dense,
    Flatten,
    Graph,
    Layer,
    Reshape,
    Residual,
    TransposedConvolution,
)
from vaecli.training.networks.shared import Size, grid, halvings, image_heads, posterior

HAS_DEPTH = True
LEARNING_RATE = 6e-3
HIDDEN_UNITS = 256
LAST_CHANNELS = 24  # at the full size


def default_size(shape: tuple[int, int, int]) -> Size:
    """Return 64 channels and 2 blocks, for images (H, W, C) of any size."""
    del shape
    return Size(64, 2)


def _channels(size: Size, level: int) -> int:
    """Return the number of channels after `level` halvings."""
    return size.width if level == 1 else size.width * 3 // 2


def _blocks(prefix: str, channels: int, count: int, total: int) -> list[Layer]:
    """Return `count` blocks of a half that has `total` of them."""
    inner = max(1, channels // 2)
    return [
        Residual(
            name=f"{prefix}_{number}",
            branch=(
                Convolution(name=f"{prefix}_{number}_narrow", units=inner, kernel=1),
                Convolution(name=f"{prefix}_{number}_middle", units=inner),
                Convolution(
                    name=f"{prefix}_{number}_wide",
                    units=channels,
                    kernel=1,
                    activation="linear",
                    gain=1 / math.sqrt(total),
                ),
            ),
        )
        for number in range(1, count + 1)
    ]


def encoder(shape: tuple[int, int, int], latent_dim: int, size: Size) -> Graph:
    """Describe the encoder: `image` (H, W, C) in [0, 1] -> `z_mean`, `z_log_var` (D,)."""
    count = halvings(shape)
    blocks = [max(1, size.depth - 1), *[size.depth] * (count - 1)]
    trunk: list[Layer] = []
    for level, number in enumerate(blocks, 1):
        channels = _channels(size, level)
        trunk.append(Convolution(name=f"encoder_convolution_{level}", units=channels, kernel=4, stride=2))
        trunk += _blocks(f"encoder_level_{level}_block", channels, number, sum(blocks))
    trunk += [Flatten(), Dense(name="encoder_hidden", units=HIDDEN_UNITS)]
    return Graph("encoder", "image", shape, tuple(trunk), posterior(latent_dim))


def decoder(shape: tuple[int, int, int], latent_dim: int, size: Size, outputs: dict[str, float]) -> Graph:
    """Describe the decoder: `z` (D,) -> each raw output, (H, W, C); `outputs` maps names to initial biases."""
    count = halvings(shape)
    rows, columns = grid(shape, count)
    channels = _channels(size, count)
    total = size.depth * count
    trunk: list[Layer] = [
        Dense(name="decoder_hidden", units=HIDDEN_UNITS),
        Dense(name="grid", units=rows * columns * channels),
        Reshape(target=(rows, columns, channels)),
    ]
    for level in range(count, 0, -1):
        trunk += _blocks(f"decoder_level_{level}_block", _channels(size, level), size.depth, total)
        units = _channels(size, level - 1) if level > 1 else LAST_CHANNELS
        trunk.append(TransposedConvolution(name=f"upsampling_{count - level + 1}", units=units, stride=2))
    return Graph("decoder", "z", (latent_dim,), tuple(trunk), image_heads(shape, count, outputs))
