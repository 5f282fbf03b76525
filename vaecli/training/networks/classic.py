"""The classic network: two convolutions down, a hidden layer, two transposed convolutions up."""

import math

from vaecli.training.networks.layers import Convolution, Dense, Flatten, Graph, Reshape, TransposedConvolution
from vaecli.training.networks.shared import Size, grid, image_heads, posterior

FILTERS = (32, 64)
HALVINGS = len(FILTERS)
HIDDEN_UNITS = 16  # of images of up to 28 x 28 values
HIDDEN_VALUES = 28 * 28
MOST_HIDDEN_UNITS = 256
MOST_HIDDEN_WEIGHTS = (
    2**23
)  # of a hidden layer wider than 16: 32 MiB in encoder.onnx; Adam keeps twice as much
HIDDEN_BIAS = 0.5  # keeps the few ReLU units alive, as `shared.Z_MEAN_GAIN` does
HAS_DEPTH = False
LEARNING_RATE = 1e-2


def default_size(shape: tuple[int, int, int]) -> Size:
    """Return the size for images (H, W, C): the width of the hidden layer, and 2 convolutions.

    The width is 16 for up to 28 x 28 values. Above, it grows with the square of their number, in multiples of 8 up
    to 256: 80 at 48 x 36 x 1, 248 at 32 x 32 x 3. Large images get fewer units, so that the layer fits into memory:
    128 at 128 x 128 x 3.
    """
    width = HIDDEN_UNITS * max(1.0, math.prod(shape) / HIDDEN_VALUES) ** 2
    most = min(MOST_HIDDEN_UNITS, MOST_HIDDEN_WEIGHTS // math.prod((*grid(shape, HALVINGS), FILTERS[-1])))
    return Size(max(HIDDEN_UNITS, min(8 * round(width / 8), most // 8 * 8)), len(FILTERS))


def _hidden_rate_factor(shape: tuple[int, int, int]) -> float:
    """Return the factor on the learning rate of the hidden layer's kernel: 1 for up to 28 x 28 values, less above.

    A unit sums over all activations of the image, so that a step of Adam, as long for each weight, moves it further
    the larger the image is. At the full rate these sums follow single training images: of 3,500 images of
    64 x 64 x 3, the error fell below that of PCA, and that of held-out images did not.
    """
    return min(1.0, HIDDEN_VALUES / math.prod(shape))


def encoder(shape: tuple[int, int, int], latent_dim: int, size: Size) -> Graph:
    """Describe the encoder: `image` (H, W, C) in [0, 1] -> `z_mean`, `z_log_var` (D,)."""
    trunk = (
        Convolution(name="convolution_1", units=FILTERS[0], stride=2),  # (H/2, W/2, 32)
        Convolution(name="convolution_2", units=FILTERS[1], stride=2),  # (H/4, W/4, 64)
        Flatten(),
        Dense(name="hidden", units=size.width, bias=HIDDEN_BIAS, rate_factor=_hidden_rate_factor(shape)),
    )
    return Graph("encoder", "image", shape, trunk, posterior(latent_dim))


def decoder(shape: tuple[int, int, int], latent_dim: int, size: Size, outputs: dict[str, float]) -> Graph:
    """Describe the decoder: `z` (D,) -> each raw output of the likelihood, (H, W, C).

    Args:
        shape: (H, W, C) of the images.
        latent_dim: D.
        size: without effect: the decoder has no hidden layer.
        outputs: name of each output -> its initial bias.
    """
    del size
    activations = (*grid(shape, HALVINGS), FILTERS[-1])
    trunk = (
        Dense(name="grid", units=math.prod(activations)),
        Reshape(target=activations),
        TransposedConvolution(name="upsampling_1", units=FILTERS[1], stride=2),  # (H/2, W/2, 64)
        TransposedConvolution(name="upsampling_2", units=FILTERS[0], stride=2),  # (H, W, 32)
    )
    return Graph("decoder", "z", (latent_dim,), trunk, image_heads(shape, HALVINGS, outputs))
