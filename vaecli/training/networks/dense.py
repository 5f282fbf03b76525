"""The dense network: the pixels as one vector, and `depth` hidden layers of `width` units in both halves."""

import math

from vaecli.training.networks.layers import Dense, Flatten, Graph, Layer, Reshape
from vaecli.training.networks.shared import Size, posterior

HAS_DEPTH = True
LEARNING_RATE = 2e-3


def default_size(shape: tuple[int, int, int]) -> Size:
    """Return two hidden layers of 512 units, for images (H, W, C) of any size."""
    del shape
    return Size(512, 2)


def _hidden(half: str, size: Size) -> tuple[Layer, ...]:
    return tuple(Dense(name=f"{half}_{number}", units=size.width) for number in range(1, size.depth + 1))


def encoder(shape: tuple[int, int, int], latent_dim: int, size: Size) -> Graph:
    """Describe the encoder: `image` (H, W, C) in [0, 1] -> `z_mean`, `z_log_var` (D,)."""
    return Graph("encoder", "image", shape, (Flatten(), *_hidden("encoder", size)), posterior(latent_dim))


def decoder(shape: tuple[int, int, int], latent_dim: int, size: Size, outputs: dict[str, float]) -> Graph:
    """Describe the decoder: `z` (D,) -> each raw output, (H, W, C); `outputs` maps names to initial biases."""
    heads: dict[str, tuple[Layer, ...]] = {
        name: (
            Dense(name=name, units=math.prod(shape), activation="linear", bias=bias),
            Reshape(name=f"{name}_image", target=shape),
        )
        for name, bias in outputs.items()
    }
    return Graph("decoder", "z", (latent_dim,), _hidden("decoder", size), heads)
