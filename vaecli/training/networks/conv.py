"""The convolutional network: classic's cost without its narrow hidden layer.

Its width is the number of filters of the first convolution, its depth that of 3x3 convolutions before upsampling.

The pictures are halved until no side is longer than 8, or one is a single pixel. At width 32, the first
convolution has 32 filters, and all that follow have 64. SiLU in the encoder; ReLU in the decoder, so that it can be
quantised to int8.
"""

from vaecli.training.networks.layers import (
    Convolution,
    Dense,
    Flatten,
    Graph,
    Layer,
    Reshape,
    TransposedConvolution,
)
from vaecli.training.networks.shared import Size, grid, halvings, image_heads, posterior

HAS_DEPTH = True
LEARNING_RATE = 5e-3
HIDDEN_PER_WIDTH = 8  # units of the dense layers, for each filter of the first convolution


def default_size(shape: tuple[int, int, int]) -> Size:
    """Return 32 filters and one 3x3 convolution, for images (H, W, C) of any size."""
    del shape
    return Size(32, 1)


def encoder(shape: tuple[int, int, int], latent_dim: int, size: Size) -> Graph:
    """Describe the encoder: `image` (H, W, C) in [0, 1] -> `z_mean`, `z_log_var` (D,)."""
    convolutions = (
        Convolution(
            name=f"encoder_convolution_{level}",
            units=size.width * min(2, level),
            kernel=4,
            stride=2,
            activation="silu",
        )
        for level in range(1, halvings(shape) + 1)
    )
    hidden = Dense(name="encoder_hidden", units=HIDDEN_PER_WIDTH * size.width, activation="silu")
    return Graph("encoder", "image", shape, (*convolutions, Flatten(), hidden), posterior(latent_dim))


def decoder(shape: tuple[int, int, int], latent_dim: int, size: Size, outputs: dict[str, float]) -> Graph:
    """Describe the decoder: `z` (D,) -> each raw output, (H, W, C); `outputs` maps names to initial biases."""
    count = halvings(shape)
    rows, columns = grid(shape, count)
    filters = 2 * size.width
    trunk: list[Layer] = [
        Dense(name="decoder_hidden", units=HIDDEN_PER_WIDTH * size.width),
        Dense(name="grid", units=rows * columns * filters),
        Reshape(target=(rows, columns, filters)),
        *(
            Convolution(name=f"decoder_convolution_{number}", units=filters)
            for number in range(1, size.depth + 1)
        ),
    ]
    for level in reversed(range(count)):  # the last but one has `width` filters, the last one half as many
        units = max(1, filters >> max(0, 2 - level))
        name = f"upsampling_{count - level}"
        trunk.append(TransposedConvolution(name=name, units=units, stride=2))
    return Graph("decoder", "z", (latent_dim,), tuple(trunk), image_heads(shape, count, outputs))
