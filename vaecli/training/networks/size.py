"""The parts that all networks share: their size, the two outputs of an encoder, and the levels of the pictures."""

import dataclasses
import math

from vaecli.training.networks.layers import Crop, Dense, Layer

SMALLEST_SIDE = 8  # pictures are halved until no side is longer
# Early in training the KL pulls z_mean to zero before the decoder can use it. A small initial z_mean keeps the
# units before it alive.
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
    """Return how often a picture (H, W, C) is halved: until no side is longer than 8, at least once."""
    return max(1, math.ceil(math.log2(max(shape[:2]) / SMALLEST_SIDE)))


def grid(shape: tuple[int, int, int], count: int) -> tuple[int, int]:
    """Return the rows and columns of a picture (H, W, C) after `count` halvings, each rounded up."""
    rows, columns = shape[:2]
    for _ in range(count):
        rows, columns = math.ceil(rows / 2), math.ceil(columns / 2)
    return rows, columns


def crop(shape: tuple[int, int, int], decoded: tuple[int, int], output: str) -> tuple[Layer, ...]:
    """Return the layer that cuts a decoded image of `decoded` rows and columns to (H, W, C); none if it fits."""
    if decoded == shape[:2]:
        return ()
    name = "crop" if output == "logits" else f"{output}_crop"
    return (Crop(name=name, height=shape[0], width=shape[1]),)
