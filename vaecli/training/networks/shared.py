"""The parts that all networks share: their size, the levels of the pictures, the outputs of both halves."""

import dataclasses
import math
from collections.abc import Mapping

from vaecli.training.networks.layers import Crop, Dense, Layer, TransposedConvolution

SMALLEST_SIDE = 8  # pictures are halved until no side is longer
# Early in training the KL pulls z_mean to zero before the decoder can use it. With a z_mean of full size Adam does
# so by switching the ReLU units before it off for good.
Z_MEAN_GAIN = 0.05


@dataclasses.dataclass(frozen=True)
class Size:
    """The size of a network; each network says what width and depth mean."""

    width: int
    depth: int


def posterior(latent_dim: int) -> dict[str, tuple[Layer, ...]]:
    """Return the two outputs of an encoder, `z_mean` and `z_log_var` (D,)."""
    return {
        "z_mean": (Dense(name="z_mean", units=latent_dim, activation="linear", gain=Z_MEAN_GAIN),),
        "z_log_var": (Dense(name="z_log_var", units=latent_dim, activation="linear", gain=0.0),),
    }


def halvings(shape: tuple[int, int, int]) -> int:
    """Return how often a picture (H, W, C) is halved: until no side is longer than 8, or one is 1, at least once.

    Once one side is 1, the decoder would double what it then cuts off.
    """
    shorter, longer = sorted(shape[:2])
    return max(1, math.ceil(min(math.log2(longer / SMALLEST_SIDE), math.log2(shorter))))


def grid(shape: tuple[int, int, int], count: int) -> tuple[int, int]:
    """Return the rows and columns of a picture (H, W, C) after `count` halvings, each rounded up."""
    rows, columns = shape[:2]
    for _ in range(count):
        rows, columns = math.ceil(rows / 2), math.ceil(columns / 2)
    return rows, columns


def image_heads(
    shape: tuple[int, int, int], count: int, outputs: Mapping[str, float]
) -> dict[str, tuple[Layer, ...]]:
    """Return the last layers of a convolutional decoder, after `count` doublings: a 3x3 one, cut to (H, W, C).

    Args:
        shape: (H, W, C).
        count: number of doublings of what `grid` returns.
        outputs: name of each output -> its initial bias.
    """
    rows, columns = (side << count for side in grid(shape, count))
    heads: dict[str, tuple[Layer, ...]] = {}
    for name, bias in outputs.items():
        heads[name] = (TransposedConvolution(name=name, units=shape[2], activation="linear", bias=bias),)
        if (rows, columns) != shape[:2]:
            heads[name] += (Crop(name=f"{name}_crop", height=shape[0], width=shape[1]),)
    return heads
