"""The networks: encoder q(z given x) and decoder p(x given z), as plain Keras functional models.

Letters: N images of height H, width W and C channels; D latent dimensions.
"""

import dataclasses
import math

import keras
from keras import layers

from vaecli.errors import OptionError

FILTERS = (32, 64)
HIDDEN_UNITS = 16
# Early in training the KL pulls z_mean to zero before the decoder can use it; a z_mean that starts at full size
# lets Adam do so by switching the 16 ReLU units off for good. A small start and a positive bias keep them alive.
HIDDEN_BIAS = 0.5
Z_MEAN_SCALE = 0.05


@dataclasses.dataclass(frozen=True)
class Vae:
    """An encoder (N, H, W, C) -> z_mean, z_log_var (N, D) and a decoder (N, D) -> logits (N, H, W, C)."""

    encoder: keras.Model
    decoder: keras.Model

    @property
    def variables(self) -> list[keras.Variable]:
        """All trainable variables, the encoder's first."""
        return [*self.encoder.trainable_variables, *self.decoder.trainable_variables]


def build(
    network: str, shape: tuple[int, int, int], latent_dim: int, *, seed: int, output_bias: float = 0.0
) -> Vae:
    """A network by its name.

    Args:
        network: `classic`.
        shape: (H, W, C) of the images.
        latent_dim: D.
        seed: of the initial weights.
        output_bias: the first logit of every pixel; the log-odds of the data's mean is a sound start.

    Raises:
        OptionError: a name that does not exist.
    """
    if network != "classic":
        raise OptionError(f"--network has to be classic; {network!r} came.", option="--network")
    seeds = _Seeds(seed)
    return Vae(_encoder(shape, latent_dim, seeds), _decoder(shape, latent_dim, seeds, output_bias))


class _Seeds:
    """One initializer a call, each with a seed of its own that follows from the run's."""

    def __init__(self, seed: int) -> None:
        self._next = seed % 2**30

    def he(self) -> keras.initializers.Initializer:
        """Variance 2 / fan-in: keeps the signal's size through a ReLU (He et al. 2015)."""
        self._next += 2**20 + 7
        return keras.initializers.HeNormal(seed=self._next)

    def glorot(self, scale: float = 1.0) -> keras.initializers.Initializer:
        """Variance 2 / (fan-in + fan-out), for layers without a ReLU (Glorot & Bengio 2010), times `scale`^2."""
        self._next += 2**20 + 7
        return keras.initializers.VarianceScaling(
            scale=scale**2, mode="fan_avg", distribution="uniform", seed=self._next
        )


def _encoder(shape: tuple[int, int, int], latent_dim: int, seeds: _Seeds) -> keras.Model:
    image = keras.Input(shape, name="image")  # (N, H, W, C) in [0, 1]
    x = image
    for filters in FILTERS:  # (N, H/2, W/2, 32), (N, H/4, W/4, 64)
        x = layers.Conv2D(
            filters, 3, strides=2, padding="same", activation="relu", kernel_initializer=seeds.he()
        )(x)
    x = layers.Flatten()(x)
    x = layers.Dense(
        HIDDEN_UNITS,
        activation="relu",
        kernel_initializer=seeds.he(),
        bias_initializer=keras.initializers.Constant(HIDDEN_BIAS),
    )(x)
    z_mean = layers.Dense(latent_dim, name="z_mean", kernel_initializer=seeds.glorot(Z_MEAN_SCALE))(x)
    z_log_var = layers.Dense(latent_dim, name="z_log_var", kernel_initializer="zeros")(x)
    return keras.Model(image, {"z_mean": z_mean, "z_log_var": z_log_var}, name="encoder")


def _decoder(shape: tuple[int, int, int], latent_dim: int, seeds: _Seeds, output_bias: float) -> keras.Model:
    height, width, channels = shape
    rows, columns = math.ceil(height / 4), math.ceil(width / 4)
    z = keras.Input((latent_dim,), name="z")
    x = layers.Dense(rows * columns * FILTERS[-1], activation="relu", kernel_initializer=seeds.he())(z)
    x = layers.Reshape((rows, columns, FILTERS[-1]))(x)
    for filters in reversed(FILTERS):  # (N, H/2, W/2, 64), (N, H, W, 32)
        x = layers.Conv2DTranspose(
            filters, 3, strides=2, padding="same", activation="relu", kernel_initializer=seeds.he()
        )(x)
    logits = layers.Conv2DTranspose(
        channels,
        3,
        padding="same",
        name="logits",
        kernel_initializer=seeds.glorot(),
        bias_initializer=keras.initializers.Constant(output_bias),
    )(x)
    if (rows * 4, columns * 4) != (height, width):
        logits = layers.Cropping2D(((0, rows * 4 - height), (0, columns * 4 - width)), name="crop")(logits)
    return keras.Model(z, logits, name="decoder")
