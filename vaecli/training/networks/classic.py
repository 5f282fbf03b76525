"""The classic network: two convolutions down, a hidden layer, two transposed convolutions up."""

import math

import keras
from keras import layers

from vaecli.training.networks.blocks import Initializers

FILTERS = (32, 64)
HIDDEN_UNITS = 16  # of images of up to 28 x 28 values
HIDDEN_VALUES = 28 * 28
MOST_HIDDEN_UNITS = 256
MOST_HIDDEN_WEIGHTS = (
    2**23
)  # of a hidden layer wider than 16: 32 MiB in encoder.onnx; Adam keeps twice as much
# Early in training the KL pulls z_mean to zero before the decoder can use it. With a z_mean of full size Adam does
# so by switching the ReLU units off for good. A small initial z_mean and a positive bias keep them alive.
HIDDEN_BIAS = 0.5
Z_MEAN_SCALE = 0.05


def hidden_units(shape: tuple[int, int, int]) -> int:
    """Return the width of the hidden layer for images (H, W, C).

    It is 16 for up to 28 x 28 values. Above, it grows with the square of their number, in multiples of 8 up to 256:
    80 at 48 x 36 x 1, 248 at 32 x 32 x 3. Large images get fewer units, so that the layer fits into memory: 128 at
    128 x 128 x 3.
    """
    width = HIDDEN_UNITS * max(1.0, math.prod(shape) / HIDDEN_VALUES) ** 2
    most = min(MOST_HIDDEN_UNITS, MOST_HIDDEN_WEIGHTS // math.prod(_grid(shape)))
    return max(HIDDEN_UNITS, min(8 * round(width / 8), most // 8 * 8))


def _grid(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the shape (h, w, C) of the activations between the convolutions and the dense layers."""
    return math.ceil(shape[0] / 4), math.ceil(shape[1] / 4), FILTERS[-1]


def encoder(shape: tuple[int, int, int], latent_dim: int, initializers: Initializers) -> keras.Model:
    """Build the encoder: `image` (N, H, W, C) in [0, 1] -> `z_mean`, `z_log_var` (N, D)."""
    image = keras.Input(shape, name="image")  # (N, H, W, C)
    x = image
    for number, filters in enumerate(FILTERS, 1):  # (N, H/2, W/2, 32), (N, H/4, W/4, 64)
        name = f"convolution_{number}"
        x = layers.Conv2D(
            filters,
            3,
            strides=2,
            padding="same",
            activation="relu",
            kernel_initializer=initializers.he(name),
            name=name,
        )(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(
        hidden_units(shape),
        activation="relu",
        kernel_initializer=initializers.he("hidden"),
        bias_initializer=keras.initializers.Constant(HIDDEN_BIAS),
        name="hidden",
    )(x)
    z_mean = layers.Dense(
        latent_dim, kernel_initializer=initializers.glorot("z_mean", Z_MEAN_SCALE), name="z_mean"
    )(x)
    z_log_var = layers.Dense(latent_dim, kernel_initializer="zeros", name="z_log_var")(x)
    return keras.Model({"image": image}, {"z_mean": z_mean, "z_log_var": z_log_var}, name="encoder")


def decoder(
    shape: tuple[int, int, int], latent_dim: int, initializers: Initializers, outputs: dict[str, float]
) -> keras.Model:
    """Build the decoder: `z` (N, D) -> the likelihood's one raw output (N, H, W, C).

    Args:
        shape: (H, W, C) of the images.
        latent_dim: D.
        initializers: initializers of the weights.
        outputs: name -> initial bias of the one output that this network has.
    """
    ((output_name, output_bias),) = outputs.items()
    height, width, channels = shape
    rows, columns, _ = _grid(shape)
    z = keras.Input((latent_dim,), name="z")
    x = layers.Dense(
        rows * columns * FILTERS[-1],
        activation="relu",
        kernel_initializer=initializers.he("grid"),
        name="grid",
    )(z)
    x = layers.Reshape((rows, columns, FILTERS[-1]), name="reshape")(x)
    for number, filters in enumerate(reversed(FILTERS), 1):  # (N, H/2, W/2, 64), (N, H, W, 32)
        name = f"upsampling_{number}"
        x = layers.Conv2DTranspose(
            filters,
            3,
            strides=2,
            padding="same",
            activation="relu",
            kernel_initializer=initializers.he(name),
            name=name,
        )(x)
    output = layers.Conv2DTranspose(
        channels,
        3,
        padding="same",
        kernel_initializer=initializers.glorot(output_name),
        bias_initializer=keras.initializers.Constant(output_bias),
        name=output_name,
    )(x)
    if (rows * 4, columns * 4) != (height, width):
        output = layers.Cropping2D(((0, rows * 4 - height), (0, columns * 4 - width)), name="crop")(output)
    return keras.Model({"z": z}, {output_name: output}, name="decoder")


def weight_counts(shape: tuple[int, int, int], latent_dim: int) -> dict[str, int]:
    """Return the number of weights and biases of `encoder` and `decoder` without building them."""
    channels = shape[-1]
    first, second = FILTERS
    grid, hidden = math.prod(_grid(shape)), hidden_units(shape)
    convolutions = 9 * channels * first + first + 9 * first * second + second
    upsampling = 9 * second * second + second + 9 * second * first + first
    return {
        "encoder": convolutions + (grid + 1) * hidden + 2 * (hidden + 1) * latent_dim,
        "decoder": (latent_dim + 1) * grid + upsampling + 9 * first * channels + channels,
    }
